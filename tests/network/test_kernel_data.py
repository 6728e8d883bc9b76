"""Windows in the form that kernels take: compiled code does not check what it reads."""

import numpy as np
import pytest

from tsl.network import Architecture, Framing, Sequences
from tsl.network.kernel_data import check_bounds, empty_data, kernel_data, plain

ARCHITECTURE = Architecture(2, (3,), 1)


def windows(n_channels=2, starts=(0, 5), lengths=(4, 4), framing=None):
    rows = np.zeros((9, n_channels), np.float32)
    return Sequences(rows, np.array(starts), np.array(lengths), framing)


def framing(n_static=0, bounds=((0, 9, 9), (0, 9, 9))):
    ones = np.ones((2, 2), np.float32)
    return Framing(ones, ones, np.array(bounds), np.zeros((2, n_static), np.float32))


@pytest.mark.parametrize(
    ("architecture", "sequences", "message"),
    [
        (ARCHITECTURE, windows(3), "rows must have 2 channels, got 3"),
        (ARCHITECTURE, windows(framing=framing(1)), "windows must have 0 static numbers, got 1"),
        (Architecture(2, (3,), 1, n_static=1), windows(), "windows must have 1 static numbers, got 0"),
        (Architecture(2, (3,), 1, skip_steps=3), windows(), "windows must have 3 steps, got"),
    ],
)
def test_rows_and_windows_of_another_width_are_refused(architecture, sequences, message):
    with pytest.raises(ValueError, match=message):
        kernel_data(empty_data(np.float32), architecture, sequences)


@pytest.mark.parametrize(
    "sequences",
    [
        windows(starts=(-1, 5)),
        windows(starts=(0, 6)),
        windows(lengths=(0, 4)),
        windows(framing=framing(bounds=((0, 9, 10), (0, 9, 9)))),
        windows(framing=framing(bounds=((-1, 9, 9), (0, 9, 9)))),
    ],
)
def test_windows_beyond_the_rows_are_refused(sequences):
    check_bounds(ARCHITECTURE, windows())
    with pytest.raises(ValueError, match="windows must lie within the 9 rows"):
        check_bounds(ARCHITECTURE, sequences)


def test_framed_windows_may_begin_before_their_series_and_end_beyond():
    check_bounds(ARCHITECTURE, windows(starts=(-3, 8), framing=framing()))


def test_arrays_of_every_kind_have_one_type():
    values = np.arange(12.0).reshape(3, 4)
    read_only = values.copy()
    read_only.flags.writeable = False
    assert plain(values) is values
    for other in (values.T, values[:, ::2], read_only):
        found = plain(other)
        assert found.flags.carray
        np.testing.assert_array_equal(found, other)
    assert np.shares_memory(plain(read_only), read_only)
