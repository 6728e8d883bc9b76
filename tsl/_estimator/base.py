"""What all estimators share: the parameters of network and training, and one way to train."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from numbers import Integral, Real
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state

from tsl._estimator.threads import resolve_threads
from tsl._sklearn import CallbackSupportMixin, Interval, StrOptions, count, positive, share
from tsl.network import Architecture, Dropout, Loss, Network, Optimizer
from tsl.training import Callback, Checkpoint, History, Samples, Schedule, TrainingSettings, compile_kernels, train


class BaseLSTM(CallbackSupportMixin, BaseEstimator):
    """An estimator around one network.

    A subclass checks its data, calls `_start` for a new network (or not, to go on with the one it has), and
    `_train`. Its constructor lists all parameters, as scikit-learn wants it, with its own defaults.
    """

    _parameter_constraints: dict[str, list[Any]] = {  # noqa: RUF012 (scikit-learn's name)
        "hidden_size": [count(), tuple, list],
        "bidirectional": ["boolean"],
        "dropout": [share()],
        "recurrent_dropout": [share()],
        "forget_bias": [StrOptions({"chrono"}), Interval(Real, -100, 100, closed="both")],  # gates of 0 and 1, and more
        "solver": [StrOptions({"adam", "adamw", "rmsprop", "sgd"})],
        "alpha": [Interval(Real, 0, None, closed="left")],
        "batch_size": [StrOptions({"auto"}), count()],
        "learning_rate_init": [positive()],
        "learning_rate": [StrOptions({"constant", "step", "cosine", "plateau"})],
        "learning_rate_factor": [share("neither")],
        "learning_rate_every": [count()],
        "learning_rate_patience": [count()],
        "learning_rate_warmup": [share("both")],
        "learning_rate_final": [share("both")],
        "max_iter": [StrOptions({"auto"}), count()],
        "max_time": [positive(), None],
        "shuffle": ["boolean"],
        "random_state": ["random_state"],
        "tol": [Interval(Real, 0, None, closed="left")],
        "verbose": ["verbose"],
        "warm_start": ["boolean"],
        "momentum": [share()],
        "nesterovs_momentum": ["boolean"],
        "beta_1": [share()],
        "beta_2": [share()],
        "epsilon": [positive()],
        "clip_norm": [positive(), None],
        "clip_value": [positive(), None],
        "early_stopping": ["boolean"],
        "validation_fraction": [share("neither")],
        "n_iter_no_change": [count(), None],
        "n_threads": [count(), None],
        "dtype": [StrOptions({"float32", "float64"})],
        "callbacks": [list, tuple, None],
    }

    def __init__(
        self,
        *,
        hidden_size: int | tuple[int, ...],
        bidirectional: bool,
        dropout: float,
        recurrent_dropout: float,
        forget_bias: float | str,
        solver: str,
        alpha: float | str,
        batch_size: int | str,
        learning_rate_init: float,
        learning_rate: str,
        learning_rate_factor: float,
        learning_rate_every: int,
        learning_rate_patience: int,
        learning_rate_warmup: float,
        learning_rate_final: float,
        max_iter: int | str,
        max_time: float | None,
        shuffle: bool,
        random_state: Any,
        tol: float,
        verbose: int | bool,
        warm_start: bool,
        momentum: float,
        nesterovs_momentum: bool,
        beta_1: float,
        beta_2: float,
        epsilon: float,
        clip_norm: float | None,
        clip_value: float | None,
        early_stopping: bool,
        validation_fraction: float,
        n_iter_no_change: int | None,
        n_threads: int | None,
        dtype: str,
        callbacks: Iterable[Any] | None,
    ) -> None:
        self.hidden_size = hidden_size
        self.bidirectional = bidirectional
        self.dropout = dropout
        self.recurrent_dropout = recurrent_dropout
        self.forget_bias = forget_bias
        self.solver = solver
        self.alpha = alpha
        self.batch_size = batch_size
        self.learning_rate_init = learning_rate_init
        self.learning_rate = learning_rate
        self.learning_rate_factor = learning_rate_factor
        self.learning_rate_every = learning_rate_every
        self.learning_rate_patience = learning_rate_patience
        self.learning_rate_warmup = learning_rate_warmup
        self.learning_rate_final = learning_rate_final
        self.max_iter = max_iter
        self.max_time = max_time
        self.shuffle = shuffle
        self.random_state = random_state
        self.tol = tol
        self.verbose = verbose
        self.warm_start = warm_start
        self.momentum = momentum
        self.nesterovs_momentum = nesterovs_momentum
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.clip_norm = clip_norm
        self.clip_value = clip_value
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.n_threads = n_threads
        self.dtype = dtype
        self.callbacks = callbacks

    # --- a network to begin with ------------------------------------------------------------------------------

    def _hidden_sizes(self) -> tuple[int, ...]:
        """`hidden_size` with one entry a layer."""
        sizes = self.hidden_size if isinstance(self.hidden_size, tuple | list) else (self.hidden_size,)
        if len(sizes) == 0 or not all(isinstance(size, Integral) and int(size) >= 1 for size in sizes):
            raise ValueError(
                f"hidden_size must be an int of at least 1, or one such int a layer, got {self.hidden_size!r}"
            )
        return tuple(map(int, sizes))

    def _architecture(self, n_inputs: int, n_outputs: int, **kind: bool) -> Architecture:
        return Architecture(n_inputs, self._hidden_sizes(), n_outputs, self.bidirectional, **kind)

    def _begin(self, checkpoint: Checkpoint | None, *about: Any, go_on: bool) -> None:
        """Get what is drawn from, as it was when `checkpoint` was begun; `about` tells one fit from another."""
        # scikit-learn takes the global state for None; that is left alone here.
        given = self.random_state
        if not go_on:
            self._random_state = np.random.RandomState() if given is None else check_random_state(given)
        if checkpoint is not None:
            checkpoint.begin(self._random_state, type(self).__name__, *about, seeded=go_on or given is not None)

    def _start(self, architecture: Architecture, n_steps: int) -> None:
        """Set up a new network for windows of `n_steps`, and all that goes on from one `_train` to the next."""
        chrono = self.forget_bias == "chrono"
        self.network_ = Network(
            architecture,
            dtype=np.dtype(self.dtype),
            random_state=self._random_state,
            forget_bias=1.0 if chrono else float(self.forget_bias),
            chrono_steps=n_steps if chrono else 0,
        )
        self._dropout_seed = int(self._random_state.randint(2**31))
        self._optimizer_state = self.network_.new_optimizer_state()
        self.history_ = History()

    def _check_same(self, architecture: Architecture) -> None:
        """Refuse to go on with a network of another form."""
        if architecture != self.network_.architecture or np.dtype(self.dtype) != self.network_.dtype:
            raise ValueError(
                f"cannot go on training: the network is {self.network_.architecture} of "
                f"{self.network_.dtype}, but parameters and data ask for {architecture} of {self.dtype}"
            )

    # --- training ---------------------------------------------------------------------------------------------

    def _train(
        self,
        samples: Samples | Callable[[], Samples],
        validation: Samples | Callable[[], float] | None,
        *,
        loss: Loss,
        optimizer: Optimizer,
        settings: TrainingSettings,
        dropout: Dropout | None = None,
        callbacks: Iterable[Callback] = (),
        checkpoint: Checkpoint | None = None,
    ) -> None:
        """Train `network_`, and keep what there is to know about it, under scikit-learn's names."""
        if settings.max_time is not None:  # which compiling would eat up
            compile_kernels(self.network_.dtype, int(self.verbose))
        train(
            self.network_,
            samples,
            loss=loss,
            optimizer=optimizer,
            settings=settings,
            random_state=self._random_state,
            validation=validation,
            dropout=dropout or Dropout(self.dropout, self.recurrent_dropout, seed=self._dropout_seed),
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

    def _settings(self, *, max_iter: int, batch_size: int) -> TrainingSettings:
        return TrainingSettings(
            max_iter=max_iter,
            batch_size=batch_size,
            shuffle=self.shuffle,
            schedule=self._schedule(),
            tol=self.tol,
            n_iter_no_change=self.n_iter_no_change if self.early_stopping else None,
            early_stopping=self.early_stopping,
            max_time=self.max_time,
        )

    def _schedule(self) -> Schedule:
        return Schedule(
            name=self.learning_rate,
            init=self.learning_rate_init,
            factor=self.learning_rate_factor,
            every=self.learning_rate_every,
            patience=self.learning_rate_patience,
            warmup=self.learning_rate_warmup,
            final=self.learning_rate_final,
        )

    def _optimizer(self) -> Optimizer:
        return Optimizer(
            solver=self.solver,
            beta_1=self.momentum if self.solver == "sgd" else self.beta_1,
            beta_2=self.beta_2,
            nesterov=self.nesterovs_momentum,
            epsilon=self.epsilon,
            alpha=self.alpha,  # type: ignore[arg-type]  # a subclass that allows "auto" puts a number in its place
            clip_norm=self.clip_norm,
            clip_value=self.clip_value,
        )
