"""Generation of codes that continue those already read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsl.kernels.products import WIDTH
from tsl.kernels.threads import Member, new_barrier
from tsl.kernels.writing import ChoicePlan, Streams, choose_codes, write_codes
from tsl.network.memory import rounded_up
from tsl.network.network import Network
from tsl.network.plans import NO_DROPOUT
from tsl.network.spec import Sequences
from tsl.network.subroutines import forward_address
from tsl.network.team import useful_sharing_threads
from tsl.network.workers import in_threads


@dataclass(frozen=True)
class Choice:
    """Options for choosing the next code from scores, which are log-probabilities up to an additive constant.

    Parameters
    ----------
    temperature : float
        Scores are divided by it; at 0, the code with the highest score is chosen.
    top_k : int or None
        Only this many of the likeliest codes are allowed.
    top_p : float
        Of these, only the smallest set of likeliest codes that together have this share of their probability (Holtzman
        et al. 2020).
    min_p : float
        And only those with at least this share of the probability of the likeliest.
    penalty : float
        Log-probabilities of recent codes are first multiplied by it, as in CTRL (Keskar et al. 2019).
    forbidden : ndarray of shape (K,), bool, or None
        Codes that must not be chosen; not all of them. None forbids none.
    """

    temperature: float = 1.0
    top_k: int | None = None
    top_p: float = 1.0
    min_p: float = 0.0
    penalty: float = 1.0
    forbidden: NDArray[np.bool_] | None = None

    def plan(self, n_codes: int) -> ChoicePlan:
        """Return the options in the form that the kernels take."""
        top_k = n_codes if self.top_k is None else min(self.top_k, n_codes)
        forbidden = np.zeros(n_codes, np.bool_) if self.forbidden is None else self.forbidden
        return ChoicePlan(
            float(self.temperature), int(top_k), float(self.top_p), float(self.min_p), float(self.penalty), forbidden
        )


LIKELY = Choice()


def choose(
    scores: NDArray[Any],
    draws: NDArray[np.float64],
    choice: Choice = LIKELY,
    recent: NDArray[np.int32] | None = None,
) -> NDArray[np.int32]:
    """Choose one code for each row of `scores` (n, K), using `draws` (n,); see `CodeWriter.write`."""
    streams = _streams(scores, scores.dtype, recent, draws[None, :], 1)
    choose_codes(choice.plan(scores.shape[1]), streams)
    return streams.codes[0]


def _streams(
    scores: NDArray[Any], dtype: Any, recent: NDArray[np.int32] | None, draws: NDArray[np.float64], n_threads: int
) -> Streams:
    """Return streams in the form that the kernels take, with a copy of the scores padded to whole vectors."""
    n, n_codes = scores.shape
    padded = np.zeros((n, rounded_up(n_codes, WIDTH)), dtype)
    padded[:, :n_codes] = scores
    recent = np.full((n, 1), -1, np.int32) if recent is None else recent
    return Streams(padded, recent, np.zeros((n_threads, n_codes), np.int32), draws, np.zeros(draws.shape, np.int32))


class CodeWriter:
    """A network that generates streams of codes in parallel: weights are packed once, states are kept between codes.

    Parameters
    ----------
    network : Network
        One-hot, in one direction. Its parameters are read now; later changes are not seen.
    n_streams : int
        Number of streams generated at once.
    n_threads : int
        At most this many threads. They share the streams, or the units of each layer if there are not enough streams;
        their number does not change a single bit of the result.
    """

    def __init__(self, network: Network, n_streams: int = 1, n_threads: int = 1) -> None:
        if network.architecture.bidirectional:
            raise ValueError("a bidirectional network cannot generate: it needs future steps")
        if not network.architecture.one_hot:
            raise ValueError("a network must be one-hot to read the codes that it generates")
        self.network = network
        self.states = network.zero_states(n_streams)
        """(2, n_streams, ·): all hidden and all cell states; may be read and set."""
        self._n_threads = n_threads
        self._packed = network.packed_weights()

    def write(
        self,
        scores: NDArray[Any],
        draws: NDArray[np.float64],
        choice: Choice = LIKELY,
        recent: NDArray[np.int32] | None = None,
        conditions: NDArray[np.int32] | None = None,
    ) -> tuple[NDArray[np.int32], NDArray[Any]]:
        """Choose codes one after the other, and read each.

        Parameters
        ----------
        scores : ndarray of shape (n_streams, K)
            Log-probabilities of the first code, up to an additive constant for each stream.
        draws : ndarray of shape (n, n_streams), float64
            Random numbers, uniform in [0, 1).
        choice : Choice
            How to choose.
        recent : ndarray of shape (n_streams, R), int32, or None
            The last R codes of each stream, oldest first, -1 for none; updated in place. `choice.penalty` applies to
            them; None means no codes.
        conditions : ndarray of shape (n_streams,), int32, or None
            As in `Sequences`.

        Returns
        -------
        codes : ndarray of shape (n, n_streams), int32
        scores : ndarray of shape (n_streams, K)
            The scores that the network returns after the last code.
        """
        network = self.network
        n_outputs = network.architecture.n_outputs
        n_threads = useful_sharing_threads(self._n_threads, len(draws), network.flops(1, 1), draws.shape[1])
        none = np.zeros(0, np.int64)
        nothing = Sequences(np.zeros(0, np.int32), none, none, conditions=conditions)
        data = network.data(nothing, carried=self.states)
        streams = _streams(scores, network.dtype, recent, draws, n_threads)
        work = network.workspaces.borrow(network.layout, 1, draws.shape[1], network.dtype)
        forward_at = forward_address(network.layout, self._packed, work)
        barrier, plan = new_barrier(), choice.plan(n_outputs)

        def run(thread):
            member = Member(barrier, thread, n_threads)
            write_codes(forward_at, network.layout, self._packed, work, data, NO_DROPOUT, plan, streams, member)

        in_threads(run, n_threads, barrier)
        network.workspaces.give_back(1, draws.shape[1], work)
        return streams.codes, streams.scores[:, :n_outputs]
