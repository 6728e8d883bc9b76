"""`LSTMCharModel`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

from tsl._estimator import FitTasks, NetworkEstimator
from tsl._estimator.checkpoints import open_checkpoint
from tsl._estimator.options import Auto, LearningRate, Solver
from tsl._estimator.parameters import set_parameters
from tsl._sklearn import checks_parameters
from tsl.char_model.encoding import TextEncoder, is_one, lowered
from tsl.char_model.generation import GenerationMixin
from tsl.char_model.labels import NO_LABELS, LabelEncoder
from tsl.char_model.prediction import PredictionMixin
from tsl.char_model.samples import Contexts, Documents
from tsl.char_model.settings import document_window, new_architecture, new_dropout, new_optimizer
from tsl.char_model.text_model import text_model
from tsl.char_model.training import LOG_LOSS, plan_training, plan_within_time
from tsl.char_model.vocabulary_growth import grow
from tsl.text import CharVocabulary
from tsl.training import Checkpoint

# A one-hot vector reaches a unit through a single weight, so Glorot's rule, which assumes many nonzero inputs, would
# make all characters look alike at first.
ONE_HOT_SCALE = 0.5
PRECISION = "float32"


class LSTMCharModel(GenerationMixin, PredictionMixin, NetworkEstimator):
    """Character-level language model: predicts each character of a text from those before it, and generates text.

    By default the text is read in `batch_size` parallel streams, in chunks of `sequence_length` characters; every
    character is predicted, and the state is carried from chunk to chunk (truncated backpropagation through time). With
    `windowed`, each training example is a window of characters, and only the next character is predicted.

    Parameters
    ----------
    hidden_size : int, tuple of int or "auto", default="auto"
        Units, one number per layer for stacked layers. "auto": one layer of 256 units; with `max_time`, a size that
        grows with the time: 256 units for 30 seconds, and from 90 seconds two layers of up to 384 units each.
    encoding : {"embedding", "onehot", "scalar"}, default="embedding"
        How a character is fed to the network: as a learned vector; as a one-hot vector; or as one number, its code
        divided by the size of the vocabulary, which is far less accurate and always `windowed`.
    embedding_size : int or "auto", default="auto"
        Size of a character's learned vector. "auto": half the number of units in the first layer.
    windowed : bool, default=False
        Whether to train on windows rather than on streams.
    window : int, default=50
        Context length of a windowed model, which rereads the last `window` characters for each prediction.
    sequence_length : int, default=32
        Steps of truncated backpropagation through time.
    batch_size : int or "auto", default="auto"
        Number of streams or windows in a batch. "auto": 16 streams or 64 windows.
    dropout : float or "auto", default="auto"
        Share of each layer's outputs that is set to 0 in training. "auto" rises with the number of epochs, as more
        epochs overfit more.
    recurrent_dropout : float or "auto", default="auto"
        Share of the hidden units that is left out of the recurrent product, the same units throughout a chunk.
    weight_dropout : float or "auto", default="auto"
        Share of the recurrent weights that is left out, the same weights throughout a chunk (DropConnect).
    solver : {"adamw", "adam", "rmsprop", "sgd"}, default="adamw"
        The optimiser.
    alpha : float or "auto", default="auto"
        Weight decay (decoupled for "adamw", otherwise an L2 penalty). "auto": 0.1 for "adamw", otherwise 0.
    learning_rate_init : float or "auto", default="auto"
        The highest learning rate. "auto": 0.015 for streams, less for more than 256 units in a layer; 0.001 for
        windows.
    learning_rate : {"cosine", "constant", "step", "plateau"}, default="cosine"
        Schedule of the learning rate: "cosine" rises over the first 2 % of training and falls to 1 % along half a
        cosine wave; "constant" does not change; "step" divides the rate by five every ten epochs; "plateau" divides it
        by five after five epochs without an improvement.
    max_iter : int or "auto", default="auto"
        Number of epochs. "auto": the number that gives 8,000 steps, at most 200; or, with `max_time`, as many as it
        allows.
    max_time : float, default=None
        Seconds that training may take, not counting compilation on first use. The cosine schedule and the automatic
        dropout depend on it, so the result depends on the machine.
    clip_norm : float or None, default=1.0
        Largest Euclidean norm of the gradient.
    early_stopping : bool, default=False
        Whether to hold out the end of the text, and to restore the weights that predict it best.
    validation_fraction : float, default=0.1
        Share of the text that is held out.
    n_iter_no_change : int or None, default=None
        Epochs without an improvement of at least `tol` after which training ends.
    tol : float, default=1e-4
        Least improvement, in nats per character.
    tokens : {"char", "byte"}, default="char"
        What the model reads and predicts: the characters of the text, or the bytes of its UTF-8 encoding, so that no
        character is unknown. Scores are per character for bytes too; training losses are per byte.
    min_frequency : int, default=1
        Characters that occur less often are treated as unknown; needs ``unknown="ignore"`` or ``"replace"``.
    unknown : {"error", "ignore", "replace", "grow"}, default="error"
        What to do with characters that were not in the first text: raise an error; leave them out; replace them with
        U+FFFD; or add them to the vocabulary in `partial_fit`, and raise an error elsewhere. See
        `tsl.text.CharVocabulary`.
    lowercase : bool, default=False
        Whether to convert all text, prompts included, to lower case.
    random_state : int, RandomState instance or None, default=None
        Seed for the initial weights, the starting positions of epochs, and dropout.
    warm_start : bool, default=False
        Whether `fit` continues with the current network.
    verbose : int or bool, default=False
        1 shows progress on stderr, 2 also a line for each epoch.
    n_threads : int, default=None
        Maximum number of threads; None means all cores. Results do not depend on it.
    callbacks : list, default=None
        Functions called as ``callback(epoch, history, network)`` after each epoch, or `tsl.training.Callback` objects.
        They may use the partly trained model, to `generate` a sample or `score` another text; returning True ends
        training.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The characters, sorted; or the 256 bytes, as integers.
    class_count_ : ndarray of int, of shape (n_classes,)
        How often each class occurred in the training set.
    vocabulary_ : tsl.text.CharVocabulary
        Mapping from characters to codes and back.
    labels_ : ndarray of shape (n_labels,) or None
        The labels of the texts, sorted; None without labels.
    network_ : tsl.network.Network
        The trained network.
    history_ : tsl.training.History
        Loss in nats per character (``history_.bits``: in bits), learning rate, seconds, ... of each epoch.
    loss_curve_ : list of float
        Training loss of each epoch, with dropout.
    validation_scores_ : list of float or None
        With `early_stopping`, `score` of the held-out text after each epoch.
    best_loss_ : float
        The lowest loss, on the held-out text if there is one.
    n_iter_ : int
        Number of epochs trained.

    See Also
    --------
    tsl.text.CharWindow : Windows of a text for any other estimator.

    Notes
    -----
    A text's first character is predicted from the character frequencies in the training set, with one added to each
    count. `generate` without a prompt draws its first character in the same way.

    Several texts in a list are documents: each starts without context, in training and in scoring.

    The same seed and parameters give the same model, bit for bit, for any `n_threads`, unless `max_time` is set.

    Examples
    --------
    >>> from tsl import LSTMCharModel
    >>> text = "to be or not to be, that is the question: " * 20
    >>> model = LSTMCharModel(hidden_size=32, max_iter=60, random_state=0).fit(text)
    >>> model.generate("to be or ", length=10, temperature=0)
    'not to be,'
    >>> model.predict(["that is th", "the questio"])
    array(['e', 'n'], dtype='<U1')
    >>> model.bits_per_char("not to be, that is") < 1
    True
    """

    vocabulary_: CharVocabulary
    labels_: NDArray[Any] | None = None  # missing in older files

    def __init__(
        self,
        *,
        hidden_size: int | Auto | tuple[int, ...] = "auto",
        encoding: Literal["embedding", "onehot", "scalar"] = "embedding",
        embedding_size: int | Auto = "auto",
        windowed: bool = False,
        window: int = 50,
        sequence_length: int = 32,
        batch_size: int | Auto = "auto",
        dropout: float | Auto = "auto",
        recurrent_dropout: float | Auto = "auto",
        weight_dropout: float | Auto = "auto",
        solver: Solver = "adamw",
        alpha: float | Auto = "auto",
        learning_rate_init: float | Auto = "auto",
        learning_rate: LearningRate = "cosine",
        max_iter: int | Auto = "auto",
        max_time: float | None = None,
        clip_norm: float | None = 1.0,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: int | None = None,
        tol: float = 1e-4,
        tokens: Literal["char", "byte"] = "char",
        min_frequency: int = 1,
        unknown: Literal["error", "ignore", "replace", "grow"] = "error",
        lowercase: bool = False,
        random_state: Any = None,
        warm_start: bool = False,
        verbose: int | bool = False,
        n_threads: int | None = None,
        callbacks: Iterable[Any] | None = None,
    ) -> None:
        set_parameters(self, locals())

    @checks_parameters
    def fit(
        self,
        text: str | Sequence[str],
        y: Sequence[str] | None = None,
        *,
        labels: Any = None,
        checkpoint: Any = None,
        checkpoint_every: float = 60.0,
    ) -> Self:
        """Train a new network, or continue with the current one if `warm_start` is set.

        Parameters
        ----------
        text : str or list of str
            One text or several: at least two characters, or `window` + 1 if windowed. With `y`, contexts of any length,
            as `tsl.text.CharWindow` with ``output="text"`` returns them.
        y : sequence of str, default=None
            The character after each context, to predict only these characters.
        labels : sequence of n str or n int, default=None
            A label for each text, such as its author or its language, which the network reads with every character.
            All methods then need the label of a text; new labels cannot be learned later. For a single str, one label.
        checkpoint : path-like, optional
            File to which the state of the training is written, so that the same call, repeated after the process was
            killed, resumes from there with the same result, bit for bit (unless `max_time` is set). The file remains
            after `fit`; the same call then does not train again.
        checkpoint_every : float, default=60.0
            Seconds between writes to `checkpoint`.

        Returns
        -------
        self : LSTMCharModel
            The model itself.

        Raises
        ------
        TypeError
            If a text is not a str: bytes must be decoded first.
        ValueError
            If there is too little text; if a parameter is out of range; if `checkpoint` belongs to another fit or is
            not a checkpoint; if the number of `labels` is not the number of texts; or, with `warm_start`, if the
            network's architecture differs from the parameters or a label is new.
        """
        kept = open_checkpoint(checkpoint, checkpoint_every)
        examples, held_out = self._prepare(text, y, labels, kept, resume=self.warm_start and hasattr(self, "network_"))
        self.class_count_ = self._counts(examples)
        model = text_model(self)
        validation = None if held_out is None else lambda: -model.mean_log_likelihood(held_out)
        self._learn(examples, validation, tasks_of=text, checkpoint=kept)
        return self

    @checks_parameters
    def partial_fit(self, text: str | Sequence[str], y: Sequence[str] | None = None, *, labels: Any = None) -> Self:
        """Train for one epoch on more text. The first text determines the vocabulary, unless ``unknown="grow"``.

        Parameters
        ----------
        text : str or list of str
            As in `fit`.
        y : sequence of str, default=None
            As in `fit`.
        labels : sequence of n str or n int, default=None
            As in `fit`; labels that are not in the first call cannot be added later.

        Returns
        -------
        self : LSTMCharModel
            The model itself.

        Raises
        ------
        TypeError, ValueError
            As in `fit`; also if there are new labels, or unknown characters and ``unknown="error"``, or if
            `early_stopping` is set.
        """
        if self.early_stopping:
            raise ValueError("partial_fit cannot know when to stop: early_stopping=True is for fit")
        examples, _ = self._prepare(text, y, labels, None, resume=hasattr(self, "network_"))
        self.class_count_ = self.class_count_ + self._counts(examples)
        self._learn(examples, None, one_epoch=True)
        return self

    # --- implementation ---------------------------------------------------------------------------------------

    def _prepare(
        self, text: Any, y: Any, labels: Any, checkpoint: Checkpoint | None, *, resume: bool
    ) -> tuple[Documents | Contexts, Documents | Contexts | None]:
        """Return the training set and the held-out data, with the network set up; nothing changes on an error."""
        texts = lowered(text, self.lowercase)
        labels = [labels] if is_one(text, labels) else labels
        encoder = LabelEncoder(self.labels_) if resume else LabelEncoder.of(labels, len(texts))
        if labels is not None and self.encoding == "scalar":
            raise ValueError(
                'labels need encoding="embedding" or "onehot", got "scalar", which reads one number a step'
            )
        texts = [*texts, *([] if y is None else lowered(list(y), self.lowercase))]
        # Includes the text held out for validation: an alphabet reveals nothing about the next character.
        vocabulary = self._vocabulary_for(texts, resume=resume)
        texts_encoder = TextEncoder(vocabulary, self.lowercase, encoder)
        examples = texts_encoder.examples(text, y, document_window(self), labels)
        held_out: Documents | Contexts | None = None
        if self.early_stopping:
            examples, held_out = examples.split_end(self.validation_fraction)
        examples.check()
        about = None if held_out is None else (held_out.texts, held_out.targets, held_out.labels)
        self._begin(checkpoint, about, resume=resume)
        self._prepare_network(vocabulary, examples.window, encoder, resume=resume)
        return examples, held_out

    def _vocabulary_for(self, texts: list[str], *, resume: bool) -> CharVocabulary:
        if not resume:
            return CharVocabulary(self.unknown, self.tokens, self.min_frequency).fit(texts)
        return self.vocabulary_.grown(texts) if self.unknown == "grow" else self.vocabulary_

    def _prepare_network(
        self, vocabulary: CharVocabulary, window: int, labels: LabelEncoder = NO_LABELS, *, resume: bool
    ) -> None:
        """Set up a network that reads windows of `window` characters, or every character of streams if that is 0.

        With `resume`, check instead that the current network does so, and extend it to new characters; nothing changes
        on an error.
        """
        n_labels = 0 if labels.known is None else len(labels.known)
        if resume:
            known = self.network_.architecture
            wanted = new_architecture(self, len(self.vocabulary_), window, known, n_labels=n_labels)
            self._check_same(wanted, PRECISION)
            self._grow(vocabulary)
        else:
            self._start(new_architecture(self, len(vocabulary), window, n_labels=n_labels), dtype=PRECISION)
            if self.encoding == "onehot":
                with self.network_.editing() as params:
                    w_in = self.network_.named(params)["lstm_0.w_in"][: len(vocabulary)]
                    w_in[:] = self._random_state.normal(scale=ONE_HOT_SCALE, size=w_in.shape)
            self.class_count_ = np.zeros(len(vocabulary), np.int64)
        self.vocabulary_ = vocabulary
        self.labels_ = labels.known
        self.classes_ = vocabulary.tokens_
        self._window = window or int(self.window)

    def _grow(self, vocabulary: CharVocabulary) -> None:
        """Extend the network to a larger vocabulary."""
        if len(vocabulary) == len(self.vocabulary_):
            return
        if not self.network_.architecture.one_hot:
            raise ValueError('encoding="scalar" cannot learn new characters: their codes would change all others')
        new_codes = vocabulary.encode(self.vocabulary_.characters_)
        self.network_, self._optimizer_state = grow(
            self.network_, self._optimizer_state, new_codes, len(vocabulary), self._random_state
        )
        counts = self.class_count_
        self.class_count_ = np.zeros(len(vocabulary), np.int64)
        self.class_count_[new_codes] = counts

    def _learn(
        self,
        examples: Documents | Contexts,
        validation: Callable[[], float] | None,
        *,
        tasks_of: Any = None,
        one_epoch: bool = False,
        checkpoint: Checkpoint | None = None,
    ) -> None:
        """Train `network_`; with `tasks_of`, the text of `fit`, scikit-learn's callbacks are told of each epoch."""
        plan = plan_training(self, self.network_.architecture, examples, self._random_state)
        if one_epoch:
            epochs, settings = 1.0, replace(plan.settings, max_iter=1)
        elif self.max_time is None:
            epochs, settings = float(plan.settings.max_iter), plan.settings
        else:
            epochs, settings = plan_within_time(self, self.network_, plan, self.max_time)
        tasks = [] if tasks_of is None else [FitTasks(self, tasks_of, None, None, settings.max_iter)]
        self._train(
            plan.samples,
            validation,
            loss=LOG_LOSS,
            optimizer=new_optimizer(self),
            settings=settings,
            dropout=new_dropout(self, epochs, self.network_.architecture, self._dropout_seed),
            callbacks=tasks,
            checkpoint=checkpoint,
        )
        for task in tasks:
            task.close()

    def _counts(self, examples: Documents | Contexts) -> NDArray[np.int64]:
        return np.bincount(examples.targets, minlength=len(self.vocabulary_))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        return tags
