"""Arguments shared by several methods of a forecaster, and old names of parameters."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from numbers import Integral
from typing import Any, Literal, TypeVar

import numpy as np

ForecastLoss = Literal["absolute_error", "squared_error", "huber", "quantile", "poisson", "negative_binomial"]
Kind = TypeVar("Kind", bound=type)


def shown(value: Any) -> str:
    """Return a value as shown in an error message: frames and arrays, which have many lines, only by their type."""
    text = repr(value) if value is None or np.isscalar(value) else ""
    return text if 0 < len(text) <= 80 else f"a {type(value).__name__}"


def refuse_targets_apart(y: Any) -> None:
    """Check that targets are not passed separately from the data that contain them."""
    if y is not None:
        raise TypeError(f"y must be None, because the target is a column of the data (target=), got {shown(y)}")


def checked_horizon(horizon: Any, default: int) -> int:
    """Check the number of steps to forecast; None gives `default`."""
    if horizon is None:
        return int(default)
    if not isinstance(horizon, Integral) or isinstance(horizon, bool) or horizon < 1:
        hint = "" if np.isscalar(horizon) else ": series to forecast from are given as data="
        raise ValueError(f"horizon must be a whole number from 1 up, got {shown(horizon)}{hint}")
    return int(horizon)


def takes_old_names(kind: Kind) -> Kind:
    """Decorate a class to accept `transform`, the old name of `target_transform`, in addition to its signature.

    It was renamed because scikit-learn treats an object with an attribute `transform` as a transformer.
    """
    for method in ("__init__", "set_params"):
        setattr(kind, method, _taking_old_names(getattr(kind, method)))
    return kind


def _taking_old_names(method: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(method)
    def wrapper(self: Any, *args: Any, **params: Any) -> Any:
        if "transform" in params:
            message = "transform= of LSTMForecaster is target_transform= now, and will be removed"
            warnings.warn(message, FutureWarning, stacklevel=2)
            params = {"target_transform" if name == "transform" else name: value for name, value in params.items()}
        return method(self, *args, **params)

    return wrapper
