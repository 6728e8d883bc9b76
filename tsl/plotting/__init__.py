"""Plots of forecasts and their errors, training, importances, and the gates of a network.

They need matplotlib, which ``pip install "tsl-lstm[plot]"`` installs. Each function draws into the given `ax` or into
a new figure that fits a notebook, and returns the Axes for further changes. The colours are those of Okabe and Ito,
which are distinct for people with any colour vision.
"""

from tsl.plotting._forecasts import plot_backtest, plot_error_by_step, plot_forecast
from tsl.plotting._gates import plot_gates
from tsl.plotting._grid import plot_forecasts
from tsl.plotting._importance import plot_importance
from tsl.plotting._search import plot_search
from tsl.plotting._surprisal import plot_surprisal
from tsl.plotting._training import plot_history, plot_residuals

__all__ = [
    "plot_backtest",
    "plot_error_by_step",
    "plot_forecast",
    "plot_forecasts",
    "plot_gates",
    "plot_history",
    "plot_importance",
    "plot_residuals",
    "plot_search",
    "plot_surprisal",
]
