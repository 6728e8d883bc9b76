"""LSTMs on a Dask cluster: the same models, fitted where the data lies.

Needs the extra: ``pip install "tsl-lstm[dask]"``. Names are imported on first use.
"""

from typing import TYPE_CHECKING

from tsl._lazy import lazy_names

__all__ = ["DaskLSTMForecaster"]

if TYPE_CHECKING:
    from tsl.dask._forecaster import DaskLSTMForecaster

__getattr__, __dir__ = lazy_names(__name__, {"DaskLSTMForecaster": "tsl.dask._forecaster"})
