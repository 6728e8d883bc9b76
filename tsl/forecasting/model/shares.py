"""The members' shares of the forecasts of each series.

A simple forecast that is bad for most series may be the best for some, and a mean weighted alike for all would leave it
out. So for the series that `fit` has seen, its weight comes from the errors of that series. Held-out windows of one
series are few, and one of them says little: then the error is shrunk towards that of all series, and the weights are
closer to equal ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

# A network whose errors are higher by this share has weight 1/e. Like the next one, compared by the forecasts after the
# training parts of ten data sets; the page on the forecaster has the figures.
TEMPERATURE = 0.2
SIMPLE_TEMPERATURE = 0.05  # the same for a simple forecast, in which nothing is fitted or chosen
TINY = 1e-100  # added to errors, which may be 0
LARGEST_EXPONENT = 30.0  # of a weight, so that none is 0 or infinite

# Compared on the last rows of the training parts of seven panels; the page on the forecaster has the figures.
NOISE = 0.2  # added to the temperature of a series with one window; with more, it falls with their number
# Added to errors of simple forecasts: the networks of the forecast learn from the held-out end, those of trials do not.
HANDICAP = 0.2
HALF_TRUSTED, TRUSTED = 1.0, 1.5  # windows of a series whose errors count by half, and wholly


class SeriesShares(NamedTuple):
    """The share of each member in the forecasts of a series; those of a series add up to 1."""

    ids: pd.Index
    """The series whose shares are known, (n_series,)."""
    known: NDArray[np.float64]
    """(n_series, n_members)"""
    others: NDArray[np.float64]
    """Shares in the forecasts of other series, (n_members,)."""

    @classmethod
    def of_weights(cls, ids: pd.Index, weights: Sequence[float], own: Sequence[NDArray[np.float64]]) -> SeriesShares:
        """Return shares from the weights of members: for other series, and `own` (n_series,) for the series `ids`."""
        known, others = np.column_stack(own), np.maximum(weights, _bounded(-LARGEST_EXPONENT))
        return cls(ids, known / known.sum(axis=1, keepdims=True), others / others.sum())

    def of(self, ids: pd.Index) -> NDArray[np.float64]:
        """Return the shares for the series `ids`, (n, n_members)."""
        return np.vstack([self.known, self.others])[self.ids.get_indexer(ids)]  # -1 is the last row


def relative(errors: NDArray[np.float64], to: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean of both errors (·, 2) relative to others (·, 2); 0 relative to 0 gives 1."""
    return ((errors + TINY) / (to + TINY)).mean(axis=-1)


def weight(score: float, temperature: float = TEMPERATURE) -> float:
    """Return the weight of a member with these errors relative to the best network."""
    return float(np.exp((1.0 - score) / temperature))


def weights_by_series(
    errors: NDArray[np.float64], reference: NDArray[np.float64], n_windows: NDArray[np.float64]
) -> tuple[NDArray[np.float64], float]:
    """Return the weight of a simple forecast for each series, (n_series,), and that for other series.

    Parameters
    ----------
    errors : ndarray of shape (n_series, 2)
        Both errors of the simple forecast; ignored where there are no windows.
    reference : ndarray of shape (n_series, 2)
        Those of the best network.
    n_windows : ndarray of shape (n_series,)
        Number of independent held-out windows.
    """
    found = n_windows > 0
    pooled = float(relative(errors[found].mean(axis=0), reference[found].mean(axis=0)))
    others = float(_bounded((1.0 - HANDICAP - pooled) / SIMPLE_TEMPERATURE))
    own = np.log(relative(errors, reference))
    trust = np.clip(0.5 + 0.5 * (n_windows - HALF_TRUSTED) / (TRUSTED - HALF_TRUSTED), 0.0, 1.0)
    scores = np.exp(trust * own + (1.0 - trust) * own[found].mean())
    temperature = SIMPLE_TEMPERATURE + NOISE / np.where(found, n_windows, 1.0)
    return np.where(found, _bounded((1.0 - HANDICAP - scores) / temperature), others), others


def _bounded(exponent: Any) -> Any:
    return np.exp(np.clip(exponent, -LARGEST_EXPONENT, LARGEST_EXPONENT))
