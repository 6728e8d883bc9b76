"""Forecast metrics: errors, scaled errors, scores of intervals and quantiles, and `evaluate` for a whole backtest.

All functions but `evaluate` take arrays of any shape and return one number; they know nothing of series and cutoffs.
`evaluate` takes the frame of a backtest and returns a table, with the same metrics by name.
"""

from tsl.metrics._evaluate import evaluate
from tsl.metrics._point import mae, mape, rmse, smape, wmape
from tsl.metrics._probabilistic import coverage, crps, interval_width, pinball, scaled_pinball
from tsl.metrics._scaled import mase, owa, rmsse

__all__ = [
    "coverage",
    "crps",
    "evaluate",
    "interval_width",
    "mae",
    "mape",
    "mase",
    "owa",
    "pinball",
    "rmse",
    "rmsse",
    "scaled_pinball",
    "smape",
    "wmape",
]
