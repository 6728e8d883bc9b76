"""A trained network with its vocabulary, to predict, score and generate text."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from tsl._estimator import resolve_threads
from tsl.char_model.adaptation import Adaptation, AdaptedNetwork
from tsl.char_model.beam_search import CodeCopier, likeliest_codes
from tsl.char_model.encoding import TextEncoder
from tsl.char_model.generation_options import GenerationOptions
from tsl.char_model.labels import LabelEncoder
from tsl.char_model.reading import StreamReader, WindowReader, log_softmax
from tsl.char_model.samples import Codes, Contexts, Documents
from tsl.char_model.text_state import TextState
from tsl.char_model.text_stream import TextStream
from tsl.network import Network


class TextModel:
    """Trained model that predicts, scores and generates text.

    Parameters
    ----------
    network : Network
        A trained network.
    encoder : TextEncoder
        Encoder of texts as codes, and of labels as conditions.
    tokens : ndarray of shape (V,)
        The token of each code.
    class_count : ndarray of int, of shape (V,)
        How often each code occurred in the training set.
    mean_sq : ndarray of shape (P,)
        Second moments of the gradient in training, or zeros.
    window : int
        Number of characters that a windowed network reads.
    n_threads : int
        Maximum number of threads.
    """

    def __init__(
        self,
        network: Network,
        encoder: TextEncoder,
        tokens: NDArray[Any],
        class_count: NDArray[np.int64],
        mean_sq: NDArray[Any],
        window: int,
        n_threads: int,
    ) -> None:
        self.network = network
        self.encoder = encoder
        self._tokens = tokens
        self._class_count = class_count
        self._mean_sq = mean_sq
        self._window = window
        self._n_threads = n_threads
        self._reader = self._reader_of(network)

    def _reader_of(self, network: Network) -> StreamReader | WindowReader:
        if network.architecture.every_step:
            return StreamReader(network, self._n_threads)
        return WindowReader(network, self._window, self._n_threads)

    # --- prediction -------------------------------------------------------------------------------------------

    def log_first(self) -> NDArray[np.float64]:
        """Return the log-probabilities (V,) of a text's first character."""
        counts = self._class_count + 1
        return np.log(counts / counts.sum())

    def log_probabilities(self, contexts: list[Codes], labels: Codes | None = None) -> NDArray[np.float64]:
        """Return the log-probabilities (n, V) of the next code after each context."""
        known = [k for k, codes in enumerate(contexts) if codes.size]
        expected = np.empty((len(contexts), len(self._class_count)))
        expected[:] = self.log_first()
        of_known = None if labels is None else labels[known]
        expected[known] = log_softmax(self._reader.after_all([contexts[k] for k in known], of_known))
        return expected

    def surprisal(
        self, codes: Codes, label: Codes | None = None, adaptation: Adaptation | None = None
    ) -> NDArray[np.float64]:
        """Return the negative log-likelihood of each code, given those before it."""
        surprisal = np.empty(codes.size)
        if codes.size:
            surprisal[0] = -self.log_first()[codes[0]]
        done, adapted = 1, None
        if adaptation is None:
            stretches = self._reader.stretches(codes, label)
        else:
            adapted = AdaptedNetwork(self.network, self._mean_sq, adaptation, self._n_threads)
            stretches = self._reader_of(adapted.network).stretches(codes, label, int(adaptation.sequence_length))
        for stretch in stretches:
            n = len(stretch.outputs)
            surprisal[done : done + n] = -log_softmax(stretch.outputs)[np.arange(n), codes[done : done + n]]
            done += n
            if adapted is not None and done < codes.size:  # before the next stretch is read
                adapted.learn(stretch)
        return surprisal

    def mean_log_likelihood(self, examples: Documents | Contexts, adaptation: Adaptation | None = None) -> float:
        """Return the mean log-likelihood per token.

        Raises
        ------
        ValueError
            If there are no tokens.
        """
        if sum(codes.size for codes in examples.texts) == 0:
            raise ValueError("text must have at least 1 known character, got none")
        if isinstance(examples, Documents):
            labels = [None] * len(examples.texts) if examples.labels is None else examples.labels[:, None]
            surprisals = (self.surprisal(*one, adaptation) for one in zip(examples.texts, labels, strict=True))
            return -sum(float(surprisal.sum()) for surprisal in surprisals) / examples.targets.size
        expected = self.log_probabilities(examples.texts, examples.labels)
        return float(expected[np.arange(len(expected)), examples.targets].mean())

    # --- generation -------------------------------------------------------------------------------------------

    def write(self, prompt: Any, options: GenerationOptions) -> TextStream:
        """Return the text that continues a prompt, code by code."""
        first = self._after_prompt(prompt, options)
        state = first.part([0] * options.n_samples) if first.n == 1 else first
        choice = replace(options.choice, forbidden=self._forbidden(options))
        writer = self._reader.writer(state.n)
        return TextStream(self._reader, writer, self._tokens, state, choice, options)

    def search(self, prompt: Any, options: GenerationOptions) -> TextStream:
        """Return the most likely texts that continue a prompt, found by beam search.

        The search always runs to the full length; `stop` is looked for afterwards.
        """
        if self.encoder.vocabulary.tokens == "byte":
            raise ValueError('beam_width searches over characters, and tokens="byte" has none')
        state = self._after_prompt(prompt, options)
        if state.n > 1:
            raise ValueError(f"with beam_width, state must be of one text, got that of {state.n}")
        assert options.beam_width is not None
        codes = likeliest_codes(self._reader, state, self._forbidden(options), options.length, options.beam_width)
        writer = CodeCopier(self._reader, codes[: options.n_samples])
        return TextStream(self._reader, writer, self._tokens, state.part([0] * writer.n), options.choice, options)

    def _forbidden(self, options: GenerationOptions) -> NDArray[np.bool_]:
        """Return which codes must not be generated: forbidden ones, and ones never seen, such as U+FFFD."""
        forbidden = self._class_count == 0
        for character in options.forbid:
            codes = self.encoder.encode(character)
            if codes.size > 1:
                raise ValueError(f'forbid must be ASCII characters with tokens="byte", got {character!r}')
            forbidden[codes] = True
        if forbidden.all():
            raise ValueError(f"forbid must leave a character to choose, got {options.forbid!r}")
        return forbidden

    def _after_prompt(self, prompt: Any, options: GenerationOptions) -> TextState:
        """Return the state after the prompt, read from the start of a text or from the given state."""
        codes, state = self.encoder.encode(prompt, "prompt"), options.state
        keeps_label = state is not None and options.label is None
        label = None if keeps_label else self.encoder.labels.encode_one(options.label)
        if state is None:
            state = self._reader.begin(self.log_first().astype(self.network.dtype), label)
        else:
            self._reader.check(state)
            if label is not None:
                state = replace(state, labels=np.repeat(label, state.n))
        return self._reader.read(state, np.tile(codes, (state.n, 1)))


def text_model(model: Any) -> TextModel:
    """Return the `TextModel` of a fitted `LSTMCharModel`."""
    check_is_fitted(model)
    encoder = TextEncoder(model.vocabulary_, model.lowercase, LabelEncoder(model.labels_))
    n_threads = resolve_threads(model.n_threads)
    return TextModel(
        model.network_,
        encoder,
        model.classes_,
        model.class_count_,
        model._optimizer_state.mean_sq,
        model._window,
        n_threads,
    )
