"""What a forecaster on a cluster refuses, and the messages."""

import importlib
import sys

import numpy as np
import pytest
from replica_frames import GIVEN, long_frame
from sklearn.base import clone

dd = pytest.importorskip("dask.dataframe")
from distributed import Client  # noqa: E402

from tsl.dask import DaskLSTMForecaster, _cluster  # noqa: E402


def fit(client, frame, given=GIVEN, **roles):
    model = DaskLSTMForecaster(6, client=client, **given)
    with pytest.raises((TypeError, ValueError)) as caught:
        model.fit(frame, **roles)
    assert not hasattr(model, "model_")
    return str(caught.value)


def partitions(*frames):
    return dd.from_map(lambda k: frames[k], range(len(frames)), meta=frames[0].iloc[:0])


def test_without_dask_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    monkeypatch.delitem(sys.modules, "tsl.dask._extra")
    with pytest.raises(ImportError, match=r'tsl.dask needs the extra: pip install "tsl-lstm\[dask\]"'):
        importlib.import_module("tsl.dask._extra")


def test_without_a_client_one_is_asked_for(monkeypatch):
    monkeypatch.setattr(_cluster.distributed, "get_client", _none)
    assert "there is none: distributed.Client() starts one" in fit(None, long_frame())


def _none():
    raise ValueError("no global client found and no address provided")


def test_a_client_must_run(client):
    frame, closed = long_frame(), Client(client.cluster)
    closed.close()
    assert "client must be a running client of Dask, got one that is closed" in fit(closed, frame)
    with pytest.raises(TypeError, match="client must be a distributed.Client or None, got a str"):
        DaskLSTMForecaster(client="localhost").fit(frame)


def test_a_worker_of_another_version_is_named(client, monkeypatch):
    monkeypatch.setattr(_cluster, "_version_and_processor", lambda: ("0.0", "this"))
    assert "all workers must have tsl " in (found := fit(client, long_frame()))
    assert "got 0.0 on inproc://" in found


def test_parameters():
    with pytest.raises(TypeError, match="has no parameter 'widow'"):
        DaskLSTMForecaster(widow=3)
    model = DaskLSTMForecaster(5, hidden_size=7)
    assert (model.horizon, model.hidden_size, model.n_replicas) == (5, 7, 8)
    assert clone(model).get_params() == model.get_params()
    assert "n_replicas must be a whole number from 2 up" in fit(None, long_frame(), {**GIVEN, "n_replicas": 1})
    assert "warm_start must be False on a cluster" in fit(None, long_frame(), {**GIVEN, "warm_start": True})
    assert "window" in fit(None, long_frame(), {**GIVEN, "window": 0})


def test_frames_that_are_not_long(client):
    frame = long_frame()
    assert "data must be a long frame of Dask or pandas, got a Series" in fit(client, frame["y"])
    assert "id_col must name a column" in fit(client, frame.drop(columns="unique_id"))
    assert "static must be a list of columns" in fit(client, frame, static=frame)
    assert "sample_weight must name a column" in fit(client, frame, sample_weight=np.ones(len(frame)))
    assert "data must have rows, got none" in fit(client, partitions(frame.iloc[:0]))


def test_partitions_that_differ(client):
    frame = long_frame()
    assert "got one without ['y']" in fit(client, partitions(frame[:300], frame[300:].drop(columns="y")))
    found = fit(client, partitions(frame[:300], frame[300:].astype({"y": str})))
    assert "columns of the same types" in found
    assert "'y'" in found


def test_rows_that_are_wrong_name_their_series(client):
    frame = long_frame()
    found = fit(client, partitions(frame[:450], frame[449:]))
    assert "must have one row for each time of a series" in found
    assert "'s4'" in found
    missing = frame.assign(y=frame["y"].where(frame.index != 333))
    assert "in series 's3': use missing=" in fit(client, partitions(missing))
    nameless = frame.assign(unique_id=frame["unique_id"].where(frame.index != 333))
    assert "must name a series in every row" in fit(client, partitions(nameless))


def test_a_partition_that_cannot_be_read(client):
    def read(k):
        if k:
            raise OSError("no such file: part-1.parquet")
        return long_frame()

    model = DaskLSTMForecaster(6, client=client, **GIVEN)
    with pytest.raises(OSError, match="part-1"):
        model.fit(dd.from_map(read, [0, 1], meta=long_frame().iloc[:0]))
    assert not hasattr(model, "model_")
