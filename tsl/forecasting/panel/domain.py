"""Values that the logarithm or the square root is not defined for: replaced, and named in one warning per call."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import replace
from typing import NamedTuple, ParamSpec, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tsl._outliers import OutlierWarning
from tsl._tables.columns import written
from tsl._warnings import calls_within_tsl
from tsl.forecasting.panel.panel import Panel

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


class Outside(NamedTuple):
    """Values outside the domain of a transform."""

    kind: str
    """The transform, "log" or "sqrt"."""
    values: pd.DataFrame
    """Each of them with its ``series`` and ``time``."""

    @classmethod
    def of(cls, panel: Panel, rows: NDArray[np.int64], kind: str) -> Outside:
        """Return the values in these rows of a panel."""
        series, times = panel.ids.take(panel.series_of(rows)), panel.times.take(rows)
        values = pd.DataFrame({"series": series, "time": times, "value": panel.values[rows]})
        return cls(kind, values.drop_duplicates(["series", "time"]))  # windows overlap


_found: ContextVar[list[Outside] | None] = ContextVar("_found", default=None)


def is_outside(values: NDArray[np.float64], kind: str | None) -> NDArray[np.bool_]:
    """Return which values the transform is not defined for; a missing value is none of them."""
    return values < 0 if kind == "sqrt" else values <= 0


def floored(panel: Panel, kind: str, low: float, *, warn: bool = True) -> Panel:
    """Return the panel with each value outside the domain replaced by the smallest one inside, of the same series.

    Parameters
    ----------
    panel : Panel
        For a forecast, a panel with only what is known at its cutoff.
    kind : {"log", "sqrt"}
    low : float
        Replaces values of series that have none inside the domain.
    warn : bool
        Whether to report the values.
    """
    outside = is_outside(panel.values, kind)
    if not outside.any():
        return panel
    rows = np.flatnonzero(outside)
    if warn:
        report(Outside.of(panel, rows, kind))
    inside = np.flatnonzero(~outside & ~np.isnan(panel.values))
    lowest = np.full(panel.n_series, np.inf)
    np.minimum.at(lowest, panel.series_of(inside), panel.values[inside])
    values = panel.values.copy()
    values[rows] = np.where(np.isfinite(lowest), lowest, low)[panel.series_of(rows)]
    return replace(panel, values=values)


def report(outside: Outside | None) -> None:
    """Warn about replaced values, if any: at the end of a call with `one_warning`, otherwise now."""
    if outside is None:
        return
    found = _found.get()
    if found is None:
        _warn([outside])
    else:
        found.append(outside)


def one_warning(call: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """Decorate a function to name all values that are replaced within it in one `OutlierWarning`."""

    @functools.wraps(call)
    def reporting(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        if _found.get() is not None:  # within another call, which will warn
            return call(*args, **kwargs)
        found: list[Outside] = []
        token = _found.set(found)
        try:
            result = call(*args, **kwargs)
        finally:
            _found.reset(token)
        if found:
            _warn(found)
        return result

    return reporting


def _warn(found: list[Outside]) -> None:
    """Warn about values, which are the same if they have the same series and time."""
    values = pd.concat([one.values for one in found]).drop_duplicates(["series", "time"])
    kind, (series, time, value) = found[0].kind, (values[name].iloc[0] for name in ("series", "time", "value"))
    allowed, remedy = ("of at least 0", "None") if kind == "sqrt" else ("above 0", "None, or 'sqrt' if none is below 0")
    warnings.warn(
        f"the target has {len(values)} values outside the domain of target_transform={kind!r}, which fit chose, the "
        f"first {value:g} at {time} in series {written(series)}: the smallest known value {allowed} of the series is "
        "used instead; if such values are not errors, fit again, with data that contain some or with "
        f"target_transform={remedy}",
        OutlierWarning,
        stacklevel=calls_within_tsl(),
    )
