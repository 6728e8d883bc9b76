"""Forecasts of many series at once: a DataFrame in, the same form out."""

from tsl.forecasting.backtest import TooShortWarning
from tsl.forecasting.lstm import LSTMForecaster, ShortSeriesWarning
from tsl.forecasting.roles import IgnoredColumnsWarning
from tsl.forecasting.times import IrregularTimesWarning
from tsl.windows import OutlierWarning

__all__ = [
    "IgnoredColumnsWarning",
    "IrregularTimesWarning",
    "LSTMForecaster",
    "OutlierWarning",
    "ShortSeriesWarning",
    "TooShortWarning",
]
