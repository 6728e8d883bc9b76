"""Support for Dask frames in the methods of baselines. Importing this module does not import Dask."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

from tsl._tables.partitions import is_dask

Kind = TypeVar("Kind", bound=type)
METHODS = (
    "fit", "calibrate", "update", "predict", "simulate", "make_future_frame", "backtest", "predict_insample",
    "residuals", "score",
)  # fmt: skip


def takes_dask_frames(kind: Kind) -> Kind:
    """Let the methods of a class of baselines accept long Dask frames and return lazy ones."""
    for name in METHODS:
        setattr(kind, name, _dispatched(getattr(kind, name)))
    return kind


def _dispatched(method: Callable[..., Any]) -> Callable[..., Any]:
    """Return the method, for frames in memory and Dask frames."""

    @functools.wraps(method)
    def dispatched(self: Any, *args: Any, **kwargs: Any) -> Any:
        is_given = any(is_dask(one) for one in (*args, *kwargs.values()))
        is_fit = method.__name__ == "fit"
        if not is_given and (is_fit or self._on_dask is None):
            if is_fit:
                self._on_dask = None
            return method(self, *args, **kwargs)
        from tsl.dask._baselines import call

        return call(self, method.__name__, *args, **kwargs)

    return dispatched
