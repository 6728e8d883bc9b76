"""What a trained `LSTMCharModel` expects of a text."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from tsl._estimator import GateActivations, gate_activations, resolve_threads
from tsl.char_model.reading import StreamReader, WindowReader, log_softmax
from tsl.char_model.samples import Codes, Contexts, Documents
from tsl.char_model.training import TextTrainer
from tsl.network import Sequences


class TextPredictor(TextTrainer):
    """The part of `LSTMCharModel` that predicts and judges."""

    def predict_proba(self, contexts: Sequence[str]) -> NDArray[np.float64]:
        """Return the probability of each character to come next.

        Parameters
        ----------
        contexts : sequence of n str
            Texts of any lengths, whose next character is asked for; of an empty one, the first.

        Returns
        -------
        probabilities : ndarray of shape (n, n_classes)
            Columns are in the order of `classes_`. A row does not depend on the other contexts.

        Raises
        ------
        TypeError
            If `contexts` is a single str or holds anything else.
        ValueError
            If there are unknown characters and ``unknown="error"``.
        """
        check_is_fitted(self)
        if isinstance(contexts, str):
            raise TypeError(f"contexts must be a sequence of str, got a str: for one context write [{contexts!r}]")
        return np.exp(self._log_probabilities([self.vocabulary_.encode(one) for one in self._texts(list(contexts))]))

    def predict(self, contexts: Sequence[str]) -> NDArray[np.str_]:
        """Return the likeliest next character after each context.

        Parameters
        ----------
        contexts : sequence of n str
            As in `predict_proba`.

        Returns
        -------
        characters : ndarray of str, of shape (n,)
            One for each context.

        Raises
        ------
        TypeError, ValueError
            As in `predict_proba`.
        """
        likeliest = self.predict_proba(contexts).argmax(axis=1)
        return self.classes_[likeliest]

    def surprisal(self, text: str) -> NDArray[np.float64]:
        """Return how unexpected each character of a text is, given those before it.

        Parameters
        ----------
        text : str
            It may be long: it is read piece by piece.

        Returns
        -------
        surprisal : ndarray of shape (n_characters,)
            Negative log-likelihoods in nats. The characters are those that the model reads: in lower case if
            `lowercase`, and without unknown ones if ``unknown="ignore"``.

        Raises
        ------
        TypeError
            If `text` is not a str.
        ValueError
            If there are unknown characters and ``unknown="error"``.
        """
        check_is_fitted(self)
        codes = self._encode_one(text)
        surprisal = self._surprisal(codes)
        begins = self._begins(codes)
        return surprisal if begins.all() else np.add.reduceat(surprisal, np.flatnonzero(begins))

    def score(self, text: str | Sequence[str], y: Sequence[str] | None = None) -> float:
        """Return the mean log-likelihood of a character, in nats: higher is better.

        Parameters
        ----------
        text : str or list of str
            Characters of several texts count alike. With `y`, contexts as in `predict_proba`.
        y : sequence of str, default=None
            None, or the character after each context; then only these are scored.

        Returns
        -------
        score : float
            At most 0. The sum over all characters is the log-likelihood of the text.

        Raises
        ------
        TypeError
            If a text is not a str.
        ValueError
            If there is no character, or an unknown one and ``unknown="error"``.
        """
        check_is_fitted(self)
        examples = self._examples(text, y, self.vocabulary_)
        of_token, targets = self._mean_log_likelihood(examples), examples.targets
        # what is learned from may be bytes, but what is read is characters
        return of_token * targets.size / max(1, int(self._begins(targets).sum()))

    def bits_per_char(self, text: str | Sequence[str]) -> float:
        """Return the mean negative log2-likelihood of a character.

        Parameters
        ----------
        text : str or list of str
            As in `score`.

        Returns
        -------
        bits : float
            What a perfect compressor with this model would need for a character.

        Raises
        ------
        TypeError, ValueError
            As in `score`.
        """
        return -self.score(text) / math.log(2)

    def perplexity(self, text: str | Sequence[str]) -> float:
        """Return the number of equally likely characters that would be as hard to predict.

        Parameters
        ----------
        text : str or list of str
            As in `score`.

        Returns
        -------
        perplexity : float
            From 1 up.

        Raises
        ------
        TypeError, ValueError
            As in `score`.
        """
        return math.exp(-self.score(text))

    def gates(self, text: str) -> list[GateActivations]:
        """Return the activations of all gates, and the cell and hidden states, after each character.

        Parameters
        ----------
        text : str
            Read from the first character to the last, also by a windowed model. The result takes memory for six
            numbers a character and unit.

        Returns
        -------
        gates : list of GateActivations
            One a layer, the lowest first: named tuples of `layer`, `direction` and the arrays `input`, `forget`,
            `candidate`, `output`, `cell` and `hidden`, each of shape (1, n_characters, n_units).

        Raises
        ------
        TypeError
            If `text` is not a str.
        ValueError
            If it is empty, or has unknown characters and ``unknown="error"``.

        See Also
        --------
        tsl.plotting.plot_gates : A picture of them.
        """
        check_is_fitted(self)
        codes = self._encode_one(text)
        if codes.size == 0:
            raise ValueError("text must have at least 1 known character, got none")
        whole = Sequences(self._rows(codes), np.zeros(1, np.int64), np.array([codes.size]))
        return gate_activations(self.network_, whole)

    # --- inside -----------------------------------------------------------------------------------------------

    def _reader(self) -> StreamReader | WindowReader:
        n_threads = resolve_threads(self.n_threads)
        if self.network_.architecture.every_step:
            return StreamReader(self.network_, n_threads)
        return WindowReader(self.network_, self._window, self._rows, n_threads)

    def _encode_one(self, text: Any, name: str = "text") -> Codes:
        if not isinstance(text, str):
            hint = ": decode it first, as in text.decode('utf-8')" if isinstance(text, (bytes, bytearray)) else ""
            raise TypeError(f"{name} must be a str, got {type(text).__name__}{hint}")
        return self._encode(text)[0]

    def _log_probabilities(self, contexts: list[Codes]) -> NDArray[np.float64]:
        """(n, n_classes) of what comes after each context."""
        known = [k for k, codes in enumerate(contexts) if codes.size]
        expected = np.empty((len(contexts), len(self.classes_)))
        expected[:] = self._log_first()
        expected[known] = log_softmax(self._reader().after_all([contexts[k] for k in known]))
        return expected

    def _log_first(self) -> NDArray[np.float64]:
        """Log-probabilities of a text's first character."""
        counts = self.class_count_ + 1
        return np.log(counts / counts.sum())

    def _surprisal(self, codes: Codes) -> NDArray[np.float64]:
        surprisal = np.empty(codes.size)
        if codes.size:
            surprisal[0] = -self._log_first()[codes[0]]
        done = 1
        for outputs in self._reader().after_each(codes[:-1]):
            expected, came = log_softmax(outputs), codes[done : done + len(outputs)]
            surprisal[done : done + len(outputs)] = -expected[np.arange(len(outputs)), came]
            done += len(outputs)
        return surprisal

    def _mean_log_likelihood(self, examples: Documents | Contexts) -> float:
        """Of a token."""
        if sum(codes.size for codes in examples.texts) == 0:
            raise ValueError("text must have at least 1 known character, got none")
        if isinstance(examples, Documents):
            total = -sum(float(self._surprisal(codes).sum()) for codes in examples.texts)
            return total / examples.targets.size
        expected = self._log_probabilities(examples.texts)
        return float(expected[np.arange(len(expected)), examples.targets].mean())

    def _begins(self, codes: Codes) -> NDArray[np.bool_]:
        """Which tokens begin a character: all but the later bytes of one in UTF-8."""
        return (codes & 0xC0) != 0x80 if self.vocabulary_.tokens == "byte" else np.ones(codes.size, np.bool_)
