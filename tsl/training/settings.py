"""Training settings and training warnings."""

from __future__ import annotations

from dataclasses import dataclass, field

from tsl.training.schedules import Schedule


class TrainingInterruptedWarning(UserWarning):
    """Training was stopped by Ctrl-C; the network is usable."""


class TrainingDivergedWarning(UserWarning):
    """Training was stopped because the loss, its gradient or the weights were not finite; the network is usable."""


@dataclass(frozen=True)
class TrainingSettings:
    """Settings of a training run.

    Parameters
    ----------
    max_iter : int
        Maximum number of epochs.
    batch_size : int
        Windows per step; capped at the number of windows.
    shuffle : bool
        Whether to shuffle the windows anew in each epoch.
    schedule : Schedule
        The learning rate.
    tol : float
        How far the loss of an epoch must fall below the lowest one so far to count as an improvement.
    n_iter_no_change : int or None
        Training ends after this many consecutive epochs without an improvement; None: never for that reason.
    early_stopping : bool
        Whether improvements (also for the schedule "plateau") are judged by the validation loss, and the best weights
        are restored at the end; otherwise the training loss is used, and the last weights are kept.
    max_time : float or None
        Seconds after which training ends, even within an epoch, as soon as the current stretch of about 0.1 s is
        done. The schedule "cosine" then measures its progress in time as well as in steps, whichever is further
        along, so that the rate has come down when time is up; the first step, which may have to compile, is not
        counted.
    carry_states : bool
        Whether each row of a batch starts from the final state of the same row of the previous batch, as when
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
