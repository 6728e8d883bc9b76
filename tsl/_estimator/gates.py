"""Activations of the gates."""

from __future__ import annotations

from typing import Any, NamedTuple

from numpy.typing import NDArray

from tsl.network import Network, Sequences


class GateActivations(NamedTuple):
    """Activations and states of one layer and direction; arrays are (n, T, H), zero beyond the end of a shorter window.

    Steps are in the order of the input, for the reverse direction too.
    """

    layer: int
    """Counted from 0, the lowest."""
    direction: str
    """``"forward"`` or ``"reverse"``."""
    input: NDArray[Any]
    """Share of the candidate that is added to the cell state, between 0 and 1."""
    forget: NDArray[Any]
    """Share of the previous cell state that is kept, between 0 and 1."""
    candidate: NDArray[Any]
    """Candidate for the cell state, between -1 and 1."""
    output: NDArray[Any]
    """Share of the cell state's tanh that is the hidden state, between 0 and 1."""
    cell: NDArray[Any]
    """The cell state after the step."""
    hidden: NDArray[Any]
    """The hidden state after the step: the output gate times the tanh of the cell state."""


def gate_activations(network: Network, sequences: Sequences) -> list[GateActivations]:
    """Return one entry for each layer and direction, the lowest layer first, forward before reverse."""
    directions = ("forward", "reverse") if network.architecture.bidirectional else ("forward",)
    layers = [(layer, name) for layer in range(len(network.architecture.hidden_sizes)) for name in directions]
    activations = []
    for (layer, direction), states in zip(layers, network.states(sequences)):
        input_gate, forget, candidate, output = states.gates.transpose(2, 0, 1, 3)
        activations.append(
            GateActivations(layer, direction, input_gate, forget, candidate, output, states.cell, states.hidden)
        )
    return activations
