"""Types of parameters that are a choice of words, and of what checks them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, TypeVar, cast

from sklearn.base import _fit_context

Auto = Literal["auto"]
Solver = Literal["adam", "adamw", "rmsprop", "sgd"]
LearningRate = Literal["constant", "step", "cosine", "plateau"]
Precision = Literal["float32", "float64"]
TimeOrder = Literal["auto", "oldest_first", "newest_first"]
Layout = Literal["auto", "time_channel", "channel_time"]

Method = TypeVar("Method", bound=Callable[..., Any])


def checks_parameters(fit: Method) -> Method:
    """Let scikit-learn check the parameters before `fit`, and its callbacks end after it; the type of `fit` stays."""
    return cast(Method, _fit_context(prefer_skip_nested_validation=True)(fit))
