"""Writing on from codes that were read."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsl.kernels.products import WIDTH
from tsl.kernels.writing import choose_codes, write_codes
from tsl.network.memory import new_workspace, rounded_up
from tsl.network.network import Network
from tsl.network.plans import NO_DROPOUT
from tsl.network.spec import Sequences


def choose(
    scores: NDArray[Any],
    draws: NDArray[np.float64],
    temperature: float = 1.0,
    barred: NDArray[np.bool_] | None = None,
) -> NDArray[np.int32]:
    """Choose one code for each row of `scores` (n, K), by `draws` (n,); see `Writer.write`."""
    codes = np.zeros(draws.shape, np.int32)
    padded = _padded(scores, scores.dtype)
    choose_codes(padded, _flags(barred, scores.shape[1]), float(temperature), draws, codes)
    return codes


def _padded(scores: NDArray[Any], dtype: Any) -> NDArray[Any]:
    """A copy whose rows are whole vectors."""
    padded = np.zeros((scores.shape[0], rounded_up(scores.shape[1], WIDTH)), dtype)
    padded[:, : scores.shape[1]] = scores
    return padded


def _flags(barred: NDArray[np.bool_] | None, n_codes: int) -> NDArray[np.bool_]:
    return np.zeros(n_codes, np.bool_) if barred is None else barred


class Writer:
    """A network that writes streams side by side: weights are packed once, states stay between the codes.

    Parameters
    ----------
    network : Network
        One-hot, in one direction. Its parameters are read now; later changes are not seen.
    n_streams : int
        Streams that are written at once.
    """

    def __init__(self, network: Network, n_streams: int = 1) -> None:
        if network.architecture.bidirectional:
            raise ValueError("a bidirectional network cannot write: it needs the steps to come")
        if not network.architecture.one_hot:
            raise ValueError("a network must be one-hot to read the codes that it writes")
        self.network = network
        self.states = network.zero_states(n_streams)
        """(2, n_streams, ·): all hidden and all cell states; may be read and set."""
        self._packed = network.packed_weights()
        self._work = new_workspace(network.layout, 1, n_streams, network.dtype, keep=False)

    def write(
        self,
        scores: NDArray[Any],
        draws: NDArray[np.float64],
        temperature: float = 1.0,
        barred: NDArray[np.bool_] | None = None,
    ) -> tuple[NDArray[np.int32], NDArray[Any]]:
        """Choose codes one after the other, and read each.

        Parameters
        ----------
        scores : ndarray of shape (n_streams, K)
            Logarithms of probabilities, up to a number for each stream, of the first code.
        draws : ndarray of shape (n, n_streams), float64
            Random numbers, uniform in [0, 1).
        temperature : float
            Scores are divided by it; at 0 the highest is chosen.
        barred : ndarray of shape (K,), bool
            Codes that must not come; not all of them. None is none of them.

        Returns
        -------
        codes : ndarray of shape (n, n_streams), int32
        scores : ndarray of shape (n_streams, K)
            What the network gives after the last code.
        """
        network = self.network
        n_outputs = network.architecture.n_outputs
        codes = np.zeros(draws.shape, np.int32)
        padded = _padded(scores, network.dtype)
        none = np.zeros(0, np.int64)
        data = network.data(Sequences(np.zeros(0, np.int32), none, none), carried=self.states)
        write_codes(
            network.layout,
            self._packed,
            self._work,
            data,
            NO_DROPOUT,
            _flags(barred, n_outputs),
            float(temperature),
            draws,
            padded,
            codes,
        )
        return codes, padded[:, :n_outputs]
