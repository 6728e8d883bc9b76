"""The recurrent network: its parameters in one flat buffer, its outputs, its gradients, its training steps.

A `Network` consists of stacked LSTM layers, each in one direction or both, and a dense head on the last states or on
the states of every step. It knows only arrays: no scikit-learn, no pandas, no files.
"""

from tsl.kernels.losses import LARGEST_LOG_MEAN, LARGEST_LOG_SIZE
from tsl.network.kernel_data import States2D
from tsl.network.network import Network
from tsl.network.spec import (
    Architecture,
    Dropout,
    Framing,
    Gradient,
    Loss,
    Optimizer,
    OptimizerState,
    Sequences,
    States,
    Targets,
)
from tsl.network.team import TrainingMemory
from tsl.network.warmup import COMPILING, on_compilation, warm_up
from tsl.network.writer import Choice, CodeWriter, choose

__all__ = [
    "COMPILING",
    "LARGEST_LOG_MEAN",
    "LARGEST_LOG_SIZE",
    "Architecture",
    "Choice",
    "CodeWriter",
    "Dropout",
    "Framing",
    "Gradient",
    "Loss",
    "Network",
    "Optimizer",
    "OptimizerState",
    "Sequences",
    "States",
    "States2D",
    "Targets",
    "TrainingMemory",
    "choose",
    "on_compilation",
    "warm_up",
]
