"""Constraints on the parameters of `LSTMForecaster` that other forecasters do not have."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any

from tsl._sklearn import Interval, StrOptions, count, positive, share

LSTM_CONSTRAINTS: dict[str, list[Any]] = {
    "window": [StrOptions({"auto"}), count()],
    "segment": [StrOptions({"auto"}), count()],
    "hidden_size": [count(), tuple, list],
    "n_layers": [count()],
    "embedding_size": [count(), None],
    "dropout": [share()],
    "linear": ["boolean"],
    "scaling": [StrOptions({"auto", "window", "level"}), None],
    "differences": [StrOptions({"auto"}), count(), None],
    "target_transform": [StrOptions({"auto", "log", "sqrt", "box-cox"}), None],
    "loss": [StrOptions({"absolute_error", "squared_error", "huber", "quantile", "poisson", "negative_binomial"})],
    "bounds": [tuple, list, None],
    "quantiles": ["array-like", None],
    "intervals": [StrOptions({"calibrated", "dropout"})],
    "strategy": [StrOptions({"direct", "recursive"})],
    "n_models": [StrOptions({"auto"}), count()],
    "n_replicas": [count()],
    "short": [StrOptions({"pad", "skip", "error"})],
    "solver": [StrOptions({"adam", "adamw", "rmsprop", "sgd"})],
    "alpha": [Interval(Real, 0, None, closed="left")],
    "learning_rate_init": [positive()],
    "batch_size": [StrOptions({"auto"}), count()],
    "max_iter": [StrOptions({"auto"}), Interval(Integral, 0, None, closed="left")],
    "max_time": [positive(), None],
    "clip_norm": [positive(), None],
    "random_state": ["random_state"],
    "n_threads": [count(), None],
    "verbose": ["verbose", Interval(Integral, 0, None, closed="left")],
    "callbacks": [list, tuple, None],
    "warm_start": ["boolean"],
}
