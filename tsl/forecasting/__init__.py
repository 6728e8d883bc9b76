"""Forecasts of many series at once: a DataFrame in, the same form out."""

from tsl.forecasting.backtest import TooShortWarning
from tsl.forecasting.lstm import LSTMForecaster, ShortSeriesWarning
from tsl.forecasting.roles import IgnoredColumnsWarning
from tsl.forecasting.times import IrregularTimesWarning

__all__ = [
    "IgnoredColumnsWarning",
    "IrregularTimesWarning",
    "LSTMForecaster",
    "ShortSeriesWarning",
    "TooShortWarning",
]
