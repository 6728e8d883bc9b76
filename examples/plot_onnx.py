"""
Run a model without tsl: ONNX
=============================

A trained model runs in ONNX Runtime without `tsl` and Numba, and makes the same predictions.
"""

# %%
# ONNX Runtime is installed by ``python -m pip install onnxruntime``. Fit a pipeline with a scaler and windows on the
# sunspots:

import matplotlib.pyplot as plt
import numpy as np
import onnxruntime
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from tsl import LSTMRegressor
from tsl.datasets import load_sunspots
from tsl.interop import to_onnx
from tsl.windows import SlidingWindow

sunspots = load_sunspots().to_frame()
model = make_pipeline(StandardScaler(), SlidingWindow(24), LSTMRegressor(max_iter=60, random_state=0))
model.fit(sunspots, sunspots.iloc[:, 0].shift(-1).ffill())
exported = to_onnx(model)

# %%
# The session takes the bytes of the model, and the rows as an array. All steps of the pipeline are included.

session = onnxruntime.InferenceSession(exported.SerializeToString())
[there] = session.run(None, {"X": sunspots.to_numpy(np.float64)})
here = model.predict(sunspots)
print(f"largest difference: {np.abs(there.ravel() - here).max():.5f} sunspots")

fig, ax = plt.subplots(figsize=(9, 3), layout="constrained")
years = sunspots.index.year
ax.plot(years, sunspots.iloc[:, 0].shift(-1), color="black", linewidth=1, label="actual")
ax.plot(years, there.ravel(), color="#0072B2", label="ONNX Runtime")
ax.plot(years, here, color="#D55E00", linestyle=":", label="tsl")
ax.set(title="Sunspots a year ahead", ylabel="sunspots")
ax.legend()
plt.show()
