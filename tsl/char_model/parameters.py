"""Parameters of `LSTMCharModel`: their types and constraints."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

from tsl._estimator.options import Auto, LearningRate, Solver
from tsl._estimator.parameters import COMMON_CONSTRAINTS
from tsl._sklearn import StrOptions, count, share


class CharParameters:
    """Parameters of `LSTMCharModel`, whose docstring says what each is for."""

    hidden_size: int | Auto | tuple[int, ...]
    encoding: Literal["embedding", "onehot", "scalar"]
    embedding_size: int | Auto
    windowed: bool
    window: int
    sequence_length: int
    batch_size: int | Auto
    dropout: float | Auto
    recurrent_dropout: float | Auto
    weight_dropout: float | Auto
    solver: Solver
    alpha: float | Auto
    learning_rate_init: float | Auto
    learning_rate: LearningRate
    max_iter: int | Auto
    max_time: float | None
    clip_norm: float | None
    early_stopping: bool
    validation_fraction: float
    n_iter_no_change: int | None
    tol: float
    tokens: Literal["char", "byte"]
    min_frequency: int
    unknown: Literal["error", "ignore", "replace", "grow"]
    lowercase: bool
    random_state: Any
    warm_start: bool
    verbose: int | bool
    n_threads: int | None
    callbacks: Iterable[Any] | None

    _parameter_constraints: dict[str, list[Any]] = {  # noqa: RUF012 (scikit-learn's name)
        **COMMON_CONSTRAINTS,
        **{
            name: [StrOptions({"auto"}), *COMMON_CONSTRAINTS[name]]
            for name in ("hidden_size", "dropout", "recurrent_dropout", "learning_rate_init")
        },
        "encoding": [StrOptions({"embedding", "onehot", "scalar"})],
        "embedding_size": [StrOptions({"auto"}), count()],
        "windowed": ["boolean"],
        "window": [count()],
        "sequence_length": [count()],
        "weight_dropout": [StrOptions({"auto"}), share()],
        "tokens": [StrOptions({"char", "byte"})],
        "min_frequency": [count()],
        "unknown": [StrOptions({"error", "ignore", "replace", "grow"})],
        "lowercase": ["boolean"],
    }
