"""Callback that generates samples during training."""

from __future__ import annotations

import sys
from collections.abc import Callable
from time import perf_counter
from typing import Any

from tsl.network import Network
from tsl.training import Callback, History


class TextSamples(Callback):
    """Callback that generates a sample at intervals while an `LSTMCharModel` is trained: one of its `callbacks`.

    Parameters
    ----------
    seconds : float, default=10.0
        Minimum time between samples, which are generated at the ends of epochs.
    write : callable or None, default=None
        Function that is called with each sample, a str. None writes it to stderr, below the bits per character.
    **options
        Arguments of `LSTMCharModel.generate`: `prompt`, `length`, `temperature`, ...

    Examples
    --------
    >>> from tsl import LSTMCharModel
    >>> from tsl.char_model import TextSamples
    >>> samples = []
    >>> callback = TextSamples(0.0, samples.append, prompt="tick ", length=14, temperature=0)
    >>> model = LSTMCharModel(hidden_size=16, max_iter=40, random_state=0, callbacks=[callback])
    >>> model = model.fit("tick tock " * 50)
    >>> len(samples), samples[-1]
    (40, 'tock tick tock')
    """

    def __init__(self, seconds: float = 10.0, write: Callable[[str], Any] | None = None, **options: Any) -> None:
        self.seconds = seconds
        self.write = write
        self.options = options

    def for_estimator(self, estimator: Any) -> Callback:
        """Return a callback that generates samples with this model.

        Parameters
        ----------
        estimator : LSTMCharModel
            The model.

        Returns
        -------
        callback : Callback
            A callback for one fit.
        """
        return _SamplesOf(estimator, self)


class _SamplesOf(Callback):
    """`TextSamples` for one model and one fit."""

    def __init__(self, model: Any, samples: TextSamples) -> None:
        self._model = model
        self._samples = samples
        self._written = perf_counter()

    def on_epoch_end(self, epoch: int, history: History, network: Network) -> None:
        if perf_counter() - self._written < self._samples.seconds:
            return
        text = self._model.generate(**self._samples.options)
        if self._samples.write is not None:
            self._samples.write(text)
        elif sys.stderr is not None:  # None without a console
            sys.stderr.write(f"\n--- epoch {epoch}, {history.bits[-1]:.3f} bits per character ---\n{text}\n")
        self._written = perf_counter()
