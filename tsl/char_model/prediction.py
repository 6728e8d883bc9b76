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
        """Return the probability of each character to come next.

        Parameters
        ----------
        contexts : sequence of n str
            Texts of any lengths, whose next character is predicted.
        labels : sequence of n str or n int, default=None
            The label of each, for a model that was fitted with labels.

        Returns
        -------
        probabilities : ndarray of shape (n, n_classes)
            Columns are in the order of `classes_`. A row does not depend on the other contexts.

        Raises
        ------
        TypeError
            If `contexts` is a single str or holds anything else.
        ValueError
            If there are unknown characters and ``unknown="error"``; or if the model was fitted with other `labels`, or
            without.
        """
        model = text_model(self)
        if isinstance(contexts, str):
            raise TypeError(f"contexts must be a sequence of str, got a str: for one context write [{contexts!r}]")
        codes = model.encoder.encode_all(list(contexts))
        return np.exp(model.log_probabilities(codes, model.encoder.labels.encode(labels, len(codes))))

    def predict(self, contexts: Sequence[str], *, labels: Any = None) -> NDArray[np.str_]:
        """Return the likeliest next character after each context.

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
        """Return how unexpected each character of a text is, given those before it.

        Parameters
        ----------
        text : str
            May be long: it is read in chunks.
        label : str or int, default=None
            Its label, for a model that was fitted with labels.
        adapt : bool or Adaptation, default=False
            Whether the model goes on learning from the text, as in `score`.

        Returns
        -------
        surprisal : ndarray of shape (n_characters,)
            Negative log-likelihoods in nats, of the characters that the model reads: in lower case if `lowercase`, and
            without unknown ones if ``unknown="ignore"``.

        Raises
        ------
        TypeError
            If `text` is not a str.
        ValueError
            If there are unknown characters and ``unknown="error"``; or if the model was fitted with other labels, or
            without.
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
        """Return the mean log-likelihood of a character, in nats: higher is better.

        Parameters
        ----------
        text : str or list of str
            The mean is over the characters of all texts. With `y`, contexts as in `predict_proba`.
        y : sequence of str, default=None
            The character after each context, if only these characters are to be scored.
        labels : sequence of n str or n int, default=None
            The label of each text, for a model that was fitted with labels; for a single str, one label.
        adapt : bool or Adaptation, default=False
            Whether the model goes on learning from a text while it scores it (dynamic evaluation): the weights take a
            step after each stretch of characters is scored. A character is always predicted from those before it, each
            text starts from the trained weights, and the model itself stays as it is. An `Adaptation` sets the options.

        Returns
        -------
        score : float
            At most 0. The sum over all characters is the log-likelihood of the text.

        Raises
        ------
        TypeError
            If a text is not a str.
        ValueError
            If there is no character, or an unknown one and ``unknown="error"``; if the model was fitted with other
            `labels`, or without; or if there are both `y` and `adapt`.

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
            raise ValueError(f"adapt must be False with y, as contexts are no text that goes on; got {adapt!r}")
        examples = model.encoder.examples(text, y, document_window(self), labels)
        of_token, targets = model.mean_log_likelihood(examples, adaptation), examples.targets
        # The network may read bytes, but the score is that of a character.
        return of_token * targets.size / max(1, int(model.encoder.starts_character(targets).sum()))

    def bits_per_char(
        self, text: str | Sequence[str], *, labels: Any = None, adapt: bool | Adaptation = False
    ) -> float:
        """Return the mean negative log2-likelihood of a character.

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
            What an ideal compressor with this model would need for a character.

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
            From 1 up.

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
            Read from the first character to the last, also by a windowed model. The result holds six numbers for
            each character and unit.
        label : str or int, default=None
            Its label, for a model that was fitted with labels.

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
            If it is empty, or has unknown characters and ``unknown="error"``; or if the model was fitted with other
            labels, or without.

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
