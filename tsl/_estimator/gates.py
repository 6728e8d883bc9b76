"""What happens inside: the activations of every gate."""

from __future__ import annotations

from typing import Any, NamedTuple

from numpy.typing import NDArray

from tsl.network import Network, Sequences


class GateActivations(NamedTuple):
    """Everything inside one layer and direction; arrays are (n, T, H), zero beyond the end of a shorter window.

    Steps are in the order of the input, also for the direction that reads it from the end.
    """

    layer: int
    """Counted from 0, the lowest."""
    direction: str
    """``"forward"`` or ``"reverse"``."""
    input: NDArray[Any]
    """How much of the candidate is let in, between 0 and 1."""
    forget: NDArray[Any]
    """How much of the old cell state is kept, between 0 and 1: an "open" forget gate keeps it."""
    candidate: NDArray[Any]
    """What may be added to the cell state, between -1 and 1."""
    output: NDArray[Any]
    """How much of the cell state is shown, between 0 and 1."""
    cell: NDArray[Any]
    """The cell state after the step."""
    hidden: NDArray[Any]
    """The hidden state after the step: the output gate times the tanh of the cell state."""


def gate_activations(network: Network, sequences: Sequences) -> list[GateActivations]:
    """One entry a layer and direction, the lowest layer first, forward before reverse."""
    directions = ("forward", "reverse") if network.architecture.bidirectional else ("forward",)
    places = [(layer, name) for layer in range(len(network.architecture.hidden_sizes)) for name in directions]
    activations = []
    for (layer, direction), states in zip(places, network.states(sequences)):
        enter, forget, candidate, output = states.gates.transpose(2, 0, 1, 3)
        activations.append(
            GateActivations(layer, direction, enter, forget, candidate, output, states.cell, states.hidden)
        )
    return activations
