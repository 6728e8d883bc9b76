"""`make_windows`: windows and the targets that follow them."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from window_problem import numbered

from tsl.windows import make_windows


def naive_pairs(series, y, window, horizon, stride, gap):
    """Every window and target that fits, tried one start after the other."""
    windows, targets = [], []
    for start in range(0, len(series), stride):
        first_target = start + window + gap
        if first_target + horizon <= len(series):
            windows.append(series[start : start + window])
            targets.append(y[first_target : first_target + horizon])
    return np.array(windows), np.array(targets)


@settings(max_examples=200)
@given(
    n_rows=st.integers(1, 40),
    window=st.integers(1, 8),
    horizon=st.integers(1, 5),
    stride=st.integers(1, 6),
    gap=st.integers(0, 4),
    n_channels=st.integers(1, 2),
)
def test_pairs_are_those_of_a_plain_loop(n_rows, window, horizon, stride, gap, n_channels):
    series, y = numbered(n_rows, n_channels), -numbered(n_rows)[:, 0]
    options = {"window": window, "horizon": horizon, "stride": stride, "gap": gap}
    if n_rows < window + gap + horizon:
        with pytest.raises(ValueError, match=f"need {window + gap + horizon} rows, X has {n_rows}"):
            make_windows(series, y, **options)
        return
    windows, targets = make_windows(series, y, **options)
    expected_windows, expected_targets = naive_pairs(series, y, **options)
    assert len(windows) == (n_rows - window - gap - horizon) // stride + 1
    assert_array_equal(windows, expected_windows)
    assert_array_equal(targets, expected_targets[:, 0] if horizon == 1 else expected_targets)
    assert np.shares_memory(windows, series)
    assert np.shares_memory(targets, y)
    assert not windows.flags.writeable
    assert not targets.flags.writeable


@pytest.mark.parametrize(
    ("X", "y", "horizon", "shape"),
    [
        (np.zeros(9), None, 1, (6,)),
        (np.zeros(9), None, 2, (5, 2)),
        (np.zeros((9, 1)), None, 1, (6, 1)),
        (np.zeros((9, 2)), None, 2, (5, 2, 2)),
        (np.zeros((9, 2)), np.zeros(9), 1, (6,)),
        (np.zeros((9, 2)), np.zeros(9), 2, (5, 2)),
        (np.zeros(9), np.zeros((9, 3)), 1, (6, 3)),
        (pd.Series(np.zeros(9)), pd.DataFrame(np.zeros((9, 3))), 2, (5, 2, 3)),
        (pd.DataFrame(np.zeros((9, 2))), pd.Series(list("abcabcabc")), 1, (6,)),
        ([0] * 9, ["a"] * 9, 2, (5, 2)),
    ],
)
def test_shapes(X, y, horizon, shape):
    windows, targets = make_windows(X, y, window=3, horizon=horizon)
    assert windows.shape == (shape[0], 3, np.shape(X)[1] if np.ndim(X) == 2 else 1)
    assert targets.shape == shape


def test_the_series_itself_is_the_default_target():
    series = numbered(12, 2)
    for ours, theirs in zip(make_windows(series, window=4, gap=1), make_windows(series, series, window=4, gap=1)):
        assert_array_equal(ours, theirs)


def test_neither_windows_nor_targets_cross_groups():
    names = np.array(list("babaabbac"))  # c has one row: too short for a window
    series, y = numbered(9), np.arange(9) * 10
    windows, targets = make_windows(series, y, window=2, groups=names)
    rows = windows[:, :, 0].astype(int)
    assert_array_equal(rows, [[0, 2], [2, 5], [1, 3], [3, 4]])  # b is met first, in rows 0, 2, 5, 6; a in 1, 3, 4, 7
    assert_array_equal(targets, [50, 60, 40, 70])
    same = make_windows(series, y, window=2, groups=pd.Series(names, dtype="category"))
    assert_array_equal(same[0], windows)


@given(
    names=st.lists(st.sampled_from("abc"), min_size=1, max_size=30),
    horizon=st.integers(1, 3),
    stride=st.integers(1, 3),
)
def test_groups_are_windowed_one_by_one(names, horizon, stride):
    labels, series = np.array(names), numbered(len(names))
    options = {"window": 2, "horizon": horizon, "stride": stride, "gap": 1}
    expected = [naive_pairs(series[labels == name], series[labels == name], **options) for name in dict.fromkeys(names)]
    expected = [pair for pair in expected if len(pair[0])]
    if not expected:
        with pytest.raises(ValueError, match=f"need {3 + horizon} rows, the longest series has"):
            make_windows(series, groups=names, **options)
        return
    windows, targets = make_windows(series, groups=names, **options)
    assert_array_equal(windows, np.concatenate([pair[0] for pair in expected]))
    by_hand = np.concatenate([pair[1] for pair in expected])
    assert_array_equal(targets, by_hand[:, 0] if horizon == 1 else by_hand)


def test_one_group_is_still_a_view():
    series = numbered(10)
    assert np.shares_memory(make_windows(series, window=3, groups=["a"] * 10)[0], series)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"X": []}, ValueError, "window=3, gap=0 and horizon=1 need 4 rows, X has 0"),
        ({"X": [], "groups": []}, ValueError, "need 4 rows, the longest series has 0"),
        ({"X": np.zeros((9, 0))}, ValueError, "Found array with 0 feature"),
        ({"X": 3.0}, ValueError, r"X must have shape \(n_rows,\) or \(n_rows, n_channels\), got \(\)"),
        ({"X": np.zeros((9, 2, 2))}, ValueError, r"X must have shape .*, got \(9, 2, 2\)"),
        ({"X": [[1.0], [2.0, 3.0]]}, ValueError, "inhomogeneous"),
        ({"X": np.zeros(9, complex)}, ValueError, "Complex data not supported"),
        ({"X": list("abcdefghi")}, ValueError, "X must hold numbers, got text"),
        ({"X": [0.0, np.inf] * 5}, ValueError, "Input X contains infinity"),
        ({"y": np.zeros(8)}, ValueError, "y must have one row for each of the 9 rows of X, got 8"),
        ({"y": np.zeros((9, 1, 1))}, ValueError, r"y must have shape .*, got \(9, 1, 1\)"),
        ({"y": 1.0}, ValueError, r"y must have shape .*, got \(\)"),
        ({"y": np.zeros(9, complex)}, ValueError, "y must hold real numbers or labels, got dtype complex128"),
        ({"groups": ["a"] * 8}, ValueError, r"groups must have shape \(9,\), .* got \(8,\)"),
        ({"groups": "id"}, ValueError, r"groups must have shape \(9,\), .* got \(\)"),
        ({"groups": [None] + ["a"] * 8}, ValueError, "groups must name the series of every row"),
        ({"window": 0}, ValueError, "window must be at least 1, got 0"),
        ({"window": 2.5}, TypeError, "window must be an integer of at least 1, got 2.5"),
        ({"window": True}, TypeError, "window must be an integer of at least 1, got True"),
        ({"window": 9}, ValueError, "window=9, gap=0 and horizon=1 need 10 rows, X has 9"),
        ({"horizon": 0}, ValueError, "horizon must be at least 1, got 0"),
        ({"stride": 0}, ValueError, "stride must be at least 1, got 0"),
        ({"gap": -1}, ValueError, "gap must be at least 0, got -1"),
    ],
)
def test_wrong_arguments(arguments, error, message):
    with pytest.raises(error, match=message):
        make_windows(**{"X": np.zeros(9), "window": 3, **arguments})
