"""Checks of arguments that several methods of a forecaster have."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from numbers import Integral
from typing import Any, TypeVar, cast

import numpy as np

Init = TypeVar("Init", bound=Callable[..., None])


def shown(value: Any) -> str:
    """Return how an error shows a value: frames and arrays, which have many lines, by their type alone."""
    text = repr(value) if value is None or np.isscalar(value) else ""
    return text if 0 < len(text) <= 80 else f"a {type(value).__name__}"


def refuse_targets_apart(y: Any) -> None:
    """Refuse targets beside the data that hold them."""
    if y is not None:
        raise TypeError(f"y must be None, as the target is a column of the data (target=), got {shown(y)}")


def checked_horizon(horizon: Any, default: int) -> int:
    """Return the steps to forecast, `default` where no number is given."""
    if horizon is None:
        return int(default)
    if not isinstance(horizon, Integral) or isinstance(horizon, bool) or horizon < 1:
        hint = "" if np.isscalar(horizon) else ": series to forecast from are given as data="
        raise ValueError(f"horizon must be a whole number from 1 up, got {shown(horizon)}{hint}")
    return int(horizon)


def renamed_parameters(params: dict[str, Any]) -> dict[str, Any]:
    """Return parameters with `transform` under its new name: scikit-learn takes what has it for a transformer."""
    if "transform" not in params:
        return params
    warnings.warn(
        "transform= of LSTMForecaster is target_transform= now, and will be removed", FutureWarning, stacklevel=3
    )
    return {"target_transform" if name == "transform" else name: value for name, value in params.items()}


def taking_old_names(init: Init) -> Init:
    """Let a constructor take `transform`, which is not in its signature: what is there is a parameter."""

    @functools.wraps(init)
    def wrapper(self: Any, *args: Any, **params: Any) -> None:
        init(self, *args, **renamed_parameters(params))

    return cast(Init, wrapper)
