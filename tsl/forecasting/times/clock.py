"""The integers that rules use: local time, elapsed time, or ordinals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tsl.forecasting.times.local_time import localize, undo_shift
from tsl.forecasting.times.rules import Stamps
from tsl.forecasting.times.stamps import PERIOD_UNIT, period_begins, times_of


@dataclass(frozen=True)
class Clock:
    """Conversion of timestamps of one type to the integers of a rule and back."""

    dtype: Any
    """The dtype of the index: int64, or a pandas datetime or period dtype."""
    kind: str
    """As in `Frequency.clock`."""

    @property
    def is_integer(self) -> bool:
        """Return whether timestamps are plain integers."""
        return self.dtype == np.int64

    @property
    def is_datetime(self) -> bool:
        """Return whether timestamps are points in time."""
        return not self.is_integer and not isinstance(self.dtype, pd.PeriodDtype)

    @property
    def tz(self) -> Any:
        """Return the time zone; None if there is none."""
        return getattr(self.dtype, "tz", None)

    @property
    def is_local(self) -> bool:
        """Return whether the rule uses the local time of a time zone."""
        return self.tz is not None and self.kind == "wall"

    @property
    def unit(self) -> str:
        """Return the unit of the integers; for periods, that of their starts."""
        if not self.is_datetime:
            return PERIOD_UNIT
        return self.dtype.unit if self.tz is not None else np.datetime_data(self.dtype)[0]

    def read(self, times: pd.Index) -> Stamps:
        """Return timestamps as integers."""
        if self.is_integer:
            return times.to_numpy()
        if self.kind == "start":
            return period_begins(times)
        return (times.tz_localize(None) if self.is_local else times).asi8

    def read_stamps(self, stamps: Stamps) -> Stamps:
        """Return timestamps as integers, from `stamps_of` them: for most clocks, these are the integers."""
        return self.read(times_of(stamps, self.dtype)) if self.is_local or self.kind == "start" else stamps

    def read_unshifted(self, times: pd.Index, phase: Stamps, offsets: NDArray[np.int64], period: int) -> Stamps:
        """Return timestamps as integers, undoing shifts by a clock change.

        `phase` (n_series,) is the remainder of the local times of each series by `period`.
        """
        return undo_shift(times, np.repeat(phase, np.diff(offsets)), period) if self.is_local else self.read(times)

    def index(self, stamps: Stamps) -> pd.Index:
        """Return integers as timestamps; a local time that is skipped in spring becomes the next existing one."""
        if self.is_local:
            return localize(stamps, self.unit, self.tz)
        if self.kind == "start":
            return pd.DatetimeIndex(stamps.view(f"M8[{PERIOD_UNIT}]")).to_period(self.dtype.freq)
        return times_of(stamps, self.dtype)
