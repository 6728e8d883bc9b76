"""Which windows each training step reads."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tsl.network import Sequences, Targets


class Samples(NamedTuple):
    """Windows with their targets and weights."""

    sequences: Sequences
    targets: Targets
    weights: NDArray[Any] | None = None
    """(n,) of the network's dtype, or None for equal weights. A window of weight 0 is as good as absent."""


def windows_to_use(samples: Samples) -> NDArray[np.int64]:
    """Numbers of the windows that count: a batch without any weight would have no mean."""
    if samples.weights is None:
        windows = np.arange(samples.sequences.starts.size)
    else:
        windows = np.flatnonzero(samples.weights)
    if windows.size == 0:
        raise ValueError("samples has no window with a weight above 0: at least 1 is needed")
    return windows


def window_shares(samples: Samples, *, every_step: bool) -> NDArray[Any] | None:
    """How much each window counts in a mean over many; None where all count the same."""
    lengths = samples.sequences.lengths
    if not every_step or (lengths == lengths[0]).all():
        return samples.weights
    return lengths if samples.weights is None else lengths * samples.weights


def epoch_batches(
    windows: NDArray[np.int64], batch_size: int, random_state: np.random.RandomState | None = None
) -> NDArray[np.int64]:
    """Cut the numbers of windows into the batches of one epoch.

    Parameters
    ----------
    windows : ndarray of shape (n,)
        Numbers of the windows to use.
    batch_size : int
    random_state : numpy.random.RandomState or None
        Shuffles; None keeps the order.

    Returns
    -------
    ndarray of shape (n_steps, batch_size)
        Each number once; the last row is filled up with -1.

    Examples
    --------
    >>> epoch_batches(np.arange(5), 2)
    array([[ 0,  1],
           [ 2,  3],
           [ 4, -1]])
    """
    n_steps = -(-windows.size // batch_size)
    batches = np.full(n_steps * batch_size, -1, dtype=np.int64)
    batches[: windows.size] = windows if random_state is None else random_state.permutation(windows)
    return batches.reshape(n_steps, batch_size)


def batch_shares(batches: NDArray[np.int64], shares: NDArray[Any] | None) -> NDArray[np.float64]:
    """How much each batch counts in the mean over an epoch.

    Parameters
    ----------
    batches : ndarray of shape (n_steps, batch_size)
    shares : ndarray of shape (n,) or None
        How much each window counts; None: all the same.

    Returns
    -------
    ndarray of shape (n_steps,)
    """
    used = batches >= 0
    if shares is None:
        return used.sum(axis=1, dtype=np.float64)
    return np.where(used, shares[batches], 0).sum(axis=1, dtype=np.float64)
