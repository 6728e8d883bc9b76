"""Training: epochs, batches, learning-rate schedules, early stopping, history, callbacks, progress."""

from tsl.training.batches import Samples
from tsl.training.callbacks import Callback
from tsl.training.checkpoint import Checkpoint
from tsl.training.history import History
from tsl.training.loop import train
from tsl.training.progress import TrialProgress, compile_kernels
from tsl.training.schedules import Schedule
from tsl.training.settings import TrainingDivergedWarning, TrainingInterruptedWarning, TrainingSettings

__all__ = [
    "Callback",
    "Checkpoint",
    "History",
    "Samples",
    "Schedule",
    "TrainingDivergedWarning",
    "TrainingInterruptedWarning",
    "TrainingSettings",
    "TrialProgress",
    "compile_kernels",
    "train",
]
