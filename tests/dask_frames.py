"""Dask frames, and comparisons of forecasters on a cluster and on one machine."""

import pandas as pd
import pytest
from replica_frames import GIVEN

dd = pytest.importorskip("dask.dataframe")

QUICK = {**GIVEN, "max_iter": 10}


def weights_of(model):
    return model.networks_[0].params


def in_order(frame):
    keys = [name for name in ("unique_id", "cutoff", "ds") if name in frame]
    return frame.sort_values(keys, ignore_index=True).astype({"unique_id": object})


def assert_same(lazy, frame, **how):
    found = lazy.compute()
    assert list(lazy._meta.columns) == list(found.columns)
    assert [one.kind for one in lazy._meta.dtypes] == [one.kind for one in found.dtypes]
    pd.testing.assert_frame_equal(in_order(found), in_order(frame), check_dtype=False, **(how or {"check_exact": True}))


def cut(frame, rows_at_once=130):
    """Partitions that cut through series, an empty one among them, and divisions that nobody knows."""
    starts = [0, 0, *range(rows_at_once, len(frame), rows_at_once)]
    stops = [*starts[1:], len(frame)]
    return dd.from_map(lambda bounds: frame.iloc[slice(*bounds)], list(zip(starts, stops)), meta=frame.iloc[:0])
