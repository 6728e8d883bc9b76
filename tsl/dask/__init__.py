"""LSTMs on a Dask cluster: the same models, fitted where the data is.

Requires the extra: ``pip install "tsl-lstm[dask]"``. Names are imported on first use.
"""

from typing import TYPE_CHECKING

from tsl._lazy import lazy_names

__all__ = ["DaskLSTMClassifier", "DaskLSTMForecaster", "DaskLSTMRegressor"]

if TYPE_CHECKING:
    from tsl.dask._forecaster import DaskLSTMForecaster
    from tsl.dask._windows import DaskLSTMClassifier, DaskLSTMRegressor

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "DaskLSTMClassifier": "tsl.dask._windows",
        "DaskLSTMForecaster": "tsl.dask._forecaster",
        "DaskLSTMRegressor": "tsl.dask._windows",
    },
)
