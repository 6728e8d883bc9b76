"""How a trained `LSTMCharModel` writes."""

from __future__ import annotations

import itertools
import numbers
from collections.abc import Iterator
from typing import Any

import numpy as np
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from tsl.char_model.predicting import TextPredictor
from tsl.char_model.samples import Codes


class TextWriter(TextPredictor):
    """The part of `LSTMCharModel` that writes."""

    def generate(
        self, prompt: str = "", length: int = 200, *, temperature: float = 1.0, random_state: Any = None
    ) -> str:
        """Write on after a prompt.

        Parameters
        ----------
        prompt : str, default=""
            What to go on from.
        length : int, default=200
            Characters to write.
        temperature : float, default=1.0
            At 1 characters come as often as the model expects them; below, the likely ones more often; at 0 always
            the likeliest one; above 1 the text grows wilder.
        random_state : int, RandomState instance or None, default=None
            An int gives the same text each time. None is new each time, and leaves NumPy's global state alone.

        Returns
        -------
        text : str
            The `length` new characters, without the prompt.

        Raises
        ------
        TypeError
            If `prompt` is not a str or `length` or `temperature` are no numbers.
        ValueError
            If `length` is negative, if `temperature` is negative or not finite, or if the prompt has unknown
            characters and ``unknown="error"``.

        Examples
        --------
        >>> from tsl import LSTMCharModel
        >>> model = LSTMCharModel(hidden_size=16, max_iter=40, random_state=0).fit("tick tock " * 50)
        >>> "tick " + model.generate("tick ", length=14, temperature=0)
        'tick tock tick tock'
        """
        return "".join(self._written(prompt, length, temperature, random_state))

    def stream(
        self, prompt: str = "", length: int = 200, *, temperature: float = 1.0, random_state: Any = None
    ) -> Iterator[str]:
        """Write on after a prompt, character by character.

        Parameters
        ----------
        prompt : str, default=""
            As in `generate`.
        length : int, default=200
            As in `generate`.
        temperature : float, default=1.0
            As in `generate`.
        random_state : int, RandomState instance or None, default=None
            As in `generate`.

        Returns
        -------
        characters : iterator of str
            The characters of `generate`; some hundred are chosen at a time, which takes a few thousandths of a second.

        Raises
        ------
        TypeError, ValueError
            As in `generate`, and at once, not when the first character is asked for.

        Examples
        --------
        >>> from tsl import LSTMCharModel
        >>> model = LSTMCharModel(hidden_size=16, max_iter=40, random_state=0).fit("tick tock " * 50)
        >>> for character in model.stream("tick ", length=4, temperature=0):
        ...     print(character, end="|")
        t|o|c|k|
        """
        return itertools.chain.from_iterable(self._written(prompt, length, temperature, random_state))

    def _written(self, prompt: Any, length: Any, temperature: Any, random_state: Any) -> Iterator[str]:
        """Check the arguments, and write in pieces, each being one call of compiled code."""
        check_is_fitted(self)
        length, temperature = check_length(length), check_temperature(temperature)
        return self._pieces(self._encode_one(prompt, "prompt"), length, temperature, own_random_state(random_state))

    def _pieces(
        self, prompt: Codes, length: int, temperature: float, random_state: np.random.RandomState
    ) -> Iterator[str]:
        never_seen = self.class_count_ == 0  # U+FFFD, where it only stands for unknown characters
        writer = self._reader(n_threads=1).writer(prompt, self._log_first().astype(self.network_.dtype))
        for begin in range(0, length, writer.at_once):
            n = min(writer.at_once, length - begin)
            draws = random_state.random_sample(n) if temperature else np.zeros(n)
            codes = writer.write(draws, temperature, never_seen)
            yield "".join(self.classes_[codes].tolist())


def check_temperature(temperature: Any) -> float:
    """A finite number of at least 0."""
    if not isinstance(temperature, numbers.Real) or isinstance(temperature, bool):
        raise TypeError(f"temperature must be a number of at least 0, got {temperature!r}")
    if not 0 <= float(temperature) < np.inf:
        raise ValueError(f"temperature must be a finite number of at least 0, got {temperature!r}")
    return float(temperature)


def check_length(length: Any) -> int:
    """A whole number of at least 0."""
    if not isinstance(length, numbers.Integral) or isinstance(length, bool):
        raise TypeError(f"length must be a whole number of at least 0, got {length!r}")
    if length < 0:
        raise ValueError(f"length must be at least 0, got {length}")
    return int(length)


def own_random_state(random_state: Any) -> np.random.RandomState:
    """As scikit-learn's, but None is a new generator of its own: the global one is left alone."""
    return np.random.RandomState() if random_state is None else check_random_state(random_state)
