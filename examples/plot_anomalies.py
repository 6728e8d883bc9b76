"""
Anomalies by prediction error
=============================

A forecaster that knows how a series usually continues can detect when it does not: when a forecast error is far larger
than usual.
"""

# %%
# The data are hourly sea surface temperatures. We simulate three faults in the last two months: a sensor that is stuck,
# one that drifts, and a jump.

import matplotlib.pyplot as plt
import numpy as np

from tsl import LSTMForecaster
from tsl.datasets import load_sea_surface_temperature

sea = load_sea_surface_temperature().resample("h").mean().interpolate()
known, later = sea[:"2016-11"], sea["2016-12":"2017-01"].copy()
faults = {
    "stuck": slice("2016-12-10 00:00", "2016-12-11 12:00"),
    "drift": slice("2016-12-22", "2016-12-23"),
    "jump": slice("2017-01-12", "2017-01-12"),
}
later[faults["stuck"]] = later[faults["stuck"]].iloc[0]
later[faults["drift"]] += np.linspace(0, 2, len(later[faults["drift"]]))
later[faults["jump"]] += 1.5

# %%
# The forecaster learns from the data before, and forecasts each hour from the hours up to it. `evaluate` would measure
# its accuracy; here we look at single errors, relative to those on the training data.

forecaster = LSTMForecaster(
    1, window=48, season=1, scaling="window", differences=None, hidden_size=32, max_iter=120, random_state=0
)
forecaster.fit(known)
usual = forecaster.backtest(known, n_windows=500)
spread = np.abs(usual["temperature"] - usual["y_pred"]).quantile(0.99)
backtest = forecaster.backtest(later, n_windows=len(later) - 49)
score = np.abs(backtest["temperature"] - backtest["y_pred"]).to_numpy() / spread
times = backtest[later.index.name]

fig, (above, below) = plt.subplots(2, 1, figsize=(9, 5), sharex=True, layout="constrained")
above.plot(later.index, later, color="black", linewidth=1)
above.set(title="Readings, with faults shaded", ylabel="°C")
below.plot(times, score, linewidth=1)
below.axhline(1, color="tab:red", linestyle=":", label="99 % of the errors before")
below.set(title="Error of the forecast an hour ahead", ylabel="in units of that limit")
below.legend()
for ax in (above, below):
    for span in faults.values():
        ax.axvspan(later[span].index[0], later[span].index[-1], color="tab:orange", alpha=0.3)
plt.show()

# %%
# The jump shows at once, twice: when it begins and when it ends. The drift shows mostly at its end, because a forecast
# of one hour follows it; to detect it sooner, forecast further ahead. A stuck value is the easiest of all to forecast,
# so look for a sensor that does not change.

stuck = backtest.assign(time=times, moved=backtest["temperature"].diff().abs().rolling(24).max().to_numpy()).set_index(
    "time"
)["moved"]
print("no change for a day at", stuck[stuck == 0].index[0])
