"""Windows over series: a transformer for pipelines, and a function that returns `(X, y)` arrays.

Both return views of one array that holds the series, so windows of 168 steps do not take 168 times its memory.
"""

from tsl._outliers import OutlierWarning
from tsl.windows._lags import WindowLayoutWarning
from tsl.windows._make import make_windows
from tsl.windows._sliding import SlidingWindow

__all__ = ["OutlierWarning", "SlidingWindow", "WindowLayoutWarning", "make_windows"]
