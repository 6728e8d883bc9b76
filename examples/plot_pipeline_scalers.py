"""
A pipeline with scikit-learn's scalers
======================================

Which scaling suits a series with high peaks? The estimators of `tsl` are steps of a pipeline, so trying another scaler
takes one line.
"""

# %%
# Sunspots come in waves, with high peaks. The target is the number in the next year.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.compose import TransformedTargetRegressor
from sklearn.model_selection import TimeSeriesSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler, RobustScaler, StandardScaler

from tsl import LSTMRegressor
from tsl.datasets import load_sunspots
from tsl.windows import SlidingWindow

sunspots = load_sunspots().to_numpy()
X, y = sunspots[:-1, None], sunspots[1:]


def model(*scalers):
    """Return a pipeline with these scalers before the windows."""
    network = LSTMRegressor(hidden_size=16, max_iter=60, random_state=0)
    return make_pipeline(*scalers, SlidingWindow(22), network)


# %%
# Each model is tested on five blocks of years, trained on the years before. `TransformedTargetRegressor` also takes the
# square root of the target, which reduces the peaks.

root = FunctionTransformer(np.sqrt)
models = {
    "none": model(),
    "StandardScaler": model(StandardScaler()),
    "MinMaxScaler": model(MinMaxScaler()),
    "RobustScaler": model(RobustScaler()),
    "square root": TransformedTargetRegressor(model(root), func=np.sqrt, inverse_func=np.square),
}
folds = TimeSeriesSplit(5)
tested = np.concatenate([test for _, test in folds.split(X)])
errors = {}
for name, estimator in models.items():
    forecast = np.concatenate([estimator.fit(X[a], y[a]).predict(X[b]) for a, b in folds.split(X)])
    errors[name] = np.sqrt(np.mean((forecast - y[tested]) ** 2))
errors["last value"] = np.sqrt(np.mean((X[tested, 0] - y[tested]) ** 2))

fig, ax = plt.subplots(figsize=(8, 3), layout="constrained")
ax.barh(list(errors), list(errors.values()), color=["#0072B2"] * len(models) + ["0.6"])
ax.set(title="Sunspots a year ahead, by the scaling of the inputs", xlabel="root mean squared error")
plt.show()

# %%
# The network scales its inputs itself, so linear scalers change nothing but rounding; the square root, which is not
# linear, changes a little. If another step needs a scaler, put it in the pipeline: fitted on the whole series, it would
# leak future values.
