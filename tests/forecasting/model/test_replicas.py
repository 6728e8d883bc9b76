"""Distribution of series among replicas, and the work of a replica in a round."""

import numpy as np
import pandas as pd
import pytest
from forecasting_windows import PLANS, make_config, make_panel
from numpy.testing import assert_allclose, assert_array_equal

from tsl.forecasting.model import replicas
from tsl.forecasting.model.fit import start_network
from tsl.forecasting.model.replicas import (
    Preparation,
    RoundStart,
    add,
    deal,
    hashes_of,
    local_steps,
    replica_windows,
    sample_of,
    share_of,
)
from tsl.forecasting.model.rounds import round_config
from tsl.forecasting.model.windows import ColumnStats
from tsl.forecasting.panel.power import PowerTransform

PLAN = PLANS["lagged"]
PREPARATION = Preparation("error", 0, PowerTransform(None), 18, "pad")


def test_the_hash_of_an_id_never_changes():
    # the first 8 bytes of BLAKE2b of "str:a" and "int:1", little-endian: a saved program must deal alike for ever
    assert hashes_of(pd.Index(["a"])).tolist() == [int.from_bytes(_digest("str:a"), "little")]
    for dtype in ("int8", "int64", "uint32", "object"):
        assert hashes_of(pd.Index([1], dtype=dtype)).tolist() == [int.from_bytes(_digest("int:1"), "little")]
    assert hashes_of(pd.Index(["1"])) != hashes_of(pd.Index([1]))


def _digest(text):
    return replicas.blake2b(text.encode(), digest_size=8).digest()


def test_each_series_is_in_one_replica_whatever_their_order():
    panel = make_panel((30,) * 40)
    dealt, turned = deal(panel, 7), deal(panel.of_series(np.arange(40)[::-1]), 7)
    assert sorted(np.concatenate([part.ids for part in dealt])) == sorted(panel.ids)
    for one, other in zip(dealt, turned):
        assert one.ids.equals(other.ids)
        assert_array_equal(one.values, other.values)
        assert_array_equal(one.values[:30], panel.values[30 * (k := panel.ids.get_loc(one.ids[0])) : 30 * k + 30])


def test_the_sample_has_the_series_with_the_smallest_hashes(monkeypatch):
    panel = make_panel((30,) * 40)
    monkeypatch.setattr(replicas, "SAMPLE_SERIES", 10)
    smallest = panel.ids[np.argsort(hashes_of(panel.ids))[:10]]
    assert sample_of(panel).ids.equals(smallest)
    assert sample_of(sample_of(panel)).ids.equals(smallest)
    monkeypatch.setattr(replicas, "SAMPLE_ROWS", 95)  # three series of 30 rows
    assert sample_of(panel).ids.equals(smallest[:3])
    monkeypatch.setattr(replicas, "SAMPLE_ROWS", 1)
    assert sample_of(panel).ids.equals(smallest[:1])


@pytest.fixture(scope="module")
def start():
    """The beginning of a round, and the windows of the only replica."""
    panel = make_panel(n_future=0)
    data = replica_windows(panel, PREPARATION, PLAN, ColumnStats.learn(panel))
    network = start_network(data.windows, data.sampler, make_config(), np.random.RandomState(0))
    config = round_config(make_config(n_steps=4, dropout=0.2))
    return RoundStart(network, network.new_optimizer_state(), config, 3, 1, np.full(4, 1e-2)), data


def test_a_replica_is_a_pure_function(start):
    start, data = start
    before = start.network.params.copy()
    one, again = local_steps(start, data, 5, 1.0), local_steps(start, data, 5, 1.0)
    for a, b in zip(one, again):
        assert_array_equal(a, b)
    assert_array_equal(start.network.params, before)
    assert not start.moments.mean.any()
    assert start.moments.step == 0
    for other in (local_steps(start, data, 6, 1.0), local_steps(start._replace(number=2), data, 5, 1.0)):
        assert not np.array_equal(other.params, one.params)


def test_changes_are_weighted_and_added(start):
    start, data = start
    whole, part = local_steps(start, data, 0, 1.0), local_steps(start, data, 0, 0.25)
    total = add(add(part, part), add(part, part))
    for a, b in zip(total, whole):
        assert_array_equal(a, b)  # quarters are exact
    assert (np.abs(whole.params) > 0).any()
    assert (whole.mean_sq >= 0).all()


def test_a_replica_stands_for_its_series():
    panel = make_panel((40, 40, 18, 7), n_future=0)
    stats = ColumnStats.learn(panel)
    data = replica_windows(panel, PREPARATION, PLAN, stats)
    assert_allclose(share_of(data), 4.0)
    skipping = Preparation("error", 0, PowerTransform(None), 30, "skip")
    with pytest.warns(UserWarning, match="2 series are shorter than the 30 rows"):
        assert_allclose(share_of(replica_windows(panel, skipping, PLAN, stats)), 2.0)
    short = panel.of_series(np.array([2, 3]))
    assert share_of(replica_windows(short, skipping, PLAN, stats)) == 0.0
    assert share_of(replica_windows(panel.of_series(np.zeros(0, np.int64)), PREPARATION, PLAN, stats)) == 0.0
