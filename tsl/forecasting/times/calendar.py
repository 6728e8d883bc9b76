"""Calendar features: the position of timestamps in the day, the week and the year, and holidays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tsl.forecasting.times.axis import TimeAxis
from tsl.forecasting.times.rules import UNITS_PER_DAY

_DAY = 86_400.0
_YEAR = 365.25 * _DAY
_CYCLES_SEEN = 2  # a cycle seen less often cannot be told from a trend; chosen by judgement, not measured

_HOLIDAYS = "holidays:"


def _time_of_day(times: pd.DatetimeIndex) -> NDArray[np.float64]:
    """Return the seconds since midnight."""
    per_second = UNITS_PER_DAY[times.unit] // 86_400
    return (times.asi8 // per_second % 86_400).astype(
        np.float64
    )  # ten times as fast as pandas' hour, minute and second


def _day_of_week(times: pd.DatetimeIndex) -> NDArray[np.int64]:
    """Return the days since Monday."""
    return (times.asi8 // UNITS_PER_DAY[times.unit] + 3) % 7  # 1970 began on a Thursday


_PLACES: dict[str, tuple[Callable[[pd.DatetimeIndex], Any], float]] = {
    "minute": (lambda times: times.minute + times.second / 60, 60.0),
    "hour": (lambda times: _time_of_day(times) / 3600, 24.0),
    "dayofweek": (_day_of_week, 7.0),
    "dayofmonth": (lambda times: (times.day - 1) / times.days_in_month, 1.0),
    "dayofyear": (lambda times: times.day_of_year - 1, 365.25),
    "weekofyear": (lambda times: times.isocalendar().week.to_numpy(dtype=float) - 1, 52.18),
    "month": (lambda times: times.month - 1, 12.0),
    "quarter": (lambda times: times.quarter - 1, 4.0),
}
"""For each feature, the position of a timestamp in its cycle, and the length of the cycle in the same unit."""


@dataclass(frozen=True)
class Calendar:
    """Features of timestamps: a sine and a cosine for each cycle, and 0 or 1 for holidays."""

    features: tuple[str, ...] = ()

    @classmethod
    def learn(
        cls, calendar: str | Sequence[str] | None, axis: TimeAxis, times: pd.Index, offsets: NDArray[np.int64]
    ) -> Calendar:
        """Return the named features, or for "auto" the cycles that are longer than a step and were seen twice.

        Raises
        ------
        ValueError
            If a feature is unknown, or if features are named although times are integers.
        """
        if calendar is None:
            return cls()
        if isinstance(calendar, str):
            if calendar != "auto":
                raise ValueError(f'calendar must be "auto", None or a list of features, got {calendar!r}')
            return cls(() if axis.is_integer else _varying(axis, times, offsets))
        features = tuple(calendar)
        for feature in features:
            _check_feature(feature)
        if features and axis.is_integer:
            raise ValueError(f"calendar must be None or 'auto' if times are integers, got {list(features)}")
        return cls(features)

    @property
    def names(self) -> list[str]:
        """Return the name of each feature that `encode` returns."""
        named = []
        for feature in self.features:
            named += [f"{feature}_sin", f"{feature}_cos"] if feature in _PLACES else [feature]
        return named

    @property
    def widths(self) -> list[int]:
        """Return how many columns each of `features` becomes."""
        return [2 if feature in _PLACES else 1 for feature in self.features]

    def encode(self, times: pd.Index) -> NDArray[np.float64]:
        """Return the features of each timestamp, (n, n_names)."""
        encoded = np.empty((len(times), len(self.names)))
        if not self.features:
            return encoded
        stamps = _local(times)
        column = 0
        for feature in self.features:
            if feature in _PLACES:
                place, length = _PLACES[feature]
                angle = np.asarray(place(stamps), dtype=np.float64) * (2 * np.pi / length)
                encoded[:, column], encoded[:, column + 1] = np.sin(angle), np.cos(angle)
                column += 2
            else:
                encoded[:, column] = _is_holiday(stamps, feature.removeprefix(_HOLIDAYS))
                column += 1
        return encoded


def _local(times: pd.Index) -> pd.DatetimeIndex:
    """Return local times without a zone; for periods, their start."""
    if isinstance(times, pd.PeriodIndex):
        return times.to_timestamp()
    return times if times.tz is None else times.tz_localize(None)


def _varying(axis: TimeAxis, times: pd.Index, offsets: NDArray[np.int64]) -> tuple[str, ...]:
    """Return the cycles that are longer than a step and that the longest series covers twice."""
    step = axis.seconds
    longest = int(np.diff(offsets).argmax())
    stamps = _local(times[[offsets[longest], offsets[longest + 1] - 1]])
    first, last = stamps.asi8 / (UNITS_PER_DAY[stamps.unit] / _DAY)  # as floats: 300 years of nanoseconds overflow
    span = 1.01 * (last - first + step)  # months and years vary in length
    features = []  # cycles with at least two steps
    if step <= _DAY / 2 and span >= _CYCLES_SEEN * _DAY:
        features.append("hour")
    if step <= 3.5 * _DAY and span >= _CYCLES_SEEN * 7 * _DAY:
        features.append("dayofweek")
    if step <= _YEAR / 2 and span >= _CYCLES_SEEN * _YEAR:
        features.append("dayofyear" if step < 27 * _DAY else "month")
    return tuple(features)


def _check_feature(feature: str) -> None:
    """Check that the feature exists, and for holidays that the country exists."""
    if feature in _PLACES:
        return
    if not (isinstance(feature, str) and feature.startswith(_HOLIDAYS)):
        raise ValueError(f"calendar must name features among {[*_PLACES, 'holidays:COUNTRY']}, got {feature!r}")
    _is_holiday(pd.DatetimeIndex(["2001-01-01"]), feature.removeprefix(_HOLIDAYS))


def _is_holiday(stamps: pd.DatetimeIndex, place: str) -> NDArray[np.bool_]:
    """Return whether each timestamp is a public holiday of a country such as "US" or a part such as "US-CA"."""
    try:
        import holidays
    except ImportError as error:
        raise ImportError('calendar features of holidays need the extra: pip install "tsl-lstm[holidays]"') from error
    country, _, part = place.partition("-")
    years = range(int(stamps.year.min()), int(stamps.year.max()) + 1)
    try:
        days = holidays.country_holidays(country, subdiv=part or None, years=years)
    except NotImplementedError as error:
        raise ValueError(f"calendar must name a country (or part of one) that holidays knows, got {place!r}") from error
    return np.isin(stamps.to_numpy().astype("datetime64[D]"), np.array(sorted(days), dtype="datetime64[D]"))
