"""The state of texts that are being generated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from tsl.char_model.samples import Codes
from tsl.network import Network


@dataclass(frozen=True)
class TextState:
    """The state of texts that are being generated: pass it to `generate` or `stream` to continue them.

    Parameters
    ----------
    states : ndarray of shape (2, n, ·)
        Hidden and cell states of n texts; empty for a windowed model.
    outputs : ndarray of shape (n, V)
        Unnormalised log-probabilities of the next code.
    recent : ndarray of shape (n, R)
        The last codes, the oldest first; padded with -1 before the first code.
    pending : tuple of n bytes
        The first bytes of a character that is not complete yet.
    held : tuple of n str
        Characters beyond the requested length, since one byte can complete two characters.
    labels : ndarray of int32, of shape (n,), or None
        The code of each text's label, for a model with labels.
    """

    states: NDArray[Any]
    outputs: NDArray[Any]
    recent: NDArray[np.int32]
    pending: tuple[bytes, ...]
    held: tuple[str, ...]
    labels: NDArray[np.int32] | None = None

    @property
    def n(self) -> int:
        """Number of texts."""
        return len(self.outputs)

    def part(self, which: Sequence[int] | NDArray[np.intp]) -> Self:
        """Return the states of some of the texts.

        Parameters
        ----------
        which : sequence of int
            Indices of texts; an index may be repeated.

        Returns
        -------
        state : TextState
            The states of these texts, in that order.
        """
        return replace(
            self,
            states=self.states[:, which],
            outputs=self.outputs[which],
            recent=self.recent[which],
            pending=tuple(self.pending[k] for k in which),
            held=tuple(self.held[k] for k in which),
            labels=None if self.labels is None else self.labels[which],
        )

    def after(self, states: NDArray[Any], outputs: NDArray[Any], codes: Codes) -> Self:
        """Return the state after more steps.

        Parameters
        ----------
        states : ndarray of shape (2, n, ·)
            Hidden and cell states after the steps.
        outputs : ndarray of shape (n, V)
            Unnormalised log-probabilities of the next code.
        codes : ndarray of shape (n, steps)
            The codes read in these steps.

        Returns
        -------
        state : TextState
            The new state, with the same `pending` and `held`.
        """
        recent = np.concatenate([self.recent, codes], axis=1)[:, codes.shape[1] :]
        return replace(self, states=states, outputs=outputs, recent=np.ascontiguousarray(recent))


def joined(states: Sequence[TextState]) -> TextState:
    """Return the states of several texts as one."""
    labels = [state.labels for state in states if state.labels is not None]
    return TextState(
        np.concatenate([state.states for state in states], axis=1),
        np.concatenate([state.outputs for state in states]),
        np.concatenate([state.recent for state in states]),
        tuple(pending for state in states for pending in state.pending),
        tuple(held for state in states for held in state.held),
        np.concatenate(labels) if labels else None,
    )


def check_state(state: TextState, network: Network, n_states: int, n_recent: int) -> None:
    """Check that a state has the sizes of this model."""
    sizes = state.states.shape[2], state.outputs.shape[1], state.recent.shape[1]
    labels, n_labels = state.labels, network.architecture.n_static
    known = labels is None if n_labels == 0 else labels is not None and 0 <= labels.min() <= labels.max() < n_labels
    if sizes != (n_states, network.architecture.n_outputs, n_recent) or not known:
        raise ValueError("state must come from this model, got one of a model of another form")
