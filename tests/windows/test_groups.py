"""Several series in one table: each has its own windows."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from window_problem import base_array, naive_rows, numbered

from tsl.windows import SlidingWindow


def panel():
    """Two series whose rows alternate for a while; b is the longer one."""
    names = list("abababbbba")
    return pd.DataFrame({"id": names, "x": numbered(10)[:, 0], "z": numbered(10, 2)[:, 1]})


def expected_panel(table, window, stride=1):
    expected = np.empty((len(table), window, 2))
    for name in table["id"].unique():
        rows = np.flatnonzero(table["id"] == name)
        expected[rows] = naive_rows(table[["x", "z"]].to_numpy()[rows], window, stride)
    return expected


@pytest.mark.parametrize("groups", ["id", 0, -3])
@pytest.mark.parametrize("stride", [1, 2])
def test_windows_stay_within_a_series(groups, stride):
    transformer = SlidingWindow(3, stride, groups=groups)
    windows = transformer.fit_transform(panel())
    assert_array_equal(windows, expected_panel(panel(), 3, stride))
    assert transformer.n_features_in_ == 3
    assert list(transformer.feature_names_in_) == ["id", "x", "z"]
    flat = transformer.set_params(output="flat").fit_transform(panel())
    assert_array_equal(flat, windows.reshape(10, 6))


@given(names=st.lists(st.integers(0, 3), min_size=1, max_size=25), window=st.integers(1, 6))
def test_each_series_is_windowed_as_if_it_were_alone(names, window):
    labels = np.array(names, float)
    X = np.column_stack([numbered(len(names)), labels])
    windows = SlidingWindow(window, groups=1).fit_transform(X)
    for label in set(names):
        assert_array_equal(windows[labels == label], naive_rows(X[labels == label, :1], window, 1))


def test_groups_of_an_array_with_names_in_it():
    X = panel().to_numpy()  # dtype object
    assert_array_equal(SlidingWindow(3, groups=0).fit_transform(X), expected_panel(panel(), 3))
    assert_array_equal(SlidingWindow(3, groups=0).fit_transform(X.tolist()), expected_panel(panel(), 3))


def test_the_column_of_groups_has_no_window():
    transformer = SlidingWindow(2, output="flat", groups="id").set_output(transform="pandas")
    table = transformer.fit_transform(panel())
    assert list(table.columns) == ["x_lag1", "z_lag1", "x_lag0", "z_lag0"]


def test_a_single_group_is_still_a_view():
    table = panel().assign(id="a")
    windows = SlidingWindow(4, groups="id").fit_transform(table)
    assert base_array(windows).size == (10 + 3) * 2
    assert_array_equal(windows, expected_panel(table, 4))


@pytest.mark.parametrize("by_level", [True, False])
def test_each_series_has_its_own_history(by_level):
    days = pd.date_range("2024-01-01", periods=12, freq="D")
    long = pd.DataFrame(
        {"x": np.arange(24.0), "id": np.repeat(["a", "b"], 12), "day": np.tile(days, 2)},
    )
    if by_level:
        long = long.set_index(["id", "day"])
        day = long.index.get_level_values("day")
    else:
        long = long.set_index("day")
        day = long.index
    transformer = SlidingWindow(4, groups="id")
    whole = transformer.fit_transform(long)
    cut = day < days[8]
    transformer.fit(long[cut])
    assert_array_equal(transformer.transform(long[~cut]), whole[~cut])


def test_a_new_series_is_padded_beside_one_that_goes_on():
    old = pd.DataFrame({"x": [1.0, 2, 3], "id": ["a"] * 3}, index=pd.RangeIndex(3))
    new = pd.DataFrame({"x": [4.0, 9.0], "id": ["a", "b"]}, index=[3, 3])
    windows = SlidingWindow(3, groups="id").fit(old).transform(new)
    assert_array_equal(windows[:, :, 0], [[2, 3, 4], [9, 9, 9]])


def test_an_index_that_is_only_names():
    table = panel().set_index("id")
    assert_array_equal(SlidingWindow(3, groups="id").fit_transform(table), expected_panel(panel(), 3))


@pytest.mark.parametrize(
    ("X", "groups", "error", "message"),
    [
        (panel(), "city", ValueError, r"groups='city' must name a column of X or a level of its index"),
        (numbered(4, 2), "id", ValueError, "groups='id' is a name, and X has no names"),
        (numbered(4, 2), 2, ValueError, "groups=2 must be the position of one of the 2 columns of X"),
        (numbered(4, 1), 0, ValueError, "X must have a column besides the one of groups"),
        (
            numbered(4, 2),
            True,
            TypeError,
            "groups must be the name or the position of a column, or None, got True",
        ),
        (numbered(4, 2), 1.0, TypeError, "groups must be the name or the position"),
        (
            panel().replace({"id": {"a": None}}),
            "id",
            ValueError,
            "groups must name the series of every row, .* row 0",
        ),
        (panel()[["id", "x", "id"]], "id", ValueError, "groups='id' must name one column of X, got several"),
        (panel().assign(z="n"), "id", ValueError, r"X must hold numbers, got column 'z' of dtype"),
    ],
)
def test_wrong_groups(X, groups, error, message):
    with pytest.raises(error, match=message):
        SlidingWindow(2, groups=groups).fit(X)
