"""Baselines to compare forecasters with, with the same interface.

`fit`, `update`, `predict` and `backtest` also accept long Dask frames; their results are then lazy.
"""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

from tsl._estimator.options import Auto
from tsl._sklearn import Interval
from tsl.dask._dispatch import takes_dask_frames
from tsl.forecasting.forecaster import Forecaster
from tsl.forecasting.panel.missing import Missing
from tsl.forecasting.panel.naive import drift, naive, seasonal_naive, window_average
from tsl.forecasting.panel.panel import Panel
from tsl.forecasting.protocol import Forecasts
from tsl.forecasting.times.frequency import Freq

__all__ = ["Drift", "Naive", "SeasonalNaive", "WindowAverage"]


@takes_dask_frames
class _Baseline(Forecaster):
    """Base class of the baselines, which use only the target."""

    past: Sequence[Any] | None = ()
    future: Sequence[Any] = ()
    calendar = None
    unknown = "ignore"
    _reads_future = False  # baselines accept it so that they can be called like other forecasters
    _on_dask: Any = None  # set if the series are in a Dask frame

    def __init__(
        self,
        horizon: int = 24,
        *,
        season: int | Auto = "auto",
        missing: Missing = "error",
        freq: Freq = None,
    ) -> None:
        self.horizon = horizon
        self.season = season
        self.missing = missing
        self.freq = freq

    def _fit_panel(self, panel: Panel) -> None:
        """Learn nothing."""

    def _forecast(
        self, panel: Panel, cutoffs: NDArray[np.int64], horizon: int, quantiles: Sequence[float]
    ) -> Forecasts:
        return Forecasts(self._points(panel, cutoffs, horizon))

    def _points(self, panel: Panel, cutoffs: NDArray[np.int64], horizon: int) -> NDArray[np.float64]:
        """Return the forecasts (n, horizon) at `cutoffs` (n,)."""
        raise NotImplementedError

    def _clone_with_choices(self) -> Self:
        return clone(self).set_params(season=self.season_)


class Naive(_Baseline):
    """Naive forecaster: the last value, repeated.

    Parameters
    ----------
    horizon : int, default=24
        Number of steps to forecast.
    season : int or "auto", default="auto"
        Length of the season in steps, 1 for none; prediction intervals use it for the scale of errors. "auto" uses the
        autocorrelation and the calendar.
    missing : {"error", "interpolate", "ffill", "mask"}, default="error"
        How to handle missing values: refuse them, fill them, or use the last reading before each.
    freq : str, int, offset, Timedelta or None, default=None
        Frequency of the timestamps: a pandas alias or offset, or the step of integer times. None takes that of the
        index, or infers it.

    Attributes
    ----------
    season_ : int
        Length of the season in steps.

    Examples
    --------
    >>> import pandas as pd
    >>> from tsl.baselines import Naive
    >>> sales = pd.Series([3.0, 5, 4, 6, 5, 7], pd.date_range("2024-01-01", periods=6), name="sales")
    >>> Naive(horizon=2).fit(sales).predict()
    2024-01-07    7.0
    2024-01-08    7.0
    Name: sales, dtype: float64
    """

    def _points(self, panel: Panel, cutoffs: NDArray[np.int64], horizon: int) -> NDArray[np.float64]:
        return naive(panel, cutoffs, horizon)

    def _context_length(self) -> int:
        return 1


class SeasonalNaive(_Baseline):
    """Seasonal naive forecaster: the last season, repeated.

    For a series shorter than a season, the last value is repeated.

    Parameters
    ----------
    horizon : int, default=24
        Number of steps to forecast.
    season : int or "auto", default="auto"
        Length of the season in steps, 1 for none. "auto" uses the autocorrelation and the calendar.
    missing : {"error", "interpolate", "ffill", "mask"}, default="error"
        How to handle missing values: refuse them, fill them, or use the last reading before each.
    freq : str, int, offset, Timedelta or None, default=None
        Frequency of the timestamps: a pandas alias or offset, or the step of integer times. None takes that of the
        index, or infers it.

    Attributes
    ----------
    season_ : int
        Length of the season in steps.

    Examples
    --------
    >>> import pandas as pd
    >>> from tsl.baselines import SeasonalNaive
    >>> sales = pd.Series([3.0, 5, 4, 6, 5, 7], pd.date_range("2024-01-01", periods=6), name="sales")
    >>> SeasonalNaive(horizon=3, season=2).fit(sales).predict()
    2024-01-07    5.0
    2024-01-08    7.0
    2024-01-09    5.0
    Name: sales, dtype: float64
    """

    def _points(self, panel: Panel, cutoffs: NDArray[np.int64], horizon: int) -> NDArray[np.float64]:
        return seasonal_naive(panel, cutoffs, horizon, self.season_)

    def _context_length(self) -> int:
        return 2 * self.season_  # a season, and readings to fill its gaps from


class Drift(_Baseline):
    """Drift forecaster: the straight line through the first and the last value.

    Parameters
    ----------
    horizon : int, default=24
        Number of steps to forecast.
    window : int or None, default=None
        Number of last values to use; None for all.
    season : int or "auto", default="auto"
        Length of the season in steps, 1 for none; prediction intervals use it for the scale of errors. "auto" uses the
        autocorrelation and the calendar.
    missing : {"error", "interpolate", "ffill", "mask"}, default="error"
        How to handle missing values: refuse them, fill them, or use the last reading before each.
    freq : str, int, offset, Timedelta or None, default=None
        Frequency of the timestamps: a pandas alias or offset, or the step of integer times. None takes that of the
        index, or infers it.

    Attributes
    ----------
    season_ : int
        Length of the season in steps.

    Examples
    --------
    >>> import pandas as pd
    >>> from tsl.baselines import Drift
    >>> sales = pd.Series([3.0, 5, 4, 6, 5, 7], pd.date_range("2024-01-01", periods=6), name="sales")
    >>> Drift(horizon=2, window=2).fit(sales).predict()
    2024-01-07     9.0
    2024-01-08    11.0
    Name: sales, dtype: float64
    """

    _parameter_constraints: dict[str, list[Any]] = {  # noqa: RUF012 (scikit-learn's name)
        **_Baseline._parameter_constraints,
        "window": [Interval(Integral, 2, None, closed="left"), None],
    }

    def __init__(
        self,
        horizon: int = 24,
        *,
        window: int | None = None,
        season: int | Auto = "auto",
        missing: Missing = "error",
        freq: Freq = None,
    ) -> None:
        super().__init__(horizon, season=season, missing=missing, freq=freq)
        self.window = window

    def _points(self, panel: Panel, cutoffs: NDArray[np.int64], horizon: int) -> NDArray[np.float64]:
        return drift(panel, cutoffs, horizon, self.window)

    def _context_length(self) -> int | None:
        return None if self.window is None else int(self.window)  # the first and the last reading need no filling


class WindowAverage(_Baseline):
    """Window average forecaster: the mean of the last values.

    Parameters
    ----------
    horizon : int, default=24
        Number of steps to forecast.
    window : int or None, default=None
        Number of values; None for a season, or for `horizon` if there is no season.
    season : int or "auto", default="auto"
        Length of the season in steps, 1 for none. "auto" uses the autocorrelation and the calendar.
    missing : {"error", "interpolate", "ffill", "mask"}, default="error"
        How to handle missing values: refuse them, fill them, or use the last reading before each.
    freq : str, int, offset, Timedelta or None, default=None
        Frequency of the timestamps: a pandas alias or offset, or the step of integer times. None takes that of the
        index, or infers it.

    Attributes
    ----------
    season_ : int
        Length of the season in steps.

    Examples
    --------
    >>> import pandas as pd
    >>> from tsl.baselines import WindowAverage
    >>> sales = pd.Series([3.0, 5, 4, 6, 5, 7], pd.date_range("2024-01-01", periods=6), name="sales")
    >>> WindowAverage(horizon=2, window=4).fit(sales).predict()
    2024-01-07    5.5
    2024-01-08    5.5
    Name: sales, dtype: float64
    """

    _parameter_constraints: dict[str, list[Any]] = {  # noqa: RUF012 (scikit-learn's name)
        **_Baseline._parameter_constraints,
        "window": [Interval(Integral, 1, None, closed="left"), None],
    }

    def __init__(
        self,
        horizon: int = 24,
        *,
        window: int | None = None,
        season: int | Auto = "auto",
        missing: Missing = "error",
        freq: Freq = None,
    ) -> None:
        super().__init__(horizon, season=season, missing=missing, freq=freq)
        self.window = window

    def _points(self, panel: Panel, cutoffs: NDArray[np.int64], horizon: int) -> NDArray[np.float64]:
        return window_average(panel, cutoffs, horizon, self._context_length())

    def _context_length(self) -> int:
        if self.window is not None:
            return int(self.window)
        return self.season_ if self.season_ > 1 else int(self.horizon)
