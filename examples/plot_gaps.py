"""
A sensor with gaps
==================

A tenth of the readings of a glucose sensor is missing, an hour or a day at a time. How should a forecaster treat them?
"""

# %%
# `resample` shows the gaps as missing values. Here is one week:

import matplotlib.pyplot as plt

from tsl import LSTMForecaster
from tsl.datasets import load_glucose
from tsl.metrics import evaluate
from tsl.plotting import plot_forecast

glucose = load_glucose()["glucose"].resample("5min").mean()
week = glucose["2010-07-10":"2010-07-16"]
fig, ax = plt.subplots(figsize=(9, 2.5), layout="constrained")
ax.plot(week.index, week.to_numpy(), color="black", linewidth=1)
ax.fill_between(week.index, 0, 1, where=week.isna(), transform=ax.get_xaxis_transform(), color="tab:orange", alpha=0.4)
ax.set(title="A week with its gaps", ylabel="mg/dL")
plt.show()

# %%
# ``missing="mask"`` tells the network which readings are missing, and it learns from the others. ``"interpolate"``
# interpolates linearly; ``"ffill"`` repeats the last reading. Errors are only measured on observed readings.

settings = {
    "freq": "5min",
    "window": 24,
    "season": 1,
    "scaling": "window",
    "differences": None,
    "hidden_size": 32,
    "max_iter": 100,
}
known, later = glucose["2010-06":"2010-08"], glucose["2010-09":]
for missing in ("mask", "interpolate", "ffill"):
    forecaster = LSTMForecaster(6, missing=missing, random_state=0, **settings).fit(known)
    error = evaluate(forecaster.backtest(later, n_windows=500), ["mae"]).set_index("model")["mae"]
    print(f"{missing:12} {error['y_pred']:.2f} mg/dL, the last reading {error['Naive']:.2f}")

# %%
# Here all three are equally good; with all readings the mask is a little better (:doc:`/tutorial/sensor_gaps`), and it
# does not invent readings.
#
# You can forecast from wherever the series ends, even in a gap. (``freq`` says that the rows between August and that
# gap are left out on purpose.)

forecaster = LSTMForecaster(6, missing="mask", random_state=0, **settings).fit(known)
end = glucose["2010-09":].isna().idxmax()
before = glucose[:end][-24:]
ax = plot_forecast(before, forecaster.predict(data=before, level=80), n_history=24, ylabel="mg/dL")
plt.show()
