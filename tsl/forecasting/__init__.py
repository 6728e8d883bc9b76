"""Forecasts of many series at once: a DataFrame in, the same form out."""

from tsl.forecasting.evaluation.backtest import TooShortWarning
from tsl.forecasting.frames.roles import IgnoredColumnsWarning
from tsl.forecasting.lstm import LSTMForecaster
from tsl.forecasting.model.sampling import ShortSeriesWarning
from tsl.forecasting.times.axis import IrregularTimesWarning

__all__ = [
    "IgnoredColumnsWarning",
    "IrregularTimesWarning",
    "LSTMForecaster",
    "ShortSeriesWarning",
    "TooShortWarning",
]
