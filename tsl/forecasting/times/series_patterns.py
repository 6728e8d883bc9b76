"""What the stamps of single series keep to, where the rule of their panel leaves it open."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class SeriesPatterns:
    """Time of day, day of the month and days of the week of each series.

    They are learned from all rows that a series came with and then kept: the few rows that a forecast starts from may
    not show them.
    """

    ids: pd.Index
    """(n_series,)"""
    rest: NDArray[np.int64]
    """(n_series,) the time of day, or of a shorter step."""
    day: NDArray[np.int64]
    """(n_series,) day of the month from 0, where it has that many."""
    weekdays: NDArray[np.bool_]
    """(n_series, 7) days on which there are stamps, from Monday on."""

    def select(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> SeriesPatterns:
        """Return those of some series."""
        return SeriesPatterns(self.ids[rows], self.rest[rows], self.day[rows], self.weekdays[rows])

    def append(self, other: SeriesPatterns) -> SeriesPatterns:
        """Return those of both."""
        return SeriesPatterns(
            self.ids.append(other.ids),
            np.concatenate([self.rest, other.rest]),
            np.concatenate([self.day, other.day]),
            np.concatenate([self.weekdays, other.weekdays]),
        )

    def where_known(self, known: SeriesPatterns | None) -> SeriesPatterns:
        """Return those of the same series, as they are in `known` where it has them."""
        if known is None:
            return self
        at = known.ids.get_indexer(self.ids)
        is_known = at >= 0
        return SeriesPatterns(
            self.ids,
            np.where(is_known, known.rest[at], self.rest),
            np.where(is_known, known.day[at], self.day),
            np.where(is_known[:, None], known.weekdays[at], self.weekdays),
        )
