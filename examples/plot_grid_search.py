"""
Grid search over windows and sizes
==================================

`GridSearchCV` searches over the parameters of every step of a pipeline, including the window. Folds are split by time.
"""

# %%
# Hourly sea surface temperature, four hours ahead. No training target may lie in the test part: ``gap=3`` leaves out
# the rows for which it would.

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
from sklearn.pipeline import make_pipeline

from tsl import LSTMRegressor
from tsl.datasets import load_sea_surface_temperature
from tsl.windows import SlidingWindow

sea = load_sea_surface_temperature().resample("h").mean().interpolate()["2016-06":"2016-08"]
change = sea.shift(-4) - sea
X, y = np.diff(sea.to_numpy(), prepend=sea.iloc[0])[:-4, None], change.to_numpy()[:-4]

# %%
# The grid has windows of six hours to two days, and two sizes.

pipeline = make_pipeline(SlidingWindow(), LSTMRegressor(max_iter=15, random_state=0))
grid = {"slidingwindow__window": [6, 24, 48], "lstmregressor__hidden_size": [8, 32]}
search = GridSearchCV(pipeline, grid, cv=TimeSeriesSplit(2, gap=3), scoring="neg_root_mean_squared_error")
search.fit(X, y)

table = pd.DataFrame(search.cv_results_)
scores = -table.pivot(
    index="param_slidingwindow__window", columns="param_lstmregressor__hidden_size", values="mean_test_score"
)
print(scores.round(3))

fig, ax = plt.subplots(figsize=(7, 3.5), layout="constrained")
for size in scores:
    ax.plot(scores.index, scores[size], marker="o", label=f"{size} units")
ax.axhline(np.sqrt(np.mean(y**2)), color="0.6", linestyle=":", label="no change")
ax.set(title="Sea temperature, four hours ahead", xlabel="window, hours", ylabel="root mean squared error, °C")
ax.legend()
plt.show()

# %%
# A day is long enough to see the tide and the sun. The best pipeline has been fitted on all data and is ready for
# ``search.predict``.

print(search.best_params_)
