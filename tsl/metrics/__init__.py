"""Forecast metrics: errors, scaled errors, scores of intervals and quantiles, and `evaluate` for a whole backtest.

All functions except `evaluate` take arrays of any shape and return one number; they do not distinguish series or
cutoffs. `evaluate` takes the frame of a backtest and returns a table of the same metrics, chosen by name.
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
