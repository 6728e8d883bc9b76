"""
What fit chooses
================

If you set only the horizon, `fit` compares transforms of the target, windows, differences and scalings on held-out
data, and combines a few different networks.
"""

# %%
# We use three hundred years of sunspots, and small networks so that it takes seconds.

import matplotlib.pyplot as plt
import pandas as pd

from tsl import LSTMForecaster
from tsl.datasets import load_sunspots
from tsl.plotting import plot_forecast

sunspots = load_sunspots()
forecaster = LSTMForecaster(11, hidden_size=16, max_iter=100, random_state=0).fit(sunspots[:"1990"])
for member in forecaster.members_:
    windowing = member.windowing
    print(f"{member.kind:15} window {windowing.window:3}  scaling {windowing.scaling!s:7} weight {member.weight:.2f}")

# %%
# All trials, with their errors on the held-out end of the training data. Some years had no sunspots, so that square
# roots are tried rather than logarithms; they are better, and used from then on.

trials = pd.DataFrame(forecaster.search_results_)
columns = ["stage", "kind", "target_transform", "window", "differences", "scaling", "n_steps", "mase", "chosen"]
print(trials[columns].round(2).to_string())

windows = trials[(trials["stage"] == "windowing") & (trials["kind"] == "lstm")]
fig, ax = plt.subplots(figsize=(8, 3), layout="constrained")
table = windows[["window", "scaling", "differences"]].astype(object).where(lambda value: value.notna(), "none")
labels = table.astype(str).agg(", ".join, axis=1).to_list()
ax.barh(labels, windows["mase"], color=["#0072B2" if chosen else "0.75" for chosen in windows["chosen"]])
ax.set(title="Windows tried; blue ones are part of the forecast", xlabel="MASE on held-out data")
ax.set_ylabel("window, scaling, differences")
plt.show()

# %%
# The forecast of the next cycle, with intervals:

plot_forecast(sunspots[:"1990"], forecaster.predict(level=[50, 90]), actual=sunspots["1991":], ylabel="sunspots")
plt.show()
