"""Forecasts of many series at once: a DataFrame in, the same form out.

Names are imported on first use, so that `tsl.interop.OnnxForecaster` can read and write frames without Numba and
scikit-learn being installed.
"""

from typing import TYPE_CHECKING

from tsl._lazy import lazy_names

__all__ = [
    "IgnoredColumnsWarning",
    "IrregularTimesWarning",
    "LSTMForecaster",
    "ShortSeriesWarning",
    "TooShortWarning",
]

if TYPE_CHECKING:
    from tsl.forecasting.evaluation.plan import TooShortWarning
    from tsl.forecasting.frames.roles import IgnoredColumnsWarning
    from tsl.forecasting.lstm import LSTMForecaster
    from tsl.forecasting.model.sampling import ShortSeriesWarning
    from tsl.forecasting.times.axis import IrregularTimesWarning

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "IgnoredColumnsWarning": "tsl.forecasting.frames.roles",
        "IrregularTimesWarning": "tsl.forecasting.times.axis",
        "LSTMForecaster": "tsl.forecasting.lstm",
        "ShortSeriesWarning": "tsl.forecasting.model.sampling",
        "TooShortWarning": "tsl.forecasting.evaluation.plan",
    },
)
