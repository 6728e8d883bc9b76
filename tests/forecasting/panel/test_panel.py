"""Panels: row selection and concatenation."""

from dataclasses import replace

import numpy as np
import pandas as pd
from forecasting_models import make_panel
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from tsl.forecasting.panel.panel import after, joined, places_of, ranges

PANEL = make_panel([1, 2, 3], [4], [5, 6])


def rows_of(panel):
    """The values of each series, by its name."""
    return {name: panel.values[start:stop].tolist() for name, start, stop in zip(panel.ids, panel.offsets, panel.ends)}


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 5)), max_size=5))
def test_ranges_stand_one_after_another(pairs):
    starts, counts = (np.array([pair[k] for pair in pairs], np.int64) for k in (0, 1))
    assert ranges(starts, starts + counts).tolist() == [
        n for start, count in pairs for n in range(start, start + count)
    ]


def test_rows_know_their_series():
    assert PANEL.series_of(np.arange(6)).tolist() == [0, 0, 0, 1, 2, 2]
    assert (PANEL.n_series, PANEL.lengths.tolist(), PANEL.ends.tolist()) == (3, [3, 1, 2], [3, 4, 6])


def test_chosen_rows_are_a_panel_of_the_series_that_have_some():
    assert rows_of(PANEL.select(np.array([1, 2, 5]))) == {0: [2, 3], 2: [6]}
    assert rows_of(PANEL.select(np.array([1, 2, 5]), np.arange(3))) == {0: [2, 3], 1: [], 2: [6]}
    assert rows_of(PANEL.before(np.array([2, 3, 6]))) == {0: [1, 2], 2: [5, 6]}
    weighted = replace(PANEL, weights=np.arange(6.0), past=np.arange(6.0)[:, None]).select(np.array([4]))
    assert (weighted.weights.tolist(), weighted.past.tolist()) == ([4], [[4]])


def test_a_series_of_several_panels_goes_on_from_one_to_the_next():
    other = replace(make_panel([7], [8]), ids=pd.Index([2, 5]), static=np.ones((2, 0)))
    assert rows_of(joined([PANEL, other])) == {0: [1, 2, 3], 1: [4], 2: [5, 6, 7], 5: [8]}
    assert rows_of(after(PANEL.select(np.array([0, 5])), other)) == {2: [6, 7], 5: [8], 0: [1]}


def test_rows_without_weights_count_once_beside_rows_that_have_some():
    whole = joined([replace(PANEL, weights=np.full(6, 3.0)), make_panel([7])])
    assert_array_equal(whole.weights, [3, 3, 3, 1, 3, 3, 3])


def test_true_is_not_1_among_ids():
    assert_array_equal(places_of(pd.Index([True]), pd.Index([1])), [-1])
    assert_array_equal(places_of(pd.Index([1]), pd.Index([True])), [-1])
    assert_array_equal(places_of(pd.Index([2, 1]), pd.Index([1, 2])), [1, 0])
    assert_array_equal(places_of(pd.Index([2, 1]), pd.Index([2, 1])), [0, 1])
