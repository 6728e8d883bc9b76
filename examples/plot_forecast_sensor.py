"""
Forecast a glucose sensor with an interval
==========================================

Forecast a sensor half an hour ahead, with an 80 % prediction interval from quantiles.
"""

# %%
# The inputs are two hours of readings and currents, the target is the change half an hour later. Rows without a target
# are dropped, and no window spans a gap. The last forty days are the test set.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.pipeline import make_pipeline

from tsl import LSTMRegressor
from tsl.datasets import load_glucose
from tsl.windows import SlidingWindow


def question(part):
    """Return the rows whose reading half an hour later is known, and its change."""
    later = part["glucose"].shift(freq="-30min")
    rows = part.assign(change=later - part["glucose"]).dropna()
    rows["stretch"] = (rows.index.to_series().diff() > "5min").cumsum()
    return rows[["isig", "glucose", "stretch"]], rows["change"]


readings = load_glucose().resample("5min").mean()
X, y = question(readings[:"2010-08"])
X_test, y_test = question(readings["2010-09":])

# %%
# Three quantiles are learned at once: the median is the forecast, the other two are the bounds of the interval.

model = make_pipeline(
    SlidingWindow(24, groups="stretch"),
    LSTMRegressor(hidden_size=32, loss="quantile", quantiles=[0.1, 0.5, 0.9], random_state=0),
)
low, middle, high = model.fit(X, y).predict(X_test).T
inside = (low <= y_test) & (y_test <= high)
print(f"mean absolute error {np.abs(middle - y_test).mean():.1f} mg/dL, persistence {np.abs(y_test).mean():.1f}")
print(f"coverage: {inside.mean():.0%}")

# %%
# The coverage is a little below 80 %, as is common for quantiles that were learned on earlier data. It can only be
# measured on later data.
#
# On one day of the test set, the interval is wide where the glucose changes fast.

day = X_test.index.normalize() == "2010-09-16"
now, times = X_test["glucose"][day], X_test.index[day] + np.timedelta64(30, "m")

fig, ax = plt.subplots(figsize=(11, 4), layout="constrained")
ax.fill_between(times, now + low[day], now + high[day], color="tab:red", alpha=0.25, linewidth=0, label="80 % interval")
ax.plot(times, now + middle[day], color="tab:red", label="forecast half an hour before")
ax.plot(times, now, color="tab:gray", linestyle=":", label="persistence")
ax.plot(times, now + y_test[day], color="black", linewidth=1.5, label="measured")
ax.set(ylabel="mg/dL", title="Glucose, half an hour ahead")
ax.legend()
plt.show()
