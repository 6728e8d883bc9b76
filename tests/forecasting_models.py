"""Small panels and forecasters shared by the tests of the forecaster interface."""

import numpy as np
import pandas as pd

from tsl.baselines import Naive, SeasonalNaive
from tsl.forecasting.forecaster import Forecaster
from tsl.forecasting.panel.panel import Panel
from tsl.forecasting.protocol import Forecasts

HOURS = pd.date_range("2024-01-01", periods=2000, freq="h")


def make_panel(*series):
    """A panel of these values, named 0, 1, ..., at rows as times."""
    lengths = [len(values) for values in series]
    nothing = np.empty((sum(lengths), 0))
    return Panel(
        ids=pd.RangeIndex(len(series)),
        offsets=np.concatenate([[0], np.cumsum(lengths)]),
        times=pd.Index(np.concatenate([np.arange(n) for n in lengths])),
        values=np.concatenate([np.asarray(values, float) for values in series]),
        past=nothing,
        future=nothing,
        static=np.empty((len(series), 0)),
    )


def long_frame(lengths, random_state=0, season=24):
    """Series "a", "b", ... of these lengths: a daily cycle and noise."""
    rng = np.random.default_rng(random_state)
    parts = []
    for name, n in zip("abcdefgh", lengths):
        values = 5 * np.sin(np.arange(n) * 2 * np.pi / season) + rng.normal(size=n)
        parts.append(pd.DataFrame({"unique_id": name, "ds": HOURS[:n], "y": values}))
    return pd.concat(parts, ignore_index=True)


def line(n, start=0):
    """Its own numbers as values: a series that goes up by 1."""
    return pd.Series(np.arange(start, start + n, dtype=float), HOURS[start : start + n], name="load")


def promo_frame(n=8):
    """The numbers of the rows, and ten times as much known ahead."""
    return pd.DataFrame({"y": np.arange(n), "promo": np.arange(n) * 10.0}, HOURS[:n])


class Trained(Naive):
    """Forecasts 1000 where it is asked for a row that it was fitted on, and the last value elsewhere."""

    def _fit_panel(self, panel):
        self.known_ = set(zip(panel.ids.repeat(panel.lengths), panel.times))

    def _points(self, panel, cutoffs, horizon):
        forecasts = super()._points(panel, cutoffs, horizon)
        for window, cutoff in enumerate(cutoffs):
            k = panel.series_of(np.array([cutoff - 1]))[0]
            for step in range(min(horizon, panel.offsets[k + 1] - cutoff)):
                if (panel.ids[k], panel.times[cutoff + step]) in self.known_:
                    forecasts[window, step] = 1000.0
        return forecasts


class Peeking(SeasonalNaive):
    """Notes which values it could see before each window."""

    seen = None

    def _points(self, panel, cutoffs, horizon):
        assert len(cutoffs), "a model need not forecast nothing"
        type(self).seen = (panel, cutoffs)
        return super()._points(panel, cutoffs, horizon)


class Told(Forecaster):
    """Forecasts the sum of what is known ahead, whatever came before."""

    def __init__(self, horizon=2, *, season=1, missing="error", past=None, future=("promo",), calendar=None, freq=None):
        self.horizon = horizon
        self.season = season
        self.missing = missing
        self.past = past
        self.future = future
        self.calendar = calendar
        self.freq = freq

    def _fit_panel(self, panel):
        pass

    def _context_length(self):
        return 1

    def _forecast(self, panel, cutoffs, horizon, quantiles):
        rows = cutoffs[:, None] + np.arange(horizon)
        inside = rows < panel.ends[panel.series_of(cutoffs - 1)][:, None]
        return Forecasts(np.where(inside, panel.future.sum(axis=1)[np.where(inside, rows, 0)], np.nan))


class Sure(Naive):
    """Says its quantiles itself: the point and ten times the quantile."""

    def _forecast(self, panel, cutoffs, horizon, quantiles):
        points = self._points(panel, cutoffs, horizon)
        return Forecasts(points, points[:, :, None] + 10 * np.asarray(quantiles))
