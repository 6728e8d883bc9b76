"""The rows of each series of a Dask frame come together, in one pandas frame."""

import pickle

import numpy as np
import pandas as pd
import pytest
from dask_frames import cut, dd

from tsl._tables.partitions import hashes_of, together

N_PARTS = 3
KINDS = pd.DataFrame({"kind": ["a", "b", "a", "b", "c"]}, dtype="category")["kind"].repeat(40).reset_index(drop=True)
FRAME = pd.DataFrame(
    {
        "y": np.arange(200.0),
        "unique_id": np.repeat(["s0", "s1", "s2", "s3", "s4"], 40),
        "kind": KINDS,
        "ds": np.tile(np.arange(40), 5),
        "unused": 1,
    }
)
COLUMNS = ["y", "unique_id", "kind", "ds"]


def parts_of(lazy, **how):
    parts = together(lazy, COLUMNS, "unique_id", N_PARTS, "data", **how)
    assert len(parts) == N_PARTS
    return [part.compute() for part in parts]


@pytest.mark.parametrize("categorical", [False, True])
def test_each_part_has_all_rows_of_its_series(categorical):
    parts = parts_of(cut(FRAME, 30), categorical=categorical)
    for k, part in enumerate(parts):
        assert list(part.columns) == COLUMNS
        assert part.index.equals(pd.RangeIndex(len(part)))
        assert isinstance(part["unique_id"].dtype, pd.CategoricalDtype) == categorical
        assert isinstance(part["kind"].dtype, pd.CategoricalDtype)  # with the categories of all partitions
        assert set(hashes_of(pd.Index(part["unique_id"].unique())) % N_PARTS) <= {k}
    found = pd.concat([part.astype({"unique_id": object, "kind": object}) for part in parts])
    expected = FRAME[COLUMNS].astype({"unique_id": object, "kind": object})
    pd.testing.assert_frame_equal(found.sort_values("y", ignore_index=True), expected)


def test_ids_are_values_of_the_same_kind():
    numbers = FRAME.assign(unique_id=np.repeat(np.arange(5), 40))
    assert {part["unique_id"].dtype.kind for part in parts_of(cut(numbers, 30))} == {"i"}
    assert {part["unique_id"].cat.categories.dtype.kind for part in parts_of(cut(numbers, 30), categorical=True)} == {
        "i"
    }
    categories = FRAME.astype({"unique_id": "category"})
    found = pd.concat(parts_of(cut(categories, 30)))
    assert sorted(found["unique_id"].astype(object)) == sorted(FRAME["unique_id"])
    assert not any(isinstance(part["unique_id"].dtype, pd.CategoricalDtype) for part in parts_of(cut(categories, 30)))


def test_empty_frames():
    parts = parts_of(cut(FRAME[:0]), categorical=True)
    assert [len(part) for part in parts] == [0] * N_PARTS
    assert [list(part.columns) for part in parts] == [COLUMNS] * N_PARTS


def test_a_long_id_is_stored_once():
    long = FRAME.assign(unique_id="a" * 1000 + FRAME["unique_id"])
    n_bytes = sum(len(pickle.dumps(part)) for part in parts_of(cut(long, 30), categorical=True))
    assert n_bytes < 100 * len(FRAME)  # and not 1000 for each row


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (FRAME.drop(columns="kind"), r"one without \['kind'\]"),
        (FRAME.assign(y="1"), "columns of the same types"),
        (FRAME.assign(unique_id=None), "must name a series in every row"),
    ],
)
def test_what_is_wrong_is_named(other, message):
    with pytest.raises(ValueError, match=message):
        parts_of(dd.from_map(lambda frame: frame, [FRAME, other], meta=FRAME.iloc[:0]))
