"""What a model knows of the texts that it is writing."""

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
    """What a model knows of the texts that it is writing: give it back to `generate` or `stream` to go on.

    Parameters
    ----------
    states : ndarray of shape (2, n, ·)
        Hidden and cell states of n texts; empty for a windowed model.
    outputs : ndarray of shape (n, V)
        Logarithms of what is expected next.
    recent : ndarray of shape (n, R)
        The last codes, the oldest first, -1 where there were none.
    pending : tuple of n bytes
        The beginning of a character of which bytes are still to come.
    held : tuple of n str
        Characters that were written beyond the length that was asked for, as one byte can complete two of them.
    """

    states: NDArray[Any]
    outputs: NDArray[Any]
    recent: NDArray[np.int32]
    pending: tuple[bytes, ...]
    held: tuple[str, ...]

    @property
    def n(self) -> int:
        """Texts."""
        return len(self.outputs)

    def part(self, which: Sequence[int] | NDArray[np.intp]) -> Self:
        """Return the states of some of the texts.

        Parameters
        ----------
        which : sequence of int
            Numbers of texts, from 0 on; one may come several times.

        Returns
        -------
        state : TextState
            Those texts' states, in that order.
        """
        return replace(
            self,
            states=self.states[:, which],
            outputs=self.outputs[which],
            recent=self.recent[which],
            pending=tuple(self.pending[k] for k in which),
            held=tuple(self.held[k] for k in which),
        )

    def after(self, states: NDArray[Any], outputs: NDArray[Any], codes: Codes) -> Self:
        """Return the state after some more steps.

        Parameters
        ----------
        states : ndarray of shape (2, n, ·)
            Hidden and cell states after them.
        outputs : ndarray of shape (n, V)
            Logarithms of what is expected next.
        codes : ndarray of shape (n, steps)
            What was read.

        Returns
        -------
        state : TextState
            The state with these; what is pending and held stays as it was.
        """
        recent = np.concatenate([self.recent, codes], axis=1)[:, codes.shape[1] :]
        return replace(self, states=states, outputs=outputs, recent=np.ascontiguousarray(recent))


def joined(states: Sequence[TextState]) -> TextState:
    """The states of several texts as one."""
    return TextState(
        np.concatenate([state.states for state in states], axis=1),
        np.concatenate([state.outputs for state in states]),
        np.concatenate([state.recent for state in states]),
        tuple(pending for state in states for pending in state.pending),
        tuple(held for state in states for held in state.held),
    )


def check_state(state: TextState, network: Network, n_states: int, n_recent: int) -> None:
    """Refuse a state of a model of another form."""
    sizes = state.states.shape[2], state.outputs.shape[1], state.recent.shape[1]
    if sizes != (n_states, network.architecture.n_outputs, n_recent):
        raise ValueError("state must come from this model, got one of a model of another form")
