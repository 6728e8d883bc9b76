"""Settings of a training, and its warnings."""

from __future__ import annotations

from dataclasses import dataclass, field

from tsl.training.schedules import Schedule


class TrainingInterruptedWarning(UserWarning):
    """Training was ended by Ctrl-C; the network is usable."""


class TrainingDivergedWarning(UserWarning):
    """Training was ended because the loss or its gradient was no longer finite; the network is usable."""


@dataclass(frozen=True)
class TrainingSettings:
    """Settings of a training.

    Parameters
    ----------
    max_iter : int
        Epochs.
    batch_size : int
        Windows in a step; at most all there are.
    shuffle : bool
        Whether the windows are put in a new order for each epoch.
    schedule : Schedule
        The learning rate.
    tol : float
        How far the loss of an epoch must fall below the lowest one so far to count as an improvement.
    n_iter_no_change : int or None
        Training ends after this many epochs in a row without an improvement; None: never for that reason.
    early_stopping : bool
        Whether improvements (also for the schedule "plateau") are those of the validation loss, and the best weights
        are restored at the end; otherwise they are those of the training loss, and the last weights are kept.
    max_time : float or None
        Seconds after which training ends, also within an epoch, once the stretch of about 0.1 s that is under way
        is over. The schedule "cosine" then counts its way in time as well as in steps, whichever is further on, so
        that the rate has come down when time is up; the first step, which may have to compile, is not counted.
    carry_states : bool
        Whether each row of a batch starts from the state in which the same row of the batch before ended, as when
        long streams are read chunk by chunk; states are zero at the start of an epoch. Needs ``shuffle=False``.
    """

    max_iter: int = 200
    batch_size: int = 64
    shuffle: bool = True
    schedule: Schedule = field(default_factory=Schedule)
    tol: float = 1e-4
    n_iter_no_change: int | None = 10
    early_stopping: bool = False
    max_time: float | None = None
    carry_states: bool = False
