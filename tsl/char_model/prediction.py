"""The methods of `LSTMCharModel` that predict and score."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsl._estimator import GateActivations, gate_activations
from tsl.char_model.adaptation import Adaptation, as_adaptation
from tsl.char_model.encoding import network_inputs
from tsl.char_model.parameters import CharParameters
from tsl.char_model.settings import document_window
from tsl.char_model.text_model import text_model
from tsl.network import Sequences


class PredictionMixin(CharParameters):
    """Prediction and scores of a fitted model."""

    classes_: NDArray[Any]

    def predict_proba(self, contexts: Sequence[str], *, labels: Any = None) -> NDArray[np.float64]:
        """Return the probability that each character comes next.

        Parameters
        ----------
        contexts : sequence of n str
            Texts of any length, whose next characters are predicted.
        labels : sequence of n str or n int, default=None
            The label of each text, for a model that was fitted with labels.

        Returns
        -------
        probabilities : ndarray of shape (n, n_classes)
            Columns are in the order of `classes_`. A row does not depend on the other contexts.

        Raises
        ------
        TypeError
            If `contexts` is a single str or contains anything but str.
        ValueError
            If there are unknown characters and ``unknown="error"``, or if `labels` do not match those that the model
            was fitted with.
        """
        model = text_model(self)
        if isinstance(contexts, str):
            raise TypeError(f"contexts must be a sequence of str, got a str: for one context write [{contexts!r}]")
        codes = model.encoder.encode_all(list(contexts))
        return np.exp(model.log_probabilities(codes, model.encoder.labels.encode(labels, len(codes))))

    def predict(self, contexts: Sequence[str], *, labels: Any = None) -> NDArray[np.str_]:
        """Return the most likely next character after each context.

        Parameters
        ----------
        contexts : sequence of n str
            As in `predict_proba`.
        labels : sequence of n str or n int, default=None
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
        likeliest = self.predict_proba(contexts, labels=labels).argmax(axis=1)
        return self.classes_[likeliest]

    def surprisal(
        self, text: str, *, label: str | int | None = None, adapt: bool | Adaptation = False
    ) -> NDArray[np.float64]:
        """Return how unexpected each character of a text is, given the characters before it.

        Parameters
        ----------
        text : str
            Text of any length: long ones are read in chunks.
        label : str or int, default=None
            Label of the text, for a model that was fitted with labels.
        adapt : bool or Adaptation, default=False
            Whether the model keeps learning from the text, as in `score`.

        Returns
        -------
        surprisal : ndarray of shape (n_characters,)
            Negative log-likelihood, in nats, of each character that the model reads: in lower case if `lowercase`, and
            without unknown ones if ``unknown="ignore"``.

        Raises
        ------
        TypeError
            If `text` is not a str.
        ValueError
            If there are unknown characters and ``unknown="error"``, or if `label` does not match those that the model
            was fitted with.
        """
        model = text_model(self)
        codes = model.encoder.encode(text)
        surprisal = model.surprisal(codes, model.encoder.labels.encode_one(label), as_adaptation(adapt))
        starts = model.encoder.starts_character(codes)
        return surprisal if starts.all() else np.add.reduceat(surprisal, np.flatnonzero(starts))

    def score(
        self,
        text: str | Sequence[str],
        y: Sequence[str] | None = None,
        *,
        labels: Any = None,
        adapt: bool | Adaptation = False,
    ) -> float:
        """Return the mean log-likelihood per character, in nats: higher is better.

        Parameters
        ----------
        text : str or list of str
            Texts; the mean is over the characters of all of them. With `y`, contexts as in `predict_proba`.
        y : sequence of str, default=None
            The character after each context, to score only these characters.
        labels : sequence of n str or n int, default=None
            The label of each text, for a model that was fitted with labels; for a single str, one label.
        adapt : bool or Adaptation, default=False
            Whether to keep learning from a text while scoring it (dynamic evaluation): the weights are updated after
            every few scored characters. Each character is still predicted only from those before it, each text
            starts from the trained weights, and the model itself does not change. An `Adaptation` sets the options.

        Returns
        -------
        score : float
            At most 0. Its sum over all characters is the log-likelihood of the text.

        Raises
        ------
        TypeError
            If a text is not a str.
        ValueError
            If there are no characters, or unknown ones and ``unknown="error"``; if `labels` do not match those that the
            model was fitted with; or if both `y` and `adapt` are given.

        Examples
        --------
        >>> from tsl import LSTMCharModel
        >>> model = LSTMCharModel(hidden_size=16, max_iter=40, random_state=0).fit("tick tock " * 50)
        >>> plain, adapted = model.score("tick tick tock " * 50), model.score("tick tick tock " * 50, adapt=True)
        >>> adapted > plain
        True
        """
        model, adaptation = text_model(self), as_adaptation(adapt)
        if y is not None and adaptation is not None:
            raise ValueError(f"adapt must be False with y, because contexts are not continuous text; got {adapt!r}")
        examples = model.encoder.examples(text, y, document_window(self), labels)
        of_token, targets = model.mean_log_likelihood(examples, adaptation), examples.targets
        # The network may read bytes, but the score is per character.
        return of_token * targets.size / max(1, int(model.encoder.starts_character(targets).sum()))

    def bits_per_char(
        self, text: str | Sequence[str], *, labels: Any = None, adapt: bool | Adaptation = False
    ) -> float:
        """Return the mean negative log2-likelihood per character.

        Parameters
        ----------
        text : str or list of str
            As in `score`.
        labels : sequence of n str or n int, default=None
            As in `score`.
        adapt : bool or Adaptation, default=False
            As in `score`.

        Returns
        -------
        bits : float
            Bits per character that an ideal compressor would need with this model.

        Raises
        ------
        TypeError, ValueError
            As in `score`.
        """
        return -self.score(text, labels=labels, adapt=adapt) / math.log(2)

    def perplexity(self, text: str | Sequence[str], *, labels: Any = None, adapt: bool | Adaptation = False) -> float:
        """Return the number of equally likely characters that would be as hard to predict.

        Parameters
        ----------
        text : str or list of str
            As in `score`.
        labels : sequence of n str or n int, default=None
            As in `score`.
        adapt : bool or Adaptation, default=False
            As in `score`.

        Returns
        -------
        perplexity : float
            At least 1.

        Raises
        ------
        TypeError, ValueError
            As in `score`.
        """
        return math.exp(-self.score(text, labels=labels, adapt=adapt))

    def gates(self, text: str, *, label: str | int | None = None) -> list[GateActivations]:
        """Return the activations of all gates, and the cell and hidden states, after each character.

        Parameters
        ----------
        text : str
            Text, read from the first character to the last, even by a windowed model. The result has six numbers for
            each character and unit.
        label : str or int, default=None
            Label of the text, for a model that was fitted with labels.

        Returns
        -------
        gates : list of GateActivations
            One for each layer, the lowest first: named tuples of `layer`, `direction` and the arrays `input`, `forget`,
            `candidate`, `output`, `cell` and `hidden`, each of shape (1, n_characters, n_units).

        Raises
        ------
        TypeError
            If `text` is not a str.
        ValueError
            If the text is empty, or has unknown characters and ``unknown="error"``; or if `label` does not match those
            that the model was fitted with.

        See Also
        --------
        tsl.plotting.plot_gates : Plot them.
        """
        model = text_model(self)
        codes, network = model.encoder.encode(text), model.network
        if codes.size == 0:
            raise ValueError("text must have at least 1 known character, got none")
        inputs, condition = network_inputs(network.architecture, codes), model.encoder.labels.encode_one(label)
        whole = Sequences(inputs, np.zeros(1, np.int64), np.array([codes.size]), conditions=condition)
        return gate_activations(network, whole)
