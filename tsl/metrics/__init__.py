"""How good forecasts are: errors, scaled errors, intervals, and `evaluate` for a whole backtest.

All functions but `evaluate` take arrays of any shape and give one number; they know nothing of series and cutoffs.
`evaluate` takes the frame of a backtest and gives a table, with the same metrics by name.
"""

from tsl.metrics._arrays import (
    coverage,
    crps,
    interval_width,
    mae,
    mape,
    mase,
    owa,
    pinball,
    rmse,
    rmsse,
    smape,
    wmape,
)
from tsl.metrics._evaluate import evaluate

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
    "smape",
    "wmape",
]
