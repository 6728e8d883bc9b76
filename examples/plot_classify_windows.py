"""
Classify windows
================

Will the glucose be above 180 mg/dL in half an hour? Each window of two hours gets a class, with a probability.
"""

# %%
# `SlidingWindow` makes the windows, and none spans a gap. The rows are split by time.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.metrics import RocCurveDisplay, roc_auc_score
from sklearn.pipeline import make_pipeline

from tsl import LSTMClassifier
from tsl.datasets import load_glucose
from tsl.windows import SlidingWindow

readings = load_glucose()["2010-06":].resample("5min").mean()
later = readings["glucose"].shift(freq="-30min").reindex(readings.index)
rows = readings.assign(high=later > 180)[later.notna() & readings.notna().all(axis=1)]
rows = rows[rows["glucose"] <= 180]  # only those that are not high already
rows["stretch"] = (rows.index.to_series().diff() > "5min").cumsum()
X, y = rows[["isig", "glucose", "stretch"]], rows["high"]
known, test = rows.index < "2010-09", rows.index >= "2010-09"
print(f"{known.sum():,} training windows, {y[known].mean():.0%} of them before a high")

# %%
# Compare a network with the obvious rule: the higher the reading now, the more likely.

model = make_pipeline(SlidingWindow(24, groups="stretch"), LSTMClassifier(hidden_size=32, max_iter=5, random_state=0))
probability = model.fit(X[known], y[known]).predict_proba(X[test])[:, 1]
now = X[test]["glucose"]
areas = [roc_auc_score(y[test], guess) for guess in (probability, now)]
print(f"area under the curve: {areas[0]:.3f}, by the reading alone {areas[1]:.3f}")

fig, ax = plt.subplots(figsize=(4.5, 4.5), layout="constrained")
RocCurveDisplay.from_predictions(y[test], probability, name="LSTM", ax=ax)
RocCurveDisplay.from_predictions(y[test], now, name="the reading now", ax=ax)
ax.set_title("High glucose in half an hour")
plt.show()

# %%
# Are the probabilities calibrated? Of the windows with a probability of about 30 percent, about 30 percent should be
# followed by a high.

edges = np.linspace(0, 1, 11)
groups = np.clip(np.digitize(probability, edges) - 1, 0, 9)
filled = [k for k in range(10) if (groups == k).sum() >= 20]
fig, ax = plt.subplots(figsize=(4.5, 4.5), layout="constrained")
ax.plot([0, 1], [0, 1], color="0.7", linestyle=":")
ax.plot([probability[groups == k].mean() for k in filled], [y[test][groups == k].mean() for k in filled], marker="o")
ax.set(title="Calibration", xlabel="predicted probability", ylabel="observed frequency")
plt.show()
