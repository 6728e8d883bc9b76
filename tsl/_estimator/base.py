"""`NetworkEstimator`: an estimator's network and its training."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state

from tsl._estimator.threads import resolve_threads
from tsl._sklearn import CallbackSupportMixin
from tsl.network import Architecture, Dropout, Loss, Network, Optimizer
from tsl.training import Callback, Checkpoint, History, Samples, TrainingSettings, compile_kernels, train


class NetworkEstimator(CallbackSupportMixin, BaseEstimator):
    """Base class of estimators with one network.

    A subclass checks its data and calls `_begin`, then `_start` for a new network or `_check_same` to continue with the
    current one, then `_train`. Its constructor lists all parameters, as scikit-learn requires.
    """

    random_state: Any
    early_stopping: bool
    verbose: int | bool
    n_threads: int | None
    callbacks: Iterable[Any] | None

    def _begin(self, checkpoint: Checkpoint | None, *about: Any, resume: bool) -> None:
        """Set the random state, to that at the start of `checkpoint` if given; `about` identifies the fit."""
        # For None, scikit-learn would use the global random state, which is left alone here.
        given = self.random_state
        if not resume:
            self._random_state = np.random.RandomState() if given is None else check_random_state(given)
        if checkpoint is not None:
            checkpoint.begin(self._random_state, type(self).__name__, *about, seeded=resume or given is not None)

    def _start(
        self, architecture: Architecture, *, dtype: Any, forget_bias: float | str = 1.0, n_steps: int = 0
    ) -> None:
        """Set up a new network, and the state that carries over from one `_train` to the next.

        `n_steps` is the longest memory of the units, in steps, with ``forget_bias="chrono"``.
        """
        chrono = forget_bias == "chrono"
        self.network_ = Network(
            architecture,
            dtype=np.dtype(dtype),
            random_state=self._random_state,
            forget_bias=1.0 if chrono else float(forget_bias),
            chrono_steps=n_steps if chrono else 0,
        )
        self._dropout_seed = int(self._random_state.randint(2**31))
        self._optimizer_state = self.network_.new_optimizer_state()
        self.history_ = History()

    def _adopt(self, architecture: Architecture, weights: dict[str, NDArray[Any]], dtype: Any) -> None:
        """Set up a network with given weights, by their names in `Network.named`, from which training can continue."""
        self._begin(None, resume=False)
        self._start(architecture, dtype=dtype)
        with self.network_.editing() as params:
            for name, array in self.network_.named(params).items():
                array[:] = weights[name]

    def _check_same(self, architecture: Architecture, dtype: Any) -> None:
        """Check that the network has the architecture and dtype that parameters and data now require."""
        if architecture != self.network_.architecture or np.dtype(dtype) != self.network_.dtype:
            raise ValueError(
                f"cannot continue training: the network is {self.network_.architecture} of "
                f"{self.network_.dtype}, but parameters and data ask for {architecture} of {dtype}"
            )

    def _train(
        self,
        samples: Samples | Callable[[], Samples],
        validation: Samples | Callable[[], float] | None,
        *,
        loss: Loss,
        optimizer: Optimizer,
        settings: TrainingSettings,
        dropout: Dropout,
        callbacks: Iterable[Callback] = (),
        checkpoint: Checkpoint | None = None,
    ) -> None:
        """Train `network_`, and set the fitted attributes that scikit-learn has names for."""
        if settings.max_time is not None:  # which must not include compilation
            compile_kernels(self.network_.dtype, int(self.verbose))
        train(
            self.network_,
            samples,
            loss=loss,
            optimizer=optimizer,
            settings=settings,
            random_state=self._random_state,
            validation=validation,
            dropout=dropout,
            state=self._optimizer_state,
            history=self.history_,
            callbacks=[*callbacks, *map(self._own_callback, self.callbacks or ())],
            checkpoint=checkpoint,
            n_threads=resolve_threads(self.n_threads),
            verbose=int(self.verbose),
        )
        if checkpoint is not None:
            checkpoint.write()
        history = self.history_
        self.n_iter_ = history.n_iter
        self.loss_curve_ = list(history.loss)
        self.validation_scores_ = None if validation is None else [-loss for loss in history.val_loss]
        losses = history.val_loss if self.early_stopping else history.loss
        self.best_loss_ = float(np.nanmin(losses)) if np.isfinite(losses).any() else np.nan

    def _own_callback(self, callback: Any) -> Any:
        return callback.for_estimator(self) if isinstance(callback, Callback) else callback
