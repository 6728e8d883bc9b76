"""What the estimators share: parameters, checks, scaling, training."""

from tsl._estimator.base import NetworkEstimator
from tsl._estimator.fit_tasks import FitTasks
from tsl._estimator.gates import GateActivations, gate_activations
from tsl._estimator.threads import resolve_threads
from tsl._estimator.windowed import WindowEstimator

__all__ = [
    "FitTasks",
    "GateActivations",
    "NetworkEstimator",
    "WindowEstimator",
    "gate_activations",
    "resolve_threads",
]
