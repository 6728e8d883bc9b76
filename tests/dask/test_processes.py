"""The forecaster on a cluster of processes, one of which dies: bit for bit the same as on one machine."""

import os
import signal
from concurrent.futures import ThreadPoolExecutor

import pytest
from dask_frames import QUICK, assert_same, cut, weights_of
from numpy.testing import assert_array_equal
from replica_frames import GIVEN, long_frame

from tsl import LSTMForecaster

pytestmark = pytest.mark.long

distributed = pytest.importorskip("distributed")
from tsl.dask import DaskLSTMForecaster  # noqa: E402


@pytest.fixture(scope="module")
def client():
    options = {"threads_per_worker": 1, "dashboard_address": ":0", "silence_logs": "CRITICAL"}
    with distributed.LocalCluster(n_workers=2, **options) as cluster, distributed.Client(cluster) as client:
        yield client


def test_two_fits_at_once(client):
    def fit(seed):
        return DaskLSTMForecaster(6, client=client, **{**QUICK, "random_state": seed}).fit(cut(long_frame()))

    with ThreadPoolExecutor(2) as pool:
        both = list(pool.map(fit, (1, 2)))
    for seed, model in zip((1, 2), both):
        own = LSTMForecaster(6, **{**QUICK, "random_state": seed}).fit(long_frame())
        assert_array_equal(weights_of(model.model_), weights_of(own))


def test_a_dead_worker_makes_no_difference(client):
    local = LSTMForecaster(6, **GIVEN).fit(long_frame())
    client.cluster.scale(4)
    client.wait_for_workers(4, timeout=60)
    pids = client.run(os.getpid)

    def kill(epoch, history, network):
        if epoch == 1:
            os.kill(pids[min(pids)], signal.SIGKILL)

    model = DaskLSTMForecaster(6, client=client, callbacks=[kill], **GIVEN).fit(cut(long_frame()))
    assert_array_equal(weights_of(model.model_), weights_of(local))
    assert_same(model.predict(), local.predict())
