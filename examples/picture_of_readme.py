"""
The picture of README.md
========================

``python examples/picture_of_readme.py`` draws docs/_static/forecast.png: carbon dioxide, with each year forecast at
the end of the one before.
"""

from pathlib import Path

from tsl import LSTMForecaster
from tsl.datasets import load_co2
from tsl.plotting import plot_backtest

PICTURE = Path(__file__).parents[1] / "docs" / "_static" / "forecast.png"

co2 = load_co2()
forecaster = LSTMForecaster(
    horizon=52,
    window=104,
    season=52,
    differences=52,
    missing="mask",
    hidden_size=32,
    max_iter=150,
    random_state=0,
)
forecaster.fit(co2[:"1993"])
backtest = forecaster.backtest(co2["1994":], n_windows=8, level=[80, 95])
ax = plot_backtest(backtest, ylabel="ppm")
ax.set_title("Carbon dioxide in the air, each year forecast at the end of the one before")
ax.figure.savefig(PICTURE, dpi=110, metadata={"Software": None})
