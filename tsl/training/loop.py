"""Training of a network."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from tsl.network import Dropout, Loss, Network, Optimizer, OptimizerState, on_compilation
from tsl.training.batches import Samples
from tsl.training.callbacks import Callback, Callbacks
from tsl.training.checkpoint import Checkpoint
from tsl.training.history import History
from tsl.training.progress import Progress
from tsl.training.resuming import TrainingCheckpoint
from tsl.training.settings import TrainingSettings
from tsl.training.state import TrainState
from tsl.training.trainer import Trainer


def train(
    network: Network,
    samples: Samples | Callable[[], Samples],
    *,
    loss: Loss,
    optimizer: Optimizer,
    settings: TrainingSettings,
    random_state: np.random.RandomState,
    validation: Samples | Callable[[], float] | None = None,
    dropout: Dropout | None = None,
    state: OptimizerState | None = None,
    history: History | None = None,
    callbacks: Iterable[Callback | Callable[[int, History, Network], bool | None]] = (),
    checkpoint: Checkpoint | None = None,
    n_threads: int = 1,
    verbose: int = 0,
) -> History:
    """Train `network` in place.

    The result does not depend on `n_threads` or on the speed of the machine, bit for bit, unless `max_time` or Ctrl-C
    ends the training.

    Parameters
    ----------
    network : Network
    samples : Samples or callable
        The training set; or a function that returns a new one for each epoch, always with the same number of windows
        and the same sizes and weights.
    loss : Loss
    optimizer : Optimizer
    settings : TrainingSettings
    random_state : numpy.random.RandomState
        Random state for shuffling, once per epoch.
    validation : Samples, callable or None
        Validation data, evaluated after each epoch: the last part of the data in time, or a function that returns its
        loss.
    dropout : Dropout or None
    state : OptimizerState or None
        Moments to continue from, changed in place; None starts from `network.new_optimizer_state()`.
    history : History or None
        History to continue, extended in place: the numbering of epochs continues, and so do the schedules "step" and
        "plateau", while "cosine" spans the `max_iter` epochs of this call. Early stopping starts again, since losses on
        other data are not comparable.
    callbacks : iterable of Callback or callable
        See `Callback`.
    checkpoint : Checkpoint or None
        Checkpoint from which the training is resumed, and to which it is saved while it runs. A completed training is
        not repeated, and its callbacks are not called. Ctrl-C leaves the checkpoint as it was last written.
    n_threads : int
    verbose : int
        0 writes nothing. 1 shows progress on stderr, 2 every epoch; both also report when kernels are compiled first.

    Returns
    -------
    History
        `stopped_by` says what ended the training. After Ctrl-C, the network has the weights of its best epoch by
        validation loss, otherwise by training loss, where the incomplete epoch counts too. After a loss or gradient
        that is not finite, it has the weights for which the lowest loss was measured.

    Raises
    ------
    ValueError
        If there are no windows with a weight above 0, if `settings.early_stopping` is set without `validation`, or
        `settings.carry_states` with `settings.shuffle`; or if `checkpoint` belongs to another training run.

    Warns
    -----
    TrainingInterruptedWarning
        If Ctrl-C ended the training.
    TrainingDivergedWarning
        If a loss, a gradient or a weight was not finite.

    Examples
    --------
    Predict the next value of a sine from the ten before it.

    >>> import numpy as np
    >>> from tsl.network import Architecture, Loss, Network, Optimizer, Sequences, Targets
    >>> from tsl.training import Schedule
    >>> rows = np.sin(np.arange(100) / 4).astype(np.float32)[:, None]
    >>> starts = np.arange(90)
    >>> samples = Samples(Sequences(rows, starts, np.full(90, 10)), Targets(rows, starts + 10))
    >>> random_state = np.random.RandomState(0)
    >>> history = train(
    ...     Network(Architecture(1, (8,), 1), random_state=random_state),
    ...     samples,
    ...     loss=Loss(),
    ...     optimizer=Optimizer(),
    ...     settings=TrainingSettings(max_iter=20, schedule=Schedule(init=0.01)),
    ...     random_state=random_state,
    ... )
    >>> history.n_iter, history.stopped_by, history.loss[-1] < 0.1 * history.loss[0]
    (20, 'max_iter', True)
    """
    missing = validation is None or (not callable(validation) and len(validation.sequences.starts) == 0)
    if settings.early_stopping and missing:
        raise ValueError("early_stopping=True needs validation data, at least 1 window")
    if settings.carry_states and settings.shuffle:
        raise ValueError("carry_states=True needs shuffle=False: shuffled windows do not continue each other")
    training = TrainState.begin(
        network,
        samples,
        settings,
        random_state,
        dropout=Dropout() if dropout is None else dropout,
        moments=network.new_optimizer_state() if state is None else state,
        history=History() if history is None else history,
        validated=validation is not None,
    )
    trainer = Trainer(
        network=network,
        validation=validation,
        loss=loss,
        optimizer=optimizer,
        state=training,
        callbacks=Callbacks(callbacks),
        checkpoint=TrainingCheckpoint(checkpoint, network, training),
        progress=Progress(verbose, training.last_number),
        n_threads=n_threads,
    )
    with on_compilation(trainer.progress.compiling):
        trainer.run()
    return training.history
