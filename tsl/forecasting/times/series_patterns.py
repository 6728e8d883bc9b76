"""Timestamp patterns of single series."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class SeriesPatterns:
    """Time of day, day of the month and weekdays of each series.

    They are learned from the first rows of a series and then kept, since the few rows that a forecast starts from may
    not show them.
    """

    ids: pd.Index
    """(n_series,)"""
    phase: NDArray[np.int64]
    """The time of day, or its remainder for steps shorter than a day, (n_series,)."""
    day: NDArray[np.int64]
    """The day of the month, counted from 0, (n_series,); shorter months use their last day."""
    weekdays: NDArray[np.bool_]
    """The weekdays with timestamps, starting on Monday, (n_series, 7)."""

    def select(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> SeriesPatterns:
        """Return the patterns of some of the series."""
        return SeriesPatterns(self.ids[rows], self.phase[rows], self.day[rows], self.weekdays[rows])

    def append(self, other: SeriesPatterns) -> SeriesPatterns:
        """Return the patterns of the series of both objects."""
        return SeriesPatterns(
            self.ids.append(other.ids),
            np.concatenate([self.phase, other.phase]),
            np.concatenate([self.day, other.day]),
            np.concatenate([self.weekdays, other.weekdays]),
        )

    def where_known(self, known: SeriesPatterns | None) -> SeriesPatterns:
        """Return the patterns of the same series, taken from `known` if it has them."""
        if known is None:
            return self
        at = known.ids.get_indexer(self.ids)
        is_known = at >= 0
        return SeriesPatterns(
            self.ids,
            np.where(is_known, known.phase[at], self.phase),
            np.where(is_known, known.day[at], self.day),
            np.where(is_known[:, None], known.weekdays[at], self.weekdays),
        )
