"""A trained network with its vocabulary: what it expects of a text, and what it writes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from tsl._estimator import resolve_threads
from tsl.char_model.beam_search import CodeCopier, likeliest_codes
from tsl.char_model.encoding import TextEncoder
from tsl.char_model.generation_options import GenerationOptions
from tsl.char_model.reading import StreamReader, WindowReader, log_softmax
from tsl.char_model.samples import Codes, Contexts, Documents
from tsl.char_model.text_state import TextState
from tsl.char_model.text_stream import TextStream
from tsl.network import Network


class TextModel:
    """Predicts, judges and writes text.

    Parameters
    ----------
    network : Network
        A trained network.
    encoder : TextEncoder
        Turns texts into codes.
    tokens : ndarray of shape (V,)
        What each code stands for.
    class_count : ndarray of int, of shape (V,)
        How often each code was in the training set.
    window : int
        Characters that a windowed network reads.
    n_threads : int
        Threads at most.
    """

    def __init__(
        self,
        network: Network,
        encoder: TextEncoder,
        tokens: NDArray[Any],
        class_count: NDArray[np.int64],
        window: int,
        n_threads: int,
    ) -> None:
        self.network = network
        self.encoder = encoder
        self._tokens = tokens
        self._class_count = class_count
        self._reader: StreamReader | WindowReader
        if network.architecture.every_step:
            self._reader = StreamReader(network, n_threads)
        else:
            self._reader = WindowReader(network, window, n_threads)

    # --- prediction -------------------------------------------------------------------------------------------

    def log_first(self) -> NDArray[np.float64]:
        """Return the log-probabilities (V,) of a text's first character."""
        counts = self._class_count + 1
        return np.log(counts / counts.sum())

    def log_probabilities(self, contexts: list[Codes]) -> NDArray[np.float64]:
        """Return the log-probabilities (n, V) of what comes after each context."""
        known = [k for k, codes in enumerate(contexts) if codes.size]
        expected = np.empty((len(contexts), len(self._class_count)))
        expected[:] = self.log_first()
        expected[known] = log_softmax(self._reader.after_all([contexts[k] for k in known]))
        return expected

    def surprisal(self, codes: Codes) -> NDArray[np.float64]:
        """Return the negative log-likelihood of each code, given those before it."""
        surprisal = np.empty(codes.size)
        if codes.size:
            surprisal[0] = -self.log_first()[codes[0]]
        done = 1
        for outputs in self._reader.after_each(codes[:-1]):
            expected, came = log_softmax(outputs), codes[done : done + len(outputs)]
            surprisal[done : done + len(outputs)] = -expected[np.arange(len(outputs)), came]
            done += len(outputs)
        return surprisal

    def mean_log_likelihood(self, examples: Documents | Contexts) -> float:
        """Return the mean log-likelihood of a token.

        Raises
        ------
        ValueError
            If there is none.
        """
        if sum(codes.size for codes in examples.texts) == 0:
            raise ValueError("text must have at least 1 known character, got none")
        if isinstance(examples, Documents):
            total = -sum(float(self.surprisal(codes).sum()) for codes in examples.texts)
            return total / examples.targets.size
        expected = self.log_probabilities(examples.texts)
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
        """Return the likeliest texts that continue a prompt, found by beam search.

        The search has no end but the last character: where to stop is looked for afterwards.
        """
        if self.encoder.vocabulary.tokens == "byte":
            raise ValueError('beam_width looks for characters, and tokens="byte" has none')
        state = self._after_prompt(prompt, options)
        if state.n > 1:
            raise ValueError(f"with beam_width, state must be of one text, got that of {state.n}")
        assert options.beam_width is not None
        codes = likeliest_codes(self._reader, state, self._forbidden(options), options.length, options.beam_width)
        writer = CodeCopier(self._reader, codes[: options.n_samples])
        return TextStream(self._reader, writer, self._tokens, state.part([0] * writer.n), options.choice, options)

    def _forbidden(self, options: GenerationOptions) -> NDArray[np.bool_]:
        """Return which codes must not come: unwanted ones, and those never seen, as U+FFFD for what is unknown."""
        forbidden = self._class_count == 0
        for character in options.forbid:
            codes = self.encoder.encode(character)
            if codes.size > 1:
                raise ValueError(f'forbid must be ASCII characters with tokens="byte", got {character!r}')
            forbidden[codes] = True
        if forbidden.all():
            raise ValueError(f"forbid must leave a character that may come, got {options.forbid!r}")
        return forbidden

    def _after_prompt(self, prompt: Any, options: GenerationOptions) -> TextState:
        """Return the state after the prompt, read from the beginning of a text or from the state that was given."""
        codes, state = self.encoder.encode(prompt, "prompt"), options.state
        if state is None:
            state = self._reader.begin(self.log_first().astype(self.network.dtype))
        else:
            self._reader.check(state)
        return self._reader.read(state, np.tile(codes, (state.n, 1)))


def text_model(model: Any) -> TextModel:
    """Return what a fitted `LSTMCharModel` predicts and writes with."""
    check_is_fitted(model)
    encoder = TextEncoder(model.vocabulary_, model.lowercase)
    n_threads = resolve_threads(model.n_threads)
    return TextModel(model.network_, encoder, model.classes_, model.class_count_, model._window, n_threads)
