"""The integers that rules count in, and the timestamps they represent."""

import numpy as np
import pandas as pd
import pytest

from tsl.forecasting.times.clock import Clock

DAYS = pd.date_range("2024-03-30", periods=4, unit="s")
PARIS = DAYS.tz_localize("Europe/Paris")


@pytest.mark.parametrize(
    ("times", "kind"),
    [
        (pd.Index([3, 5, 7]), "ordinal"),
        (DAYS, "wall"),
        (DAYS, "utc"),
        (PARIS, "wall"),
        (PARIS, "utc"),
        (pd.period_range("2024-01", periods=4, freq="M"), "ordinal"),
        (pd.period_range("2024-01", periods=4, freq="M"), "start"),
    ],
)
def test_timestamps_come_back_from_their_integers(times, kind):
    clock = Clock(times.dtype, kind)
    stamps = clock.read(times)
    assert stamps.dtype == np.int64
    back = clock.index(stamps)
    assert back.dtype == times.dtype
    assert list(back) == list(times)


def test_local_days_are_equally_long_on_the_wall_clock_alone():
    wall, utc = (np.diff(Clock(PARIS.dtype, kind).read(PARIS)).tolist() for kind in ("wall", "utc"))
    assert wall == [86_400] * 3
    assert utc == [86_400, 82_800, 86_400]  # clocks are put forward on 31 March


def test_a_skipped_time_is_shifted_and_put_back():
    clock = Clock(PARIS.dtype, "wall")
    half_past_two = clock.read(PARIS) + 9000
    times = clock.index(half_past_two)
    assert times[1] == pd.Timestamp("2024-03-31 03:00", tz="Europe/Paris")
    assert clock.read_unshifted(times, np.array([9000]), np.array([0, 4]), 86_400).tolist() == half_past_two.tolist()
