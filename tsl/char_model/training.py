"""How `LSTMCharModel` is trained: its parameters, and the numbers that "auto" stands for."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from time import perf_counter
from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils._param_validation import StrOptions

from tsl._estimator import BaseLSTM, FitTasks, resolve_threads
from tsl._estimator.base import count, positive
from tsl.char_model import defaults
from tsl.char_model.samples import Codes, Streams, check_sizes, text_windows
from tsl.network import Architecture, Dropout, Loss, Optimizer
from tsl.text import CharVocabulary
from tsl.training import Samples, Schedule, TrainingSettings, compile_kernels

# A one-hot vector reaches a unit by a single weight, so that Glorot's rule for vectors of many entries makes all
# characters look alike at first.
ONE_HOT_SCALE = 0.5
LOG_LOSS = Loss("log_loss")


class TextTrainer(BaseLSTM):
    """The part of `LSTMCharModel` that turns texts into a trained network."""

    _parameter_constraints = {  # noqa: RUF012 (scikit-learn's name)
        **BaseLSTM._parameter_constraints,
        "encoding": [StrOptions({"onehot", "scalar"})],
        "windowed": ["boolean"],
        "window": [count()],
        "sequence_length": [count()],
        "dropout": [StrOptions({"auto"}), *BaseLSTM._parameter_constraints["dropout"]],
        "recurrent_dropout": [StrOptions({"auto"}), *BaseLSTM._parameter_constraints["recurrent_dropout"]],
        "alpha": [StrOptions({"auto"}), *BaseLSTM._parameter_constraints["alpha"]],
        "learning_rate_init": [StrOptions({"auto"}), positive()],
        "unknown": [StrOptions({"error", "ignore", "replace"})],
        "lowercase": ["boolean"],
    }

    # Parameters of `BaseLSTM` that are no parameters here.
    bidirectional = False  # what comes next is what is to be predicted
    dtype = "float32"
    forget_bias = 1.0
    momentum, nesterovs_momentum, beta_1, beta_2, epsilon, clip_value = 0.9, True, 0.9, 0.999, 1e-8, None
    learning_rate_factor, learning_rate_every, learning_rate_patience = 0.2, 10, 5
    learning_rate_warmup, learning_rate_final = 0.02, 0.01

    # Numbers there, which may be "auto" here.
    dropout: Any
    recurrent_dropout: Any
    alpha: Any
    learning_rate_init: Any

    # --- texts and codes --------------------------------------------------------------------------------------

    def _texts(self, text: Any) -> list[Any]:
        """One text or several as a list; the vocabulary refuses what is no text."""
        texts = list(text) if isinstance(text, (list, tuple, np.ndarray, pd.Series)) else [text]
        return [one.lower() if self.lowercase and isinstance(one, str) else one for one in texts]

    def _encode(self, text: Any, vocabulary: CharVocabulary | None = None) -> list[Codes]:
        vocabulary = self.vocabulary_ if vocabulary is None else vocabulary
        return [vocabulary.encode(one) for one in self._texts(text)]

    def _rows(self, codes: Codes) -> Any:
        """What the network reads for each character."""
        if self.network_.architecture.one_hot:
            return codes
        return (codes / len(self.vocabulary_)).astype(np.float32)[:, None]

    # --- a network to begin with ------------------------------------------------------------------------------

    def _vocabulary_for(self, text: Any, *, go_on: bool) -> CharVocabulary:
        return self.vocabulary_ if go_on else CharVocabulary(self.unknown).fit(self._texts(text))

    def _prepare(self, vocabulary: CharVocabulary, codes: Sequence[Codes], *, go_on: bool) -> None:
        """Set up a network for these texts, or see that the one there is can go on; nothing changes on an error."""
        size, one_hot = len(vocabulary), self.encoding == "onehot"
        windowed = self.windowed or not one_hot
        architecture = self._architecture(size if one_hot else 1, size, one_hot=one_hot, every_step=not windowed)
        if go_on:
            self._check_same(architecture)
        check_sizes(codes, int(self.window) if windowed else 1)
        if not go_on:
            self._start(architecture, int(self.window if windowed else self.sequence_length))
            self.vocabulary_ = vocabulary
            self.classes_ = np.array(list(vocabulary.characters_))
            self.class_count_ = np.zeros(size, np.int64)
        self._window = int(self.window)

    def _start(self, architecture: Architecture, n_steps: int) -> None:
        super()._start(architecture, n_steps)
        if architecture.one_hot:
            w_in = self.network_.named()["lstm_0.w_in"]
            w_in[:] = self._random_state.normal(scale=ONE_HOT_SCALE, size=w_in.shape)

    # --- training ---------------------------------------------------------------------------------------------

    def _learn(
        self,
        codes: Sequence[Codes],
        validation: Callable[[], float] | None,
        *,
        tasks_of: Any = None,
        one_epoch: bool = False,
    ) -> None:
        """Train `network_`; scikit-learn's callbacks are told when `tasks_of` says of what text."""
        samples, settings, steps_per_epoch = self._plan(codes)
        if one_epoch:
            epochs, settings = 1.0, replace(settings, max_iter=1)
        elif self.max_time is None:
            epochs = float(settings.max_iter)
        else:
            epochs, settings = self._within_time(self.max_time, samples, settings, steps_per_epoch)
        tasks = [] if tasks_of is None else [FitTasks(self, tasks_of, None, None, settings.max_iter)]
        self._train(
            samples,
            validation,
            loss=LOG_LOSS,
            optimizer=self._optimizer(),
            settings=settings,
            dropout=self._dropout(epochs),
            callbacks=tasks,
        )
        for task in tasks:
            task.close()

    def _plan(self, codes: Sequence[Codes]) -> tuple[Samples | Streams, TrainingSettings, int]:
        """What to train on, how, and in how many steps an epoch."""
        windowed = not self.network_.architecture.every_step
        batch_size = defaults.auto_batch_size(windowed) if self.batch_size == "auto" else int(self.batch_size)
        samples: Samples | Streams
        if windowed:
            samples = text_windows(codes, self._window, self._rows(np.concatenate(codes)))
            batch_size = min(batch_size, samples.sequences.starts.size)
            steps_per_epoch = -(-samples.sequences.starts.size // batch_size)
        else:
            samples = Streams(codes, batch_size, int(self.sequence_length), self._random_state)
            batch_size, steps_per_epoch = samples.n_streams, samples.n_chunks
        settings = TrainingSettings(
            max_iter=defaults.auto_max_iter(steps_per_epoch) if self.max_iter == "auto" else int(self.max_iter),
            batch_size=batch_size,
            shuffle=windowed,
            carry_states=not windowed,
            schedule=self._schedule(),
            tol=self.tol,
            n_iter_no_change=self.n_iter_no_change,
            early_stopping=self.early_stopping,
            max_time=self.max_time,
        )
        return samples, settings, steps_per_epoch

    def _within_time(
        self, max_time: float, samples: Samples | Streams, settings: TrainingSettings, steps_per_epoch: int
    ) -> tuple[float, TrainingSettings]:
        """How many epochs `max_time` will be enough for, and settings for the time that is left after measuring."""
        compile_kernels(self.network_.dtype, int(self.verbose))
        step = self._trial(samples, settings)
        began = perf_counter()
        epochs = max_time / (_seconds_per_step(step, at_least=min(0.1, max_time / 20)) * steps_per_epoch)
        if self.max_iter == "auto":  # time ends the training, even if other work slowed the measurement down
            settings = replace(settings, max_iter=math.ceil(20 * epochs))
        left = max(0.0, max_time - (perf_counter() - began))
        return min(epochs, settings.max_iter), replace(settings, max_time=left)

    def _trial(self, samples: Samples | Streams, settings: TrainingSettings) -> Callable[[int], Any]:
        """Something that takes training steps with a copy of the network."""
        network, n_threads = copy.deepcopy(self.network_), resolve_threads(self.n_threads)
        some = samples() if callable(samples) else samples
        state, optimizer, dropout = network.new_optimizer_state(), self._optimizer(), self._dropout(math.inf)

        def step(n: int) -> None:
            batches, rates = np.tile(np.arange(settings.batch_size), (n, 1)), np.zeros(n)
            network.train_steps(*some, batches, rates, LOG_LOSS, optimizer, state, dropout=dropout, n_threads=n_threads)

        return step

    # --- numbers for "auto" -----------------------------------------------------------------------------------

    def _schedule(self) -> Schedule:
        rate = self.learning_rate_init
        if rate == "auto":
            windowed = not self.network_.architecture.every_step
            rate = defaults.auto_learning_rate(windowed, self._hidden_sizes())
        return replace(super()._schedule(), init=rate)

    def _optimizer(self) -> Optimizer:
        alpha = defaults.auto_alpha(self.solver) if self.alpha == "auto" else self.alpha
        optimizer = replace(super()._optimizer(), alpha=alpha)
        # Squares over about 100 steps: the customary 1,000 would be an eighth of a training.
        return replace(optimizer, beta_2=0.99) if self.solver == "adamw" else optimizer

    def _dropout(self, epochs: float) -> Dropout:
        auto = defaults.auto_dropouts(epochs)
        return Dropout(
            auto.outputs if self.dropout == "auto" else self.dropout,
            auto.recurrent if self.recurrent_dropout == "auto" else self.recurrent_dropout,
            seed=self._dropout_seed,
        )


def _seconds_per_step(step: Callable[[int], Any], *, at_least: float) -> float:
    """How long one of n steps takes, with n large enough for `at_least` so many seconds."""
    n, seconds = 1, 0.0
    while seconds < at_least:
        n *= 3
        began = perf_counter()
        step(n)
        seconds = perf_counter() - began
    return seconds / n
