"""
Hourly data with holidays
=========================

The data are a simulated load of an electricity grid, so we know that a public holiday is like a Sunday. Does the
forecaster find out?
"""

# %%
# There are two years of hourly data. On Sundays and holidays the load is a quarter lower.

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from tsl import LSTMForecaster
from tsl.metrics import evaluate
from tsl.plotting import plot_backtest

hours = pd.date_range("2022-01-01", "2023-12-31 23:00", freq="h", name="time")
holidays = pd.to_datetime(
    ["2022-05-26", "2022-10-03", "2022-12-26", "2023-04-10", "2023-05-01", "2023-05-18", "2023-10-03"]
)
rest = hours.normalize().isin(holidays) | (hours.day_of_week == 6)
noise = np.random.default_rng(0).normal(0, 1, len(hours))
day = 10 * np.sin((hours.hour - 8) * np.pi / 12)
load = pd.DataFrame(
    {"load": (60 + day) * np.where(rest, 0.75, 1.0) + noise, "holiday": hours.normalize().isin(holidays)}, hours
)

# %%
# The holiday is a covariate that is known ahead. (``calendar=["holidays:DE"]`` takes public holidays from the package
# `holidays`.)

settings = {"window": 168, "season": 24, "scaling": "window", "differences": None, "hidden_size": 16, "max_iter": 120}
known, later = load[:"2023-04-29"], load["2023-04-30":"2023-05-20"]
models = {
    "with holidays": LSTMForecaster(24, past=[], future=["holiday"], random_state=0, **settings),
    "without": LSTMForecaster(24, past=[], random_state=0, **settings),
}
backtests = {}
for name, model in models.items():
    backtests[name] = model.fit(known, target="load").backtest(later, n_windows=20)
    error = evaluate(backtests[name], ["mae"]).set_index("model")["mae"]
    print(f"{name:14} {error['y_pred']:.2f}, the day before {error['SeasonalNaive']:.2f}")

# %%
# The plot shows three weeks around two holidays, 1 and 18 May. Without the covariate the forecasts for these days are
# far off.

table = backtests["without"].rename(columns={"y_pred": "without"})
table["with holidays"] = backtests["with holidays"]["y_pred"]
fig, ax = plt.subplots(figsize=(9, 3.5), layout="constrained")
plot_backtest(table, models=["without", "with holidays"], n_cutoffs=20, ylabel="load", ax=ax)
plt.show()
