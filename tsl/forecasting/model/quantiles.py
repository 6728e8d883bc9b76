"""Trained quantiles, and interpolation between them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def checked_quantiles(loss: str, quantiles: Sequence[float] | None) -> tuple[float, ...]:
    """Return the quantiles to train; none unless the loss is "quantile".

    Raises
    ------
    ValueError
        If only one of quantiles and that loss is given, or if the quantiles do not ascend between 0 and 1.
    """
    if (loss == "quantile") != (quantiles is not None):
        raise ValueError(f"quantiles and loss='quantile' go together, got quantiles={quantiles!r} with loss={loss!r}")
    if quantiles is None:
        return ()
    levels = np.asarray(quantiles, np.float64)
    ascending = levels.ndim == 1 and len(levels) and (np.diff(levels) > 0).all()
    if not (ascending and levels[0] > 0 and levels[-1] < 1):
        raise ValueError(f"quantiles must be numbers between 0 and 1 in ascending order, got {quantiles!r}")
    return tuple(levels.tolist())


def interpolated(
    forecasts: NDArray[np.float64], trained: Sequence[float], wanted: Sequence[float]
) -> NDArray[np.float64]:
    """Return the `wanted` quantiles (n, horizon, n_wanted), linear between the `trained` ones (n, horizon, n_trained).

    Raises
    ------
    ValueError
        If a wanted quantile lies beyond the trained ones.
    """
    wanted = [round(level, 12) for level in wanted]  # a level of 80 % gives 0.09999999999999998
    beyond = [level for level in wanted if not trained[0] <= level <= trained[-1]]
    if beyond:
        raise ValueError(
            f"quantiles must lie between those that were trained, {trained[0]} and {trained[-1]}, got {beyond[0]}"
        )
    if len(trained) == 1:
        return forecasts
    right = np.clip(np.searchsorted(trained, wanted), 1, len(trained) - 1)
    low, high = np.asarray(trained)[right - 1], np.asarray(trained)[right]
    share = (np.asarray(wanted) - low) / (high - low)
    return forecasts[:, :, right - 1] * (1 - share) + forecasts[:, :, right] * share
