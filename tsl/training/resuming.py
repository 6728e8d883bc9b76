"""One training run in the checkpoint of its fit: how its state is kept and resumed."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

import numpy as np

from tsl.network import Dropout, Loss, Network, Optimizer
from tsl.training.batches import Samples
from tsl.training.checkpoint import Checkpoint, fingerprint, put_into
from tsl.training.epoch import Epoch
from tsl.training.settings import TrainingSettings
from tsl.training.state import TrainState


class TrainingCheckpoint:
    """One training run in the checkpoint of its fit; without a checkpoint nothing is kept.

    Parameters
    ----------
    checkpoint : Checkpoint or None
    network : Network
    state : TrainState
        The state that is kept, and restored in place.
    """

    def __init__(self, checkpoint: Checkpoint | None, network: Network, state: TrainState) -> None:
        self._checkpoint = checkpoint
        self._network = network
        self._state = state

    def resume(self, validation: Samples | None, optimizer: Optimizer, loss: Loss) -> bool:
        """Restore the kept state of this training run, if there is one; return whether the run has ended."""
        if self._checkpoint is None:
            return False
        stored = self._checkpoint.open(self._identity(validation, optimizer, loss))
        if stored is None:
            return False
        with self._checkpoint.reading():
            self._restore_trained(stored)
            if stored["ended"]:
                self._state.diverged_to = stored["kept"]
            else:
                self._restore_epoch(stored)
            return stored["ended"]

    def save_if_due(self, epoch: Epoch) -> None:
        """Keep everything needed to resume this epoch, if a write is due."""
        if self._checkpoint is None or not self._checkpoint.due:
            return
        state = self._state
        self._checkpoint.keep(
            self._trained()
            | state.clock.state()
            | {
                "ended": False,
                "number": state.number,
                "carried": state.carried,
                "random_state": state.sampler.drawn_from,
                "epoch": epoch.state(),
                "rates": state.rates.state(),
                "patience": state.patience.state(),
                "best": state.best.state(),
                "settings": {"max_iter": state.settings.max_iter, "max_time": state.settings.max_time},
                "dropout": asdict(state.dropout),
                "seconds_of_epoch": state.clock.now() - epoch.began,
            }
        )

    def save_end(self) -> None:
        """Keep the result of a training run that has ended."""
        if self._checkpoint is not None:
            random_state = self._state.sampler.random_state.get_state(legacy=False)
            ended = {"ended": True, "random_state": random_state, "kept": self._state.diverged_to}
            self._checkpoint.keep(ended | self._trained())

    def freeze(self) -> None:
        """Leave the checkpoint as it was last written."""
        if self._checkpoint is not None:
            self._checkpoint.freeze()

    def _identity(self, validation: Samples | None, optimizer: Optimizer, loss: Loss) -> str:
        """Return the fingerprint of this training run, which does not include its length under a time limit."""
        state, network = self._state, self._network
        settings: TrainingSettings = state.settings
        dropout: Dropout | None = state.dropout
        if settings.max_time is not None:
            settings, dropout = replace(settings, max_iter=0, max_time=0.0), None
        return fingerprint(
            (network.architecture, network.dtype, network.params, state.moments.step),
            (state.sampler.samples, validation, state.sampler.drawn_from),
            (settings, dropout, optimizer, loss),
        )

    def _trained(self) -> dict[str, Any]:
        state = self._state
        return {"params": self._network.params, "moments": vars(state.moments), "history": state.history.state()}

    def _restore_trained(self, stored: dict[str, Any]) -> None:
        moments, kept = self._state.moments, stored["moments"]
        with self._network.editing() as params:
            put_into(params, stored["params"])
        put_into(moments.mean, kept["mean"])
        put_into(moments.mean_sq, kept["mean_sq"])
        moments.step = kept["step"]
        self._state.history.restore(stored["history"])
        self._state.sampler.random_state.set_state(stored["random_state"])

    def _restore_epoch(self, stored: dict[str, Any]) -> None:
        state = self._state
        if state.carried is not None:
            put_into(state.carried, stored["carried"])
        state.settings = replace(state.settings, **stored["settings"])
        state.dropout = Dropout(**stored["dropout"])
        state.rates.restore(stored["rates"])
        state.patience.restore(stored["patience"])
        state.best.restore_state(stored["best"])
        state.number = stored["number"]
        state.clock.restore(stored)
        batches = state.sampler.draw_again()
        state.epoch = Epoch(batches, np.empty(len(batches)), state.clock.now() - stored["seconds_of_epoch"])
        state.epoch.restore(stored["epoch"])
