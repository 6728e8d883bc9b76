"""
Why share prices are hard to forecast
=====================================

A forecast of share prices looks good, and is worthless. Three plots show why.
"""

# %%
# One network is trained on four shares until the end of 2011, and forecasts 2012 a week ahead.

import matplotlib.pyplot as plt
import numpy as np

from tsl import LSTMForecaster
from tsl.datasets import load_stocks
from tsl.metrics import evaluate
from tsl.plotting import plot_backtest, plot_error_by_step

prices = load_stocks().pivot(columns="ticker", values="adj_close")[["AAPL", "GOOG", "IBM", "MSFT"]]
forecaster = LSTMForecaster(5, window=20, freq="B", scaling="window", hidden_size=32, max_iter=50, random_state=0)
backtest = forecaster.fit(prices[:"2011"]).backtest(prices["2012":"2012-12-20"], n_windows=40, level=80)

# %%
# The forecast is never far off, because the last price is not:

plot_backtest(backtest, series="IBM", n_cutoffs=10, ylabel="US dollars")
plt.show()

# %%
# But the last price itself is as good a forecast. The errors are the same:

plot_error_by_step(evaluate(backtest, ["smape"], by="step", models=["y_pred", "Naive"]))
plt.show()

# %%
# The change of one day says nothing about the change of the next, but its size does. So a forecast of prices can offer
# an interval, and no more.

changes = np.log(prices["IBM"]).diff().dropna()
lags = range(1, 21)
fig, ax = plt.subplots(figsize=(8, 3), layout="constrained")
ax.bar([lag - 0.2 for lag in lags], [changes.autocorr(lag) for lag in lags], 0.4, label="changes")
ax.bar([lag + 0.2 for lag in lags], [changes.abs().autocorr(lag) for lag in lags], 0.4, label="their size")
ax.set(xlabel="days apart", ylabel="correlation", title="IBM: autocorrelation of daily changes")
ax.legend()
plt.show()

inside = evaluate(backtest, ["coverage"], models=["y_pred"])["coverage-80"][0]
print(f"inside the 80 % interval: {inside:.0%}")
