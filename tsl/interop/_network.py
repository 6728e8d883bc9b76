"""Nodes for a network: LSTM layers with ONNX's LSTM operator, and the dense head."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tsl.interop._graph import Graph, in_onnx_order
from tsl.interop._weights import layer_names
from tsl.network import Network


class LayerStates(NamedTuple):
    """Names of the hidden and the cell state of a layer, each (directions, n, H)."""

    hidden: str
    cell: str


def add_network(
    graph: Graph,
    network: Network,
    x: str,
    lengths: str = "",
    initial: list[LayerStates] | None = None,
) -> tuple[str, list[LayerStates]]:
    """Add the layers and the head of a network.

    Parameters
    ----------
    graph : Graph
    network : Network
    x : str
        Inputs (n, T, C) in float32, with segments and static values side by side; or codes (n, T) in int64 for a
        one-hot network.
    lengths : str
        Number of steps of each window, (n,) in int32; "" for all steps.
    initial : list of LayerStates or None
        Initial states of each layer; None for zeros.

    Returns
    -------
    outputs : str
        (n, K), or (n, T, K) with `every_step`.
    final : list of LayerStates
        States of each layer after the last step.
    """
    architecture, weights = network.architecture, network.named()
    raw = x
    if architecture.one_hot:
        x = _read_codes(graph, network, x)
    elif architecture.n_embedded:
        w, b = (graph.constant(weights[name].astype(np.float32), name) for name in ("embedding.w", "embedding.b"))
        x = graph.add("Relu", graph.add("Add", graph.add("MatMul", x, w), b))
    below, final = graph.transpose(x, 1, 0, 2), []
    all_names = layer_names(len(architecture.hidden_sizes), architecture.bidirectional)
    for layer, (size, names) in enumerate(zip(architecture.hidden_sizes, all_names)):
        w_in, w_rec, bias = (
            np.stack([in_onnx_order(weights[f"{name}.{kind}"]) for name in names]) for kind in ("w_in", "w_rec", "bias")
        )
        states = ("", "") if initial is None else initial[layer]
        every, hidden, cell = graph.add(
            "LSTM",
            below,
            graph.constant(w_in, f"lstm_{layer}.w_in"),
            graph.constant(w_rec, f"lstm_{layer}.w_rec"),
            graph.constant(np.concatenate([bias, np.zeros_like(bias)], axis=1), f"lstm_{layer}.bias"),
            lengths,
            *states,
            n_outputs=3,
            hidden_size=size,
            direction="bidirectional" if architecture.bidirectional else "forward",
        )
        final.append(LayerStates(hidden, cell))
        below = graph.reshape(graph.transpose(every, 0, 2, 1, 3), (0, 0, -1))  # (T, n, directions * H)
    if architecture.every_step:
        features = graph.transpose(below, 1, 0, 2)
    else:
        features = graph.reshape(graph.transpose(final[-1].hidden, 1, 0, 2), (0, -1))
    if architecture.skip_steps:
        features = graph.concatenate([features, _skipping(graph, network, raw)], axis=1)
    w_out, b_out = (graph.constant(weights[name].astype(np.float32), name) for name in ("head.w_out", "head.b_out"))
    return graph.add("Add", graph.add("MatMul", features, w_out), b_out), final


def _read_codes(graph: Graph, network: Network, codes: str) -> str:
    """Return the vector of each code, (n, T, C)."""
    architecture = network.architecture
    if architecture.n_embedded:
        vectors = network.named()["embedding.w"].astype(np.float32)
    else:
        vectors = np.eye(architecture.n_inputs, dtype=np.float32)
    return graph.add("Gather", graph.constant(vectors, "embedding.w"), codes, axis=0)


def _skipping(graph: Graph, network: Network, x: str) -> str:
    """Return the head's skip connection: the inputs of all steps, without the static ones."""
    architecture = network.architecture
    if architecture.n_static:
        x = graph.cut(x, 2, 0, -architecture.n_static)
    return graph.reshape(x, (0, -1))
