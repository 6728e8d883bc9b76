"""The state of a training run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tsl.network import Dropout, Network, OptimizerState
from tsl.training.batches import EpochSampler, Samples
from tsl.training.clock import Clock
from tsl.training.epoch import Epoch
from tsl.training.history import History
from tsl.training.schedules import LearningRates
from tsl.training.settings import TrainingSettings
from tsl.training.stopping import BestWeights, Patience


@dataclass
class TrainState:
    """Everything that changes while a network is trained, except its parameters."""

    settings: TrainingSettings
    """As given; a resumed training run keeps the limits it began with."""
    dropout: Dropout
    moments: OptimizerState
    carried: NDArray | None
    """States carried from batch to batch; None if each window starts from zero."""
    history: History
    sampler: EpochSampler
    rates: LearningRates
    patience: Patience
    best: BestWeights
    clock: Clock
    number: int
    """Number of the last epoch begun."""
    n_before: int
    """Epochs already in the history."""
    epoch: Epoch | None = None
    """The current epoch; None between epochs."""
    diverged_to: int | None = None
    """The epoch whose weights were restored after a divergence."""

    @classmethod
    def begin(
        cls,
        network: Network,
        samples: Samples | Callable[[], Samples],
        settings: TrainingSettings,
        random_state: np.random.RandomState,
        *,
        dropout: Dropout,
        moments: OptimizerState,
        history: History,
        validated: bool,
    ) -> TrainState:
        """Return the state before the first epoch."""
        every_step = network.architecture.every_step
        sampler = EpochSampler(
            samples, settings.batch_size, random_state, shuffle=settings.shuffle, every_step=every_step
        )
        rates = LearningRates(
            settings.schedule,
            steps_per_epoch=sampler.n_batches,
            max_iter=settings.max_iter,
            tol=settings.tol,
            past=history.val_loss if settings.early_stopping else history.loss,
        )
        return cls(
            settings=settings,
            dropout=dropout,
            moments=moments,
            carried=network.zero_states(sampler.batch_size) if settings.carry_states else None,
            history=history,
            sampler=sampler,
            rates=rates,
            patience=Patience(settings.tol),
            best=BestWeights(network, moments, validated=validated, epoch=history.n_iter),
            clock=Clock(),
            number=history.n_iter,
            n_before=history.n_iter,
        )

    @property
    def last_number(self) -> int:
        """Number of the epoch that ends the training if nothing else does."""
        return self.n_before + self.settings.max_iter
