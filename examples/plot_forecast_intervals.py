"""
Forecast with prediction intervals, and check their coverage
============================================================

Forecast a year of weekly atmospheric carbon dioxide with 80 % and 95 % prediction intervals, and measure their coverage
in a backtest.
"""

# %%
# Some weeks have no reading; ``missing="mask"`` tells the network which. The forecaster takes a Series.

import matplotlib.pyplot as plt

from tsl import LSTMForecaster
from tsl.datasets import load_co2
from tsl.metrics import evaluate
from tsl.plotting import plot_backtest, plot_error_by_step, plot_forecast

co2 = load_co2()
known, later = co2[:"1999"], co2["2000":]
forecaster = LSTMForecaster(
    horizon=52, season=52, window=104, differences=52, missing="mask", hidden_size=32, max_iter=150, random_state=0
)
forecast = forecaster.fit(known).predict(level=[80, 95])
print(forecast.head(3).round(1))

# %%
# The forecast and the observed values:

plot_forecast(known, forecast, actual=later, ylabel="ppm of carbon dioxide")
plt.show()

# %%
# One year is not enough to judge. A backtest forecasts each of the last ten years from its cutoff, with a network that
# is trained on the data before the first cutoff.

backtest = forecaster.backtest(n_windows=10, level=[80, 95])
print(evaluate(backtest, ["mae", "coverage"]).round(2).to_string())

plot_backtest(backtest, ylabel="ppm of carbon dioxide")
plt.show()

# %%
# `SeasonalNaive` repeats the previous year, so its error is the yearly increase. The error by forecast step:

plot_error_by_step(evaluate(backtest, ["mae"], by="step"))
plt.show()
