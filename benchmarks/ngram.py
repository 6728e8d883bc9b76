"""The baseline for models of text: counts of the characters that follow the last few."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.int64]
LONGEST = 8  # characters of context


def witten_bell(train: Codes, test: Codes, longest: int = LONGEST) -> list[float]:
    """Return nats per character of `test` with contexts of 0, 1, ... `longest` characters (Witten & Bell 1991, C).

    Each context mixes the frequencies of the characters that followed it with the prediction of the next shorter
    context, which has more weight the more different characters followed. Below the shortest context, the characters
    seen in `train` are equally likely. The context of the beginning of `test` is the end of `train`.

    Parameters
    ----------
    train, test : ndarray of int, of shape (n_train,) and (n_test,)
        Characters as integers from 0.
    """
    codes = np.concatenate([train, test])
    expected = np.full(test.size, 1.0 / np.unique(train).size)
    contexts, losses = np.zeros(codes.size, np.int64), []
    for _ in range(longest + 1):
        pairs = _numbered(contexts, codes)
        expected = _mixed(contexts, pairs, train.size, expected)
        losses.append(float(-np.log(expected).mean()))
        contexts = np.concatenate([[0], pairs[:-1] + 1])  # contexts become one character longer
    return losses


def _numbered(contexts: Codes, codes: Codes) -> Codes:
    """Return a number, from 0, for each distinct pair of context and character."""
    return np.unique(contexts * (codes.max() + 1) + codes, return_inverse=True)[1]


def _mixed(contexts: Codes, pairs: Codes, n_train: int, shorter: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the probabilities of the characters from `n_train` on, given those with the next shorter context."""
    times = np.bincount(contexts[:n_train], minlength=contexts.max() + 1)
    pair_times = np.bincount(pairs[:n_train], minlength=pairs.max() + 1)
    first_of_pair = np.unique(pairs[:n_train], return_index=True)[1]
    followers = np.bincount(contexts[first_of_pair], minlength=times.size)
    here, came = contexts[n_train:], pair_times[pairs[n_train:]]
    seen = times[here] > 0
    mixed = (came + followers[here] * shorter) / np.where(seen, times[here] + followers[here], 1)
    return np.where(seen, mixed, shorter)
