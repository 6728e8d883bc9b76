"""Parameters of the estimators: their types, their constraints, and how a constructor sets them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from numbers import Integral, Real
from typing import Any, Literal, get_args

from tsl._estimator.options import Auto, Layout, LearningRate, Precision, Solver, TimeOrder
from tsl._sklearn import Interval, StrOptions, count, positive, share

COMMON_CONSTRAINTS: dict[str, list[Any]] = {
    "hidden_size": [count(), tuple, list],
    "dropout": [share()],
    "recurrent_dropout": [share()],
    "solver": [StrOptions(set(get_args(Solver)))],
    "alpha": [StrOptions({"auto"}), Interval(Real, 0, None, closed="left")],
    "batch_size": [StrOptions({"auto"}), count()],
    "learning_rate_init": [positive()],
    "learning_rate": [StrOptions(set(get_args(LearningRate)))],
    "max_iter": [StrOptions({"auto"}), count()],
    "max_time": [positive(), None],
    "random_state": ["random_state"],
    "tol": [Interval(Real, 0, None, closed="left")],
    "verbose": ["verbose"],
    "warm_start": ["boolean"],
    "clip_norm": [positive(), None],
    "early_stopping": ["boolean"],
    "validation_fraction": [share("neither")],
    "n_iter_no_change": [count(), None],
    "n_threads": [count(), None],
    "callbacks": [list, tuple, None],
}
"""Constraints on the parameters that the window and text estimators share."""


class WindowParameters:
    """Parameters that `LSTMRegressor` and `LSTMClassifier` share; their docstrings say what each is for."""

    _auto_steps = 300  # training steps of ``max_iter="auto"``, see `settings`

    hidden_size: int | tuple[int, ...]
    bidirectional: bool
    dropout: float
    recurrent_dropout: float
    forget_bias: float | Literal["chrono"]
    solver: Solver
    alpha: float | Auto
    batch_size: int | Auto
    learning_rate_init: float
    learning_rate: LearningRate
    learning_rate_factor: float
    learning_rate_every: int
    learning_rate_patience: int
    learning_rate_warmup: float
    learning_rate_final: float
    max_iter: int | Auto
    max_time: float | None
    shuffle: bool
    random_state: Any
    tol: float
    verbose: int | bool
    warm_start: bool
    momentum: float
    nesterovs_momentum: bool
    beta_1: float
    beta_2: float
    epsilon: float
    clip_norm: float | None
    clip_value: float | None
    early_stopping: bool
    validation_fraction: float
    n_iter_no_change: int | None
    scaling: Literal["standard"] | None
    n_channels: int | None
    time_order: TimeOrder
    layout: Layout | Sequence[str]
    n_threads: int | None
    dtype: Precision
    callbacks: Iterable[Any] | None

    _parameter_constraints: dict[str, list[Any]] = {  # noqa: RUF012 (scikit-learn's name)
        **COMMON_CONSTRAINTS,
        "bidirectional": ["boolean"],
        "forget_bias": [
            StrOptions({"chrono"}),
            Interval(Real, -100, 100, closed="both"),
        ],  # gates of 0 and 1, and more
        "learning_rate_factor": [share("neither")],
        "learning_rate_every": [count()],
        "learning_rate_patience": [count()],
        "learning_rate_warmup": [share("both")],
        "learning_rate_final": [share("both")],
        "shuffle": ["boolean"],
        "momentum": [share()],
        "nesterovs_momentum": ["boolean"],
        "beta_1": [share()],
        "beta_2": [share()],
        "epsilon": [positive()],
        "clip_value": [positive(), None],
        "scaling": [StrOptions({"standard"}), None],
        "n_channels": [count(), None],
        "time_order": [StrOptions(set(get_args(TimeOrder)))],
        "layout": [StrOptions(set(get_args(Layout))), "array-like"],
        "dtype": [StrOptions(set(get_args(Precision)))],
    }


def set_parameters(estimator: Any, given: dict[str, Any]) -> None:
    """Set each parameter as an attribute of the same name; `given` is the ``locals()`` of a constructor.

    scikit-learn allows a constructor to do nothing else.
    """
    for name, value in given.items():
        if name != "self":
            setattr(estimator, name, value)


def layer_sizes(hidden_size: Any) -> tuple[int, ...]:
    """Return `hidden_size` with one entry per layer.

    Raises
    ------
    ValueError
        If it is neither an int of at least 1 nor a sequence of them.
    """
    sizes = hidden_size if isinstance(hidden_size, tuple | list) else (hidden_size,)
    if len(sizes) == 0 or not all(isinstance(size, Integral) and int(size) >= 1 for size in sizes):
        raise ValueError(f"hidden_size must be an int of at least 1, or one such int per layer, got {hidden_size!r}")
    return tuple(map(int, sizes))
