"""The windows that each training step reads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tsl.network import Sequences, Targets


class Samples(NamedTuple):
    """Windows with their targets and weights."""

    sequences: Sequences
    targets: Targets
    weights: NDArray[Any] | None = None
    """Weights (n,) of the network's dtype, or None for equal weights. Windows of weight 0 are left out."""


def windows_to_use(samples: Samples) -> NDArray[np.int64]:
    """Return the indices of the windows with a weight above 0: a batch without weight would have no mean.

    Raises
    ------
    ValueError
        If there are none.
    """
    if samples.weights is None:
        windows = np.arange(samples.sequences.starts.size)
    else:
        windows = np.flatnonzero(samples.weights)
    if windows.size == 0:
        raise ValueError("samples has no window with a weight above 0: at least 1 is needed")
    return windows


def window_shares(samples: Samples, *, every_step: bool) -> NDArray[Any] | None:
    """Return the weight of each window in a mean over windows; None for equal weights."""
    lengths = samples.sequences.lengths
    if not every_step or (lengths == lengths[0]).all():
        return samples.weights
    return lengths if samples.weights is None else lengths * samples.weights


def epoch_batches(
    windows: NDArray[np.int64], batch_size: int, random_state: np.random.RandomState | None = None
) -> NDArray[np.int64]:
    """Split the indices of windows into the batches of one epoch.

    Parameters
    ----------
    windows : ndarray of shape (n,)
        Indices of the windows to use.
    batch_size : int
    random_state : numpy.random.RandomState or None
        Random state for shuffling; None keeps the order.

    Returns
    -------
    ndarray of shape (n_steps, batch_size)
        Each index once; the last row is padded with -1.

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
    """Return the weight of each batch in the mean over an epoch.

    Parameters
    ----------
    batches : ndarray of shape (n_steps, batch_size)
    shares : ndarray of shape (n,) or None
        Weight of each window; None for equal weights.

    Returns
    -------
    ndarray of shape (n_steps,)
    """
    used = batches >= 0
    if shares is None:
        return used.sum(axis=1, dtype=np.float64)
    return np.where(used, shares[batches], 0).sum(axis=1, dtype=np.float64)


class EpochSampler:
    """Source of the samples and batches of successive epochs.

    Parameters
    ----------
    samples : Samples or callable
        As in `train`; those of the first epoch are drawn immediately, to determine their number.
    batch_size : int
        Batch size; it is limited to the number of windows.
    random_state : numpy.random.RandomState
        Random state for shuffling, from which a callable also draws.
    shuffle, every_step : bool

    Attributes
    ----------
    samples : Samples
        The samples of the last epoch drawn.
    window_shares : ndarray or None
        The weight of each of their windows.
    drawn_from : dict
        The random state from which they, and the order of their windows, were drawn.
    """

    def __init__(
        self,
        samples: Samples | Callable[[], Samples],
        batch_size: int,
        random_state: np.random.RandomState,
        *,
        shuffle: bool,
        every_step: bool,
    ) -> None:
        self._draw_samples = samples if callable(samples) else None
        self._every_step = every_step
        self._shuffle = shuffle
        self._is_new = True  # whether no batches have been drawn from the samples yet
        self.random_state = random_state
        self.drawn_from = random_state.get_state(legacy=False)
        self._take(samples() if callable(samples) else samples)
        self.batch_size = min(batch_size, self._windows.size)

    @property
    def n_batches(self) -> int:
        """Number of batches per epoch."""
        return -(-self._windows.size // self.batch_size)

    def draw(self) -> NDArray[np.int64]:
        """Draw the next epoch; return its batches."""
        return self._batches() if self._is_new else self.draw_again()

    def draw_again(self) -> NDArray[np.int64]:
        """Draw an epoch from the current random state; return its batches."""
        self.drawn_from = self.random_state.get_state(legacy=False)
        if self._draw_samples is not None:
            self._take(self._draw_samples())
        return self._batches()

    def _take(self, samples: Samples) -> None:
        self.samples = samples
        self._windows = windows_to_use(samples)
        self.window_shares = window_shares(samples, every_step=self._every_step)

    def _batches(self) -> NDArray[np.int64]:
        self._is_new = False
        return epoch_batches(self._windows, self.batch_size, self.random_state if self._shuffle else None)
