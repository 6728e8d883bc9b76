"""Pictures of forecasts, of their errors, and of what a network does.

They need matplotlib, which ``pip install "tsl-lstm[plot]"`` brings. Each draws into the `ax` that it is given or
into a new figure, and gives the Axes back to work on.
"""

from tsl.plotting._forecasts import plot_backtest, plot_error_by_step, plot_forecast
from tsl.plotting._gates import plot_gates
from tsl.plotting._surprisal import plot_surprisal
from tsl.plotting._training import plot_history, plot_residuals

__all__ = [
    "plot_backtest",
    "plot_error_by_step",
    "plot_forecast",
    "plot_gates",
    "plot_history",
    "plot_residuals",
    "plot_surprisal",
]
