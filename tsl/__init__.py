"""A compiled LSTM with scikit-learn's `fit` and `predict`, for time series and for text.

Everything below is imported on first use, so `import tsl` is fast and compiles nothing.
"""

from typing import TYPE_CHECKING

from tsl._lazy import lazy_names
from tsl._version import __version__

__all__ = [
    "LSTMCharModel",
    "LSTMClassifier",
    "LSTMForecaster",
    "LSTMRegressor",
    "__version__",
    "baselines",
    "datasets",
    "inspection",
    "load",
    "metrics",
    "model_selection",
    "plotting",
    "save",
    "text",
    "windows",
]

_SUBMODULES = {"baselines", "datasets", "inspection", "metrics", "model_selection", "plotting", "text", "windows"}

# Public name -> the module that defines it.
_NAMES = {
    "LSTMCharModel": "tsl.char_model",
    "LSTMClassifier": "tsl.classifier",
    "LSTMForecaster": "tsl.forecasting",
    "LSTMRegressor": "tsl.regressor",
    "load": "tsl.persistence",
    "save": "tsl.persistence",
}

if TYPE_CHECKING:  # the names that `__getattr__` provides, for type checkers and editors
    from tsl import baselines, datasets, inspection, metrics, model_selection, plotting, text, windows
    from tsl.char_model import LSTMCharModel
    from tsl.classifier import LSTMClassifier
    from tsl.forecasting import LSTMForecaster
    from tsl.persistence import load, save
    from tsl.regressor import LSTMRegressor

__getattr__, __dir__ = lazy_names(__name__, _NAMES | {name: f"tsl.{name}" for name in _SUBMODULES})
