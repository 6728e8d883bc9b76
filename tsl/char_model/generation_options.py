"""Checked options of `generate` and `stream`."""

from __future__ import annotations

import math
import numbers
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
from sklearn.utils import check_random_state

from tsl._checks import check_count
from tsl.char_model.text_state import TextState
from tsl.network import Choice


class GenerationOptions(NamedTuple):
    """Checked arguments of `LSTMCharModel.generate` other than the prompt."""

    length: int
    choice: Choice
    beam_width: int | None
    stop: tuple[str, ...]
    forbid: str
    n_samples: int
    state: TextState | None
    random_state: np.random.RandomState | None
    """None if nothing is drawn."""
    label: Any


def check_options(
    *,
    length: Any,
    temperature: Any = 1.0,
    top_k: Any = None,
    top_p: Any = None,
    min_p: Any = None,
    beam_width: Any = None,
    repetition_penalty: Any = 1.0,
    stop: Any = None,
    forbid: Any = None,
    n_samples: Any = 1,
    state: Any = None,
    random_state: Any = None,
    label: Any = None,
) -> GenerationOptions:
    """Check the options of `generate`.

    Raises
    ------
    TypeError, ValueError
        If an option has the wrong type or is out of range, or if two contradict each other.
    """
    choice = _check_choice(temperature, top_k, top_p, min_p, repetition_penalty)
    if beam_width is not None:
        beam_width = check_count("beam_width", beam_width, 1)
        if choice != Choice():
            raise ValueError(
                "beam_width searches for the likeliest text and draws nothing: temperature, top_k, top_p, min_p and "
                "repetition_penalty must be left at their defaults"
            )
    n_samples = check_count("n_samples", n_samples, 1)
    if beam_width is not None and n_samples > beam_width:
        raise ValueError(f"n_samples must be at most beam_width={beam_width}, got {n_samples}")
    if state is not None and not isinstance(state, TextState):
        raise TypeError(f"state must be one that generate or stream returned, got {type(state).__name__}")
    if state is not None and state.n not in (1, n_samples):
        raise ValueError(f"state must be of one text or of n_samples={n_samples}, got that of {state.n}")
    return GenerationOptions(
        length=check_count("length", length, 0),
        choice=choice,
        beam_width=beam_width,
        stop=_texts("stop", stop),
        forbid="".join(_texts("forbid", forbid or None)),
        n_samples=n_samples,
        state=state,
        random_state=_random_state(random_state, is_needed=choice.temperature > 0),
        label=label,
    )


def _check_choice(temperature: Any, top_k: Any, top_p: Any, min_p: Any, repetition_penalty: Any) -> Choice:
    """Check the options for choosing a code."""
    return Choice(
        temperature=_number("temperature", temperature, "of at least 0", lambda number: number >= 0),
        top_k=None if top_k is None else check_count("top_k", top_k, 1),
        top_p=1.0 if top_p is None else _number("top_p", top_p, "above 0 and up to 1", lambda p: 0 < p <= 1),
        min_p=0.0 if min_p is None else _number("min_p", min_p, "from 0 to 1", lambda p: 0 <= p <= 1),
        penalty=_number("repetition_penalty", repetition_penalty, "above 0", lambda number: number > 0),
    )


def _random_state(given: Any, *, is_needed: bool) -> np.random.RandomState | None:
    """Return the random state; None if it is not needed, as creating one takes as long as 30 characters."""
    if given is None:
        return np.random.RandomState() if is_needed else None
    random_state = check_random_state(given)
    return random_state if is_needed else None


def _number(name: str, value: Any, allowed: str, is_allowed: Any) -> float:
    if not isinstance(value, numbers.Real) or isinstance(value, bool):
        raise TypeError(f"{name} must be a number {allowed}, got {value!r}")
    if not math.isfinite(value) or not is_allowed(value):
        raise ValueError(f"{name} must be a finite number {allowed}, got {value!r}")
    return float(value)


def _texts(name: str, value: Any) -> tuple[str, ...]:
    """Check that `value` is one or several non-empty strings, and return them as a tuple."""
    texts = () if value is None else (value,) if isinstance(value, str) or not isinstance(value, Iterable) else value
    texts = tuple(texts)
    if not all(isinstance(text, str) for text in texts):
        raise TypeError(f"{name} must be a str or several, got {value!r}")
    if not all(texts):
        raise ValueError(f"{name} must not be empty, got {value!r}")
    return texts
