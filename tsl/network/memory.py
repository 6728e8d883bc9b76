"""Where everything lies: parameters in one flat buffer, packed weights in another, a batch's arrays in a third."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsl.kernels.layout import Layout, Workspace
from tsl.kernels.products import GATE_WIDTH, WIDTH
from tsl.kernels.target import LANES
from tsl.network.spec import Architecture

CACHE_LINE = 64  # bytes


def parameter_shapes(architecture: Architecture) -> dict[str, tuple[int, ...]]:
    """Shape of every parameter by name, in the order of the flat buffer: matrices first, then biases."""
    matrices, biases = {}, {}
    n_directions = 2 if architecture.bidirectional else 1
    n_inputs = architecture.n_inputs
    for layer, hidden in enumerate(architecture.hidden_sizes):
        for direction in range(n_directions):
            name = f"lstm_{layer}" + ("_reverse" if direction else "")
            matrices[f"{name}.w_in"] = (n_inputs, 4 * hidden)
            matrices[f"{name}.w_rec"] = (hidden, 4 * hidden)
            biases[f"{name}.bias"] = (4 * hidden,)
        n_inputs = n_directions * hidden
    matrices["head.w_out"] = (n_inputs, architecture.n_outputs)
    biases["head.b_out"] = (architecture.n_outputs,)
    return matrices | biases


def views(flat: NDArray[Any], shapes: dict[str, tuple[int, ...]]) -> dict[str, NDArray[Any]]:
    """Named arrays sharing the memory of `flat`, in the order of `shapes`."""
    named, start = {}, 0
    for name, shape in shapes.items():
        stop = start + math.prod(shape)
        named[name] = flat[start:stop].reshape(shape)
        start = stop
    return named


def aligned_zeros(size: int, dtype: Any) -> NDArray[Any]:
    """Zeros that start at a cache line, so that no vector of a padded row straddles two."""
    dtype = np.dtype(dtype)
    raw = np.zeros(size * dtype.itemsize + CACHE_LINE, np.uint8)
    offset = -raw.ctypes.data % CACHE_LINE
    return raw[offset : offset + size * dtype.itemsize].view(dtype)


class _Places:
    """Hands out starts in a flat buffer, each at a cache line, with room to read one block beyond the end."""

    def __init__(self) -> None:
        self.size = 0

    def take(self, *shape: int) -> int:
        start = self.size
        self.size += _rounded_up(math.prod(shape) + WIDTH, CACHE_LINE)
        return start


def _rounded_up(n: int, multiple: int) -> int:
    return -(-n // multiple) * multiple


def _units(hidden: int) -> int:
    return _rounded_up(hidden, LANES)


def _integers(numbers: Any) -> NDArray[np.int64]:
    return np.array(list(numbers), dtype=np.int64)


def new_layout(architecture: Architecture) -> tuple[Layout, int]:
    """The layout of a network, and the size of its packed buffer."""
    n_directions = 2 if architecture.bidirectional else 1
    shapes = parameter_shapes(architecture)
    starts = dict(zip(shapes, np.cumsum([0, *map(math.prod, shapes.values())]).tolist(), strict=False))
    hidden_sizes = architecture.hidden_sizes
    inputs = [architecture.n_inputs, *(n_directions * hidden for hidden in hidden_sizes[:-1])]
    hidden = [size for size in hidden_sizes for _ in range(n_directions)]
    cell_inputs = [n for n in inputs for _ in range(n_directions)]
    n_features, n_outputs = n_directions * hidden_sizes[-1], architecture.n_outputs
    names = [f"lstm_{k}{suffix}" for k in range(len(hidden_sizes)) for suffix in ("", "_reverse")[:n_directions]]
    places = _Places()
    layout = Layout(
        n_directions=n_directions,
        n_outputs=n_outputs,
        one_hot=bool(architecture.one_hot),
        every_step=bool(architecture.every_step),
        n_matrix_params=starts[f"{names[0]}.bias"],
        inputs=_integers(inputs),
        hidden=_integers(hidden_sizes),
        state=_integers(np.cumsum([0, *hidden[:-1]])),
        w_in=_integers(starts[f"{name}.w_in"] for name in names),
        w_rec=_integers(starts[f"{name}.w_rec"] for name in names),
        bias=_integers(starts[f"{name}.bias"] for name in names),
        w_out=starts["head.w_out"],
        b_out=starts["head.b_out"],
        packed_w_in=_integers(
            places.take(_units(h) // LANES, n, GATE_WIDTH) for n, h in zip(cell_inputs, hidden, strict=True)
        ),
        packed_w_rec=_integers(places.take(_units(h) // LANES, h, GATE_WIDTH) for h in hidden),
        packed_bias=_integers(places.take(4 * _units(h)) for h in hidden),
        packed_w_in_t=_integers(
            places.take(_rounded_up(n, WIDTH), 4 * _units(h)) for n, h in zip(cell_inputs, hidden, strict=True)
        ),
        packed_w_rec_t=_integers(places.take(_rounded_up(h, WIDTH), 4 * _units(h)) for h in hidden),
        packed_w_out=places.take(_rounded_up(n_outputs, WIDTH), n_features),
        packed_b_out=places.take(_rounded_up(n_outputs, WIDTH)),
        packed_w_out_t=places.take(_rounded_up(n_features, WIDTH), n_outputs),
    )
    return layout, places.size


def new_workspace(
    layout: Layout, n_steps: int, batch: int, dtype: Any, *, keep: bool, masked: bool = False
) -> Workspace:
    """Memory for batches of up to `batch` windows of up to `n_steps` steps.

    `keep` every step, as training needs, or only what the next step needs; `masked` for recurrent dropout.
    """
    places = _Places()
    n_layers, n_directions = layout.hidden.size, layout.n_directions
    hidden = [int(h) for h in layout.hidden for _ in range(n_directions)]
    layers = range(n_layers)
    gate_steps = n_steps if keep else 1
    hidden_steps = [n_steps + 1 if keep or layout.every_step or layer + 1 < n_layers else 2 for layer in layers]
    head_rows = batch * (n_steps if layout.every_step else 1)
    n_features = n_directions * hidden[-1]
    states = [places.take(hidden_steps[cell // n_directions], batch, _units(h)) for cell, h in enumerate(hidden)]
    starts = {
        "inputs": [
            places.take(0 if layout.one_hot and layer == 0 else n_steps, batch, int(layout.inputs[layer]))
            for layer in layers
        ],
        "gates": [places.take(gate_steps, batch, 4 * _units(h)) for h in hidden],
        "cells": [places.take(gate_steps + 1, batch, _units(h)) for h in hidden],
        "hidden": states,
        "recurrent": [places.take(n_steps + 1, batch, _units(h)) for h in hidden] if masked else states,
        "mask": [places.take(batch, _units(h)) for h in hidden] if masked else [0] * len(hidden),
        "d_inputs": [places.take(n_steps, batch, _rounded_up(int(n), WIDTH)) if keep else 0 for n in layout.inputs],
        "d_hidden": [places.take(batch, _rounded_up(h, WIDTH)) if keep else 0 for h in hidden],
        "d_cell": [places.take(batch, _units(h)) if keep else 0 for h in hidden],
    }
    features = places.take(head_rows, n_features)
    d_features = places.take(head_rows, _rounded_up(n_features, WIDTH))
    outputs = places.take(head_rows, _rounded_up(layout.n_outputs, WIDTH))
    return Workspace(
        numbers=aligned_zeros(places.size, dtype),
        codes=np.zeros((n_steps, batch) if layout.one_hot else (0, 0), np.int32),
        windows=np.zeros(batch, np.int64),
        lengths=np.zeros(batch, np.int64),
        row_losses=np.zeros(batch),
        gate_steps=gate_steps,
        hidden_steps=_integers(hidden_steps),
        features=features,
        d_features=d_features,
        outputs=outputs,
        **{name: _integers(numbers) for name, numbers in starts.items()},
    )
