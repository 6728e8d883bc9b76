"""
Forecast with intervals, and check them
=======================================

A year of carbon dioxide in the air, week by week, with ranges that should hold four of five and nineteen of twenty
readings; and a look at whether such ranges did so before.
"""

# %%
# Some weeks have no reading; the network is told which. The forecaster takes the Series as it is.

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
# Beside it what came:

plot_forecast(known, forecast, actual=later)
plt.show()

# %%
# One year proves little. A backtest forecasts the last ten, each by what was known before it, by a network that was
# trained on what was known before all of them.

backtest = forecaster.backtest(n_windows=10, level=[80, 95])
print(evaluate(backtest, ["mae", "coverage"]).round(2).to_string())

plot_backtest(backtest)
plt.show()

# %%
# `SeasonalNaive` repeats the year before, and so is off by what a year adds. How the error grows over the year:

plot_error_by_step(evaluate(backtest, ["mae"], by="step"))
plt.show()
