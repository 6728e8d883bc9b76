"""The integers that rules count in: by local time, by elapsed time, or by ordinals."""

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
    """The conversion of timestamps of one type to the integers of a rule and back."""

    dtype: Any
    """Of the index: int64, or a datetime or period type of pandas."""
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
        """Return the time zone, None where there is none."""
        return getattr(self.dtype, "tz", None)

    @property
    def is_local(self) -> bool:
        """Return whether the rule goes by the local time of a zone."""
        return self.tz is not None and self.kind == "wall"

    @property
    def unit(self) -> str:
        """Return the unit of the integers; that of the beginnings of periods where there is no other."""
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

    def read_unshifted(self, times: pd.Index, phase: Stamps, offsets: NDArray[np.int64], period: int) -> Stamps:
        """Return timestamps as integers, those that a change of the clocks has shifted put back.

        `phase` (n_series,) is what the local times of each series leave when they are divided by `period`.
        """
        return undo_shift(times, np.repeat(phase, np.diff(offsets)), period) if self.is_local else self.read(times)

    def index(self, stamps: Stamps) -> pd.Index:
        """Return integers as timestamps; a local time that is skipped in spring becomes the next that exists."""
        if self.is_local:
            return localize(stamps, self.unit, self.tz)
        if self.kind == "start":
            return pd.DatetimeIndex(stamps.view(f"M8[{PERIOD_UNIT}]")).to_period(self.dtype.freq)
        return times_of(stamps, self.dtype)
