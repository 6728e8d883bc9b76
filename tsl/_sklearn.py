"""All uses of scikit-learn's private names; written for scikit-learn 1.6 to 1.9."""

from __future__ import annotations

from collections.abc import Callable
from numbers import Integral, Real
from typing import Any, NamedTuple, TypeVar, cast

from numpy.typing import NDArray
from sklearn.base import _fit_context
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import _check_feature_names_in

__all__ = [
    "CallbackSupportMixin",
    "EncoderState",
    "Interval",
    "StrOptions",
    "check_parameters",
    "checks_parameters",
    "count",
    "encoder_state",
    "new_fit_task",
    "positive",
    "read_feature_names",
    "set_output_container",
    "share",
]

try:
    from sklearn.callback import CallbackSupportMixin  # public, but only since 1.9
except ImportError:

    class CallbackSupportMixin:  # type: ignore[no-redef]
        """Empty stand-in for older versions."""


# --- parameters: entries of an estimator's `_parameter_constraints` ---------------------------------------------

Method = TypeVar("Method", bound=Callable[..., Any])


def positive() -> Interval:
    """Allow numbers above 0."""
    return Interval(Real, 0, None, closed="neither")


def count() -> Interval:
    """Allow integers of at least 1."""
    return Interval(Integral, 1, None, closed="left")


def share(closed: str = "left") -> Interval:
    """Allow numbers from 0 to 1; `closed` says which ends are included."""
    return Interval(Real, 0, 1, closed=closed)


def checks_parameters(fit: Method) -> Method:
    """Have scikit-learn check parameters before `fit` and close its callbacks after it; the type of `fit` is kept."""
    return cast(Method, _fit_context(prefer_skip_nested_validation=True)(fit))


def check_parameters(estimator: Any) -> None:
    """Check the parameters, in methods that cannot use `checks_parameters`."""
    estimator._validate_params()


# --- columns, containers and callbacks --------------------------------------------------------------------------


def read_feature_names(transformer: Any, input_features: Any) -> NDArray[Any]:
    """Check `input_features` against the names seen in `fit`; None returns those, or ``x0, x1, ...``."""
    return _check_feature_names_in(transformer, input_features)


def set_output_container(transformer: Any, container: str) -> None:
    """Set the output container of `transform`, as `set_output` does, even without `get_feature_names_out`."""
    transformer._sklearn_output_config = {"transform": container}


def new_fit_task(estimator: Any, max_subtasks: int | None) -> Any:
    """Return the root task of a fit for the callbacks of `set_callbacks`; None before scikit-learn 1.9."""
    if not hasattr(estimator, "_init_callback_context"):
        return None
    return estimator._init_callback_context(max_subtasks=max_subtasks)


# --- a fitted OneHotEncoder -------------------------------------------------------------------------------------


class EncoderState(NamedTuple):
    """What a fitted `OneHotEncoder` knows in addition to its categories, for each input column."""

    n_outputs: list[Any]
    """Number of output columns."""
    dropped: list[Any]
    """Index, after grouping infrequent categories, of the category without an output column; None if all have one."""
    infrequent: list[Any]
    """Indices of infrequent categories; None if there are none."""
    mappings: list[Any]
    """Index of each category after infrequent ones were grouped; None if there are none."""


def encoder_state(encoder: Any) -> EncoderState:
    """Return the private state of a fitted `OneHotEncoder`."""
    nothing = [None] * len(encoder.categories_)
    dropped = encoder._drop_idx_after_grouping
    grouped = encoder._infrequent_enabled
    return EncoderState(
        encoder._n_features_outs,
        nothing if dropped is None else dropped,
        encoder._infrequent_indices if grouped else nothing,
        encoder._default_to_infrequent_mappings if grouped else nothing,
    )
