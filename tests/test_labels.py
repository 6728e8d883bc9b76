"""Labels of series: which new one is a known one that was read or written differently."""

import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tsl._labels import check_new_labels
from tsl.windows import SlidingWindow

SPACES = st.text(" \t", max_size=2)


@pytest.mark.parametrize(
    ("known", "new"),
    [
        (10, "10"), ("10", 10), (7, "007"), ("007", 7), (12000.0, "12E3"), (1.5, "1.50"), (2**60 + 1, str(2**60 + 1)),
        (np.int64(3), "3"), (True, "True"), ("a", "a "), (" a", "a"), ("10 ", "10"), (("a", 1), "('a', 1)"),
    ],
)  # fmt: skip
def test_another_type_or_spaces_are_refused(known, new):
    message = f"data must name known series as they are known, got {new!r} for {known!r}: they differ only"
    with pytest.raises(ValueError, match=re.escape(message)):
        check_new_labels(["other", new], ["b", known], "data")


@pytest.mark.parametrize(
    ("known", "new"),
    [
        ("7", "007"), ("a", "A"), ("a b", "ab"), (10, "10a"), (10, 11), (1, "True"), (True, "1"), (1000, "1_000"),
        (2**60, str(2**60 + 1)), (1.0, "1e99999"), ("x", None),
    ],
)  # fmt: skip
def test_what_is_another_series_may_be_new(known, new):
    check_new_labels([new], [known], "data")


@given(st.one_of(st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text("abc1.e ")), SPACES, SPACES)
def test_the_text_of_a_label_is_taken_for_it(label, before, behind):
    written = f"{before}{label}{behind}"
    if written == label:
        return
    with pytest.raises(ValueError, match="data must name known series as they are known"):
        check_new_labels([written], [label], "data")


def test_a_block_whose_groups_are_of_another_type_is_not_padded_in_silence():
    rows = pd.DataFrame(
        {"g": [10, 10, 11, 11], "x": [1.0, 2, 3, 4]}, pd.RangeIndex(2).repeat(2).sort_values()[[0, 2, 0, 2]]
    )
    windows = SlidingWindow(2, groups="g").fit(rows)
    later = rows.set_index(rows.index + 2)
    assert windows.transform(later)[:, 0, 0].tolist() == [2, 1, 4, 3]
    with pytest.raises(ValueError, match="groups of X must name known series as they are known, got '1[01]' for 1[01]"):
        windows.transform(later.astype({"g": str}))
    assert windows.transform(later.assign(g=12)[:2])[:, 0, 0].tolist() == [1, 1]  # a new series begins with padding
