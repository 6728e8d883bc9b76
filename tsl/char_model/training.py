"""How `LSTMCharModel` is trained: its parameters, and the numbers that "auto" stands for."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from dataclasses import replace
from time import perf_counter
from typing import Any

import numpy as np
import pandas as pd

from tsl._estimator import BaseLSTM, FitTasks, resolve_threads
from tsl._sklearn import StrOptions, count, positive, share
from tsl.char_model import defaults
from tsl.char_model.growing import grow
from tsl.char_model.samples import Codes, Contexts, Documents, Streams
from tsl.network import Architecture, Dropout, Loss, Optimizer
from tsl.text import CharVocabulary
from tsl.training import Checkpoint, Samples, Schedule, TrainingSettings, compile_kernels

# A one-hot vector reaches a unit by a single weight, so that Glorot's rule for vectors of many entries makes all
# characters look alike at first.
ONE_HOT_SCALE = 0.5
LOG_LOSS = Loss("log_loss")


class TextTrainer(BaseLSTM):
    """The part of `LSTMCharModel` that turns texts into a trained network."""

    _parameter_constraints = {  # noqa: RUF012 (scikit-learn's name)
        **BaseLSTM._parameter_constraints,
        "hidden_size": [StrOptions({"auto"}), *BaseLSTM._parameter_constraints["hidden_size"]],
        "encoding": [StrOptions({"embedding", "onehot", "scalar"})],
        "embedding_size": [StrOptions({"auto"}), count()],
        "windowed": ["boolean"],
        "window": [count()],
        "sequence_length": [count()],
        "dropout": [StrOptions({"auto"}), *BaseLSTM._parameter_constraints["dropout"]],
        "recurrent_dropout": [StrOptions({"auto"}), *BaseLSTM._parameter_constraints["recurrent_dropout"]],
        "weight_dropout": [StrOptions({"auto"}), share()],
        "alpha": [StrOptions({"auto"}), *BaseLSTM._parameter_constraints["alpha"]],
        "learning_rate_init": [StrOptions({"auto"}), positive()],
        "tokens": [StrOptions({"char", "byte"})],
        "min_frequency": [count()],
        "unknown": [StrOptions({"error", "ignore", "replace", "grow"})],
        "lowercase": ["boolean"],
    }

    # Parameters of `BaseLSTM` that are no parameters here.
    bidirectional = False  # what comes next is what is to be predicted
    dtype = "float32"
    forget_bias = 1.0
    momentum, nesterovs_momentum, beta_1, beta_2, epsilon, clip_value = 0.9, True, 0.9, 0.999, 1e-8, None
    learning_rate_factor, learning_rate_every, learning_rate_patience = 0.2, 10, 5
    learning_rate_warmup, learning_rate_final = 0.02, 0.01

    vocabulary_: CharVocabulary

    # Numbers there, which may be "auto" here.
    hidden_size: Any
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

    def _examples(self, text: Any, y: Any, vocabulary: CharVocabulary) -> Documents | Contexts:
        """Texts, or contexts where `y` says what follows."""
        codes = self._encode(text, vocabulary)
        if y is None:
            windowed = self.windowed or self.encoding == "scalar"
            return Documents(codes, int(self.window) if windowed else 0)
        return Contexts(codes, self._encode_targets(y, len(codes), vocabulary))

    def _encode_targets(self, y: Any, n: int, vocabulary: CharVocabulary) -> Codes:
        """The characters after `n` contexts as codes."""
        if self.tokens == "byte":
            raise ValueError('tokens="byte" learns from whole texts, without y')
        targets = self._texts(list(y))
        if len(targets) != n or any(len(one) != 1 for one in targets):
            raise ValueError(f"y must be {n} characters, one after each context, got {len(targets)} entries")
        codes = [vocabulary.encode(one) for one in targets]
        if any(code.size == 0 for code in codes):
            raise ValueError('y must be known characters: unknown="ignore" leaves no answer for some contexts')
        return np.concatenate(codes) if codes else np.zeros(0, np.int32)

    def _rows(self, codes: Codes) -> Any:
        """What the network reads for each character."""
        if self.network_.architecture.one_hot:
            return codes
        return (codes / len(self.vocabulary_)).astype(np.float32)[:, None]

    # --- a network to begin with ------------------------------------------------------------------------------

    def _vocabulary_for(self, texts: list[Any], *, go_on: bool) -> CharVocabulary:
        if not go_on:
            return CharVocabulary(self.unknown, self.tokens, self.min_frequency).fit(texts)
        return self.vocabulary_.grown(texts) if self.unknown == "grow" else self.vocabulary_

    def _prepare(self, vocabulary: CharVocabulary, window: int, *, go_on: bool) -> None:
        """Set up a network that reads windows of so many characters, or every character of streams if that is 0.

        If `go_on`, see instead that the network there is does so, and make room for new characters; nothing changes
        on an error.
        """
        if go_on:
            self._check_same(self._architecture_for(len(self.vocabulary_), window, self.network_.architecture))
            self._grow(vocabulary)
        else:
            architecture = self._architecture_for(len(vocabulary), window)
            self._start(architecture, window or int(self.sequence_length))
            self.class_count_ = np.zeros(len(vocabulary), np.int64)
        self.vocabulary_ = vocabulary
        self.classes_ = vocabulary.tokens_
        self._window = window or int(self.window)

    def _architecture_for(self, n_codes: int, window: int, known: Architecture | None = None) -> Architecture:
        """What the parameters ask for; where they leave it open, as it is `known`."""
        hidden_sizes, n_embedded = self._hidden_sizes(), self.embedding_size
        if known is not None and self.hidden_size == "auto":
            hidden_sizes = known.hidden_sizes
        if self.encoding != "embedding":
            n_embedded = 0
        elif n_embedded == "auto":
            n_embedded = defaults.auto_embedding_size(hidden_sizes) if known is None else known.n_embedded
        one_hot = self.encoding != "scalar"
        return Architecture(
            n_codes if one_hot else 1,
            hidden_sizes,
            n_codes,
            one_hot=one_hot,
            every_step=not window,
            n_embedded=int(n_embedded),
        )

    def _hidden_sizes(self) -> tuple[int, ...]:
        if self.hidden_size == "auto":
            return defaults.auto_hidden_sizes(self.max_time)
        return super()._hidden_sizes()

    def _grow(self, vocabulary: CharVocabulary) -> None:
        """Make room in the network for a larger vocabulary."""
        if len(vocabulary) == len(self.vocabulary_):
            return
        if not self.network_.architecture.one_hot:
            raise ValueError('encoding="scalar" cannot learn new characters: their codes would change all others')
        places = vocabulary.encode(self.vocabulary_.characters_)
        self.network_, self._optimizer_state = grow(
            self.network_, self._optimizer_state, places, len(vocabulary), self._random_state
        )
        counts = self.class_count_
        self.class_count_ = np.zeros(len(vocabulary), np.int64)
        self.class_count_[places] = counts

    def _start(self, architecture: Architecture, n_steps: int) -> None:
        super()._start(architecture, n_steps)
        if architecture.one_hot and not architecture.n_embedded:
            with self.network_.editing() as params:
                w_in = self.network_.named(params)["lstm_0.w_in"]
                w_in[:] = self._random_state.normal(scale=ONE_HOT_SCALE, size=w_in.shape)

    # --- training ---------------------------------------------------------------------------------------------

    def _learn(
        self,
        examples: Documents | Contexts,
        validation: Callable[[], float] | None,
        *,
        tasks_of: Any = None,
        one_epoch: bool = False,
        checkpoint: Checkpoint | None = None,
    ) -> None:
        """Train `network_`; scikit-learn's callbacks are told when `tasks_of` says of what text."""
        samples, settings, steps_per_epoch = self._plan(examples)
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
            checkpoint=checkpoint,
        )
        for task in tasks:
            task.close()

    def _plan(self, examples: Documents | Contexts) -> tuple[Samples | Streams, TrainingSettings, int]:
        """What to train on, how, and in how many steps an epoch."""
        windowed = examples.window > 0
        batch_size = defaults.auto_batch_size(windowed) if self.batch_size == "auto" else int(self.batch_size)
        samples: Samples | Streams
        if windowed:
            samples = examples.samples(self._rows)
            n_windows = samples.sequences.starts.size
            batch_size = min(batch_size, n_windows)
            steps_per_epoch = -(-n_windows // batch_size)
        else:
            samples = Streams(examples.texts, batch_size, int(self.sequence_length), self._random_state)
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
            rate = defaults.auto_learning_rate(windowed, self.network_.architecture.hidden_sizes)
        return replace(super()._schedule(), init=rate)

    def _optimizer(self) -> Optimizer:
        alpha = defaults.auto_alpha(self.solver) if self.alpha == "auto" else self.alpha
        optimizer = replace(super()._optimizer(), alpha=alpha)
        # Squares over about 100 steps: the customary 1,000 would be an eighth of a training.
        return replace(optimizer, beta_2=0.99) if self.solver == "adamw" else optimizer

    def _dropout(self, epochs: float) -> Dropout:
        auto = defaults.auto_dropouts(epochs, self.network_.architecture.hidden_sizes)
        return Dropout(
            auto.outputs if self.dropout == "auto" else self.dropout,
            auto.recurrent if self.recurrent_dropout == "auto" else self.recurrent_dropout,
            auto.weights if self.weight_dropout == "auto" else self.weight_dropout,
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
