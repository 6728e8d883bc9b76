"""Losses, optimisers and dropout in the form that the kernels take: numbers instead of names."""

from __future__ import annotations

import numpy as np

from tsl.kernels import losses, optimisers
from tsl.kernels.layout import DropoutPlan, LossPlan, OptimizerPlan
from tsl.kernels.threads import Member, new_barrier
from tsl.network.spec import Dropout, Loss, Optimizer

LOSSES = {
    "squared_error": losses.SQUARED_ERROR,
    "absolute_error": losses.ABSOLUTE_ERROR,
    "huber": losses.HUBER,
    "quantile": losses.QUANTILE,
    "log_loss": losses.LOG_LOSS,
    "poisson": losses.POISSON,
    "negative_binomial": losses.NEGATIVE_BINOMIAL,
}
SOLVERS = {
    "sgd": optimisers.SGD,
    "rmsprop": optimisers.RMSPROP,
    "adam": optimisers.ADAM,
    "adamw": optimisers.ADAMW,
}
NO_UPDATE = OptimizerPlan(optimisers.NONE, 0.0, 0.0, False, 0.0, 0.0, np.inf, np.inf)
NO_DROPOUT = DropoutPlan(0.0, 0.0, 0.0, np.uint64(0))
ALONE = Member(new_barrier(), 0, 1)  # a single thread


def loss_plan(loss: Loss) -> LossPlan:
    """Return a loss as numbers."""
    return LossPlan(LOSSES[loss.name], float(loss.delta), np.array(loss.quantiles, dtype=np.float64))


def dropout_plan(dropout: Dropout) -> DropoutPlan:
    """Return dropout as numbers."""
    return DropoutPlan(
        float(dropout.outputs), float(dropout.recurrent), float(dropout.weights), np.uint64(dropout.seed)
    )


def optimizer_plan(optimizer: Optimizer) -> OptimizerPlan:
    """Return an optimiser as numbers."""

    def limit(number: float | None) -> float:
        return np.inf if number is None else float(number)

    return OptimizerPlan(
        SOLVERS[optimizer.solver],
        float(optimizer.beta_1),
        float(optimizer.beta_2),
        bool(optimizer.nesterov),
        float(optimizer.epsilon),
        float(optimizer.alpha),
        limit(optimizer.clip_norm),
        limit(optimizer.clip_value),
    )
