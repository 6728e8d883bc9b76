"""Forecasters that learn nothing, or next to it: what any model has to beat."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils._param_validation import Interval

from tsl.forecasting.base import Forecaster
from tsl.forecasting.naive import drift, naive, seasonal_naive, window_average
from tsl.forecasting.panel import Panel

__all__ = ["Drift", "Naive", "SeasonalNaive", "WindowAverage"]


class _Baseline(Forecaster):
    """The constructor and the parts that all of these share."""

    def __init__(
        self,
        horizon: int = 24,
        *,
        season: int | str = "auto",
        missing: str = "error",
        freq: str | int | None = None,
    ) -> None:
        self.horizon = horizon
        self.season = season
        self.missing = missing
        self.freq = freq

    past: Sequence[Any] | None = ()
    future: Sequence[Any] = ()
    calendar = None

    def _fit_panel(self, panel: Panel) -> None:
        """There is nothing to learn."""

    def _context_length(self) -> int:
        return self.season_


class Naive(_Baseline):
    """The last value, over and over: the best there is for a random walk.

    Parameters
    ----------
    horizon : int, default=24
        Steps that are forecast.
    season : int or "auto", default="auto"
        Steps after which the series repeat themselves, 1 for none.
    missing : {"error", "interpolate", "ffill", "mask"}, default="error"
        What to do about missing values: refuse, fill up, or pass over.
    freq : str, int or None, default=None
        Frequency of the stamps; None infers it.

    Attributes
    ----------
    season_ : int
        Steps of a season.

    Examples
    --------
    >>> import pandas as pd
    >>> from tsl.baselines import Naive
    >>> sales = pd.Series([3.0, 5.0, 4.0, 6.0, 8.0, 7.0], pd.date_range("2024-01-01", periods=6, freq="D"))
    >>> Naive(horizon=2).fit(sales).predict().tolist()
    [7.0, 7.0]
    """

    def _forecast(self, panel: Panel, ends: NDArray[np.int64], horizon: int) -> NDArray[np.float64]:
        return naive(panel, ends, horizon)


class SeasonalNaive(_Baseline):
    """The last season, over and over.

    Parameters
    ----------
    horizon : int, default=24
        Steps that are forecast.
    season : int or "auto", default="auto"
        Steps after which the series repeat themselves, 1 for none.
    missing : {"error", "interpolate", "ffill", "mask"}, default="error"
        What to do about missing values: refuse, fill up, or pass over.
    freq : str, int or None, default=None
        Frequency of the stamps; None infers it.

    Attributes
    ----------
    season_ : int
        Steps of a season.

    Examples
    --------
    >>> import pandas as pd
    >>> from tsl.baselines import SeasonalNaive
    >>> sales = pd.Series([3.0, 5.0, 4.0, 6.0, 8.0, 7.0], pd.date_range("2024-01-01", periods=6, freq="D"))
    >>> SeasonalNaive(horizon=4, season=3).fit(sales).predict().tolist()
    [6.0, 8.0, 7.0, 6.0]
    """

    def _forecast(self, panel: Panel, ends: NDArray[np.int64], horizon: int) -> NDArray[np.float64]:
        return seasonal_naive(panel, ends, horizon, self.season_)


class Drift(_Baseline):
    """The straight line through the first value and the last.

    Parameters
    ----------
    horizon : int, default=24
        Steps that are forecast.
    season : int or "auto", default="auto"
        Steps after which the series repeat themselves, 1 for none.
    missing : {"error", "interpolate", "ffill", "mask"}, default="error"
        What to do about missing values: refuse, fill up, or pass over.
    freq : str, int or None, default=None
        Frequency of the stamps; None infers it.

    Attributes
    ----------
    season_ : int
        Steps of a season.

    Examples
    --------
    >>> import pandas as pd
    >>> from tsl.baselines import Drift
    >>> sales = pd.Series([3.0, 5.0, 4.0, 6.0, 8.0, 8.0], pd.date_range("2024-01-01", periods=6, freq="D"))
    >>> Drift(horizon=2).fit(sales).predict().tolist()
    [9.0, 10.0]
    """

    def _forecast(self, panel: Panel, ends: NDArray[np.int64], horizon: int) -> NDArray[np.float64]:
        return drift(panel, ends, horizon)

    def _context_length(self) -> int:
        return np.iinfo(np.int32).max  # the first value counts


class WindowAverage(_Baseline):
    """The mean of the last values.

    Parameters
    ----------
    horizon : int, default=24
        Steps that are forecast.
    window : int, default=24
        How many values.
    season : int or "auto", default="auto"
        Steps after which the series repeat themselves, 1 for none.
    missing : {"error", "interpolate", "ffill", "mask"}, default="error"
        What to do about missing values: refuse, fill up, or pass over.
    freq : str, int or None, default=None
        Frequency of the stamps; None infers it.

    Attributes
    ----------
    season_ : int
        Steps of a season.

    Examples
    --------
    >>> import pandas as pd
    >>> from tsl.baselines import WindowAverage
    >>> sales = pd.Series([3.0, 5.0, 4.0, 6.0, 8.0, 7.0], pd.date_range("2024-01-01", periods=6, freq="D"))
    >>> WindowAverage(horizon=2, window=3).fit(sales).predict().tolist()
    [7.0, 7.0]
    """

    _parameter_constraints: dict[str, list[Any]] = {  # noqa: RUF012 (scikit-learn's name)
        **_Baseline._parameter_constraints,
        "window": [Interval(Integral, 1, None, closed="left")],
    }

    def __init__(
        self,
        horizon: int = 24,
        *,
        window: int = 24,
        season: int | str = "auto",
        missing: str = "error",
        freq: str | int | None = None,
    ) -> None:
        super().__init__(horizon, season=season, missing=missing, freq=freq)
        self.window = window

    def _forecast(self, panel: Panel, ends: NDArray[np.int64], horizon: int) -> NDArray[np.float64]:
        return window_average(panel, ends, horizon, self.window)

    def _context_length(self) -> int:
        return max(self.window, self.season_)
