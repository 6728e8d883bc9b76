"""Memory layout: parameters in one flat buffer, packed weights in another, a batch's arrays in a third."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsl.kernels.layout import LSTM, LSTM_MEMORY, Layout, Workspace
from tsl.kernels.products import GATE_WIDTH, WIDTH
from tsl.kernels.target import LANES
from tsl.network.spec import Architecture

CACHE_LINE = 64  # bytes


def parameter_shapes(architecture: Architecture) -> dict[str, tuple[int, ...]]:
    """Return the shape of every parameter by name, in the order of the flat buffer: matrices first, then biases."""
    matrices: dict[str, tuple[int, ...]] = {}
    biases: dict[str, tuple[int, ...]] = {}
    n_inputs = n_raw(architecture)
    if architecture.n_embedded:
        matrices["embedding.w"] = (n_inputs, architecture.n_embedded)
        if not architecture.one_hot:
            biases["embedding.b"] = (architecture.n_embedded,)
        n_inputs = architecture.n_embedded
    for layer, hidden in enumerate(architecture.hidden_sizes):
        for direction in range(n_directions(architecture)):
            name = f"lstm_{layer}" + ("_reverse" if direction else "")
            matrices[f"{name}.w_in"] = (n_inputs, 4 * hidden)
            matrices[f"{name}.w_rec"] = (hidden, 4 * hidden)
            biases[f"{name}.bias"] = (4 * hidden,)
        n_inputs = n_directions(architecture) * hidden
    matrices["head.w_out"] = (n_inputs + n_skipped(architecture), architecture.n_outputs)
    biases["head.b_out"] = (architecture.n_outputs,)
    return matrices | biases


def n_directions(architecture: Architecture) -> int:
    """Return the number of LSTMs per layer."""
    return 2 if architecture.bidirectional else 1


def n_raw(architecture: Architecture) -> int:
    """Return the number of values that a step reads."""
    return architecture.n_inputs * architecture.segment + architecture.n_static


def n_skipped(architecture: Architecture) -> int:
    """Return the number of inputs of all steps that the head reads too."""
    return architecture.skip_steps * architecture.segment * architecture.n_inputs


def views(flat: NDArray[Any], shapes: dict[str, tuple[int, ...]]) -> dict[str, NDArray[Any]]:
    """Return named arrays that share the memory of `flat`, in the order of `shapes`."""
    named, start = {}, 0
    for name, shape in shapes.items():
        stop = start + math.prod(shape)
        named[name] = flat[start:stop].reshape(shape)
        start = stop
    return named


def aligned_zeros(size: int, dtype: Any) -> NDArray[Any]:
    """Return zeros that start at a cache line, so that no vector of a padded row straddles two lines."""
    dtype = np.dtype(dtype)
    raw = np.zeros(size * dtype.itemsize + CACHE_LINE, np.uint8)
    offset = -raw.ctypes.data % CACHE_LINE
    return raw[offset : offset + size * dtype.itemsize].view(dtype)


class _Allocator:
    """Allocator of arrays in a flat buffer, each at a cache line, with room to read one block past the end."""

    def __init__(self) -> None:
        self.size = 0

    def take(self, *shape: int) -> int:
        """Return the start of a new array of this shape."""
        start = self.size
        self.size += rounded_up(math.prod(shape) + WIDTH, CACHE_LINE)
        return start


def rounded_up(n: int, multiple: int) -> int:
    """Return the smallest multiple that is at least n."""
    return -(-n // multiple) * multiple


def padded_units(hidden: int) -> int:
    """Return the number of hidden units, padded to whole vectors."""
    return rounded_up(hidden, LANES)


def _records(dtype: np.dtype, rows: list[dict[str, int]]) -> NDArray[Any]:
    """Return a record array with one record per row; fields that a row does not name are 0."""
    return np.array([tuple(row.get(name, 0) for name in dtype.names or ()) for row in rows], dtype)


def new_layout(architecture: Architecture) -> tuple[Layout, int]:
    """Return the layout of a network and the size of its packed buffer."""
    shapes = parameter_shapes(architecture)
    starts = dict(zip(shapes, np.cumsum([0, *map(math.prod, shapes.values())]).tolist(), strict=False))
    packed = _Allocator()
    lstms = _lstm_records(architecture, shapes, starts, packed)
    n_features, n_outputs = shapes["head.w_out"]
    n_states = n_features - n_skipped(architecture)
    layout = Layout(
        n_directions=n_directions(architecture),
        n_outputs=n_outputs,
        one_hot=bool(architecture.one_hot),
        every_step=bool(architecture.every_step),
        segment=architecture.segment,
        n_known=architecture.n_known,
        n_skipped=n_skipped(architecture),
        n_embedded=architecture.n_embedded,
        n_raw=n_raw(architecture),
        n_matrix_params=sum(math.prod(shape) for shape in shapes.values() if len(shape) == 2),
        w_out=starts["head.w_out"],
        b_out=starts["head.b_out"],
        packed_w_out=packed.take(rounded_up(n_outputs, WIDTH), n_features),
        packed_b_out=packed.take(rounded_up(n_outputs, WIDTH)),
        packed_w_out_t=packed.take(rounded_up(n_states, WIDTH), n_outputs),
        w_embedding=starts.get("embedding.w", 0),
        b_embedding=starts.get("embedding.b", 0),
        packed_w_embedding=packed.take(rounded_up(architecture.n_embedded, WIDTH), n_raw(architecture)),
        packed_b_embedding=packed.take(rounded_up(architecture.n_embedded, WIDTH)),
        lstms=lstms,
    )
    return layout, packed.size


def _lstm_records(
    architecture: Architecture, shapes: dict[str, tuple[int, ...]], starts: dict[str, int], packed: _Allocator
) -> NDArray[Any]:
    """Return the sizes and starts of each LSTM, layer by layer."""
    records: list[dict[str, int]] = []
    state = 0
    for name in [name.removesuffix(".w_in") for name in shapes if name.endswith(".w_in")]:
        n_inputs, n_hidden = shapes[f"{name}.w_in"][0], shapes[f"{name}.w_rec"][0]
        blocks = padded_units(n_hidden) // LANES
        reads_vectors = architecture.one_hot and architecture.n_embedded and len(records) < n_directions(architecture)
        packed_w_in = packed.take(blocks, n_inputs, GATE_WIDTH)
        records.append(
            {
                "n_inputs": n_inputs,
                "n_hidden": n_hidden,
                "state": state,
                "w_in": starts[f"{name}.w_in"],
                "w_rec": starts[f"{name}.w_rec"],
                "bias": starts[f"{name}.bias"],
                "packed_w_in": packed_w_in,
                "packed_codes": (
                    packed.take(blocks, n_raw(architecture), GATE_WIDTH) if reads_vectors else packed_w_in
                ),
                "packed_w_rec": packed.take(blocks, n_hidden, GATE_WIDTH),
                "packed_bias": packed.take(blocks, GATE_WIDTH),
                "packed_w_in_t": packed.take(rounded_up(n_inputs, WIDTH), blocks * GATE_WIDTH),
                "packed_w_rec_t": packed.take(rounded_up(n_hidden, WIDTH), blocks * GATE_WIDTH),
            }
        )
        state += n_hidden
    return _records(LSTM, records)


def new_workspace(
    layout: Layout, n_steps: int, batch: int, dtype: Any, *, keep: bool, masked: bool = False
) -> Workspace:
    """Return memory for batches of up to `batch` windows of up to `n_steps` steps.

    With `keep`, every step is kept, as training needs, otherwise only what the next step needs; `masked` is for
    recurrent dropout.
    """
    numbers = _Allocator()
    # 2, although 1 would do: with some batches, a step that overwrites what the previous one reads is a third slower
    gate_steps = n_steps if keep else 2
    records: list[dict[str, int]] = []
    for k in range(layout.lstms.size):
        if k % layout.n_directions == 0:
            inputs: dict[str, int] = {}  # shared by all LSTMs of the layer
        states = _state_starts(numbers, layout, k, n_steps, gate_steps, batch, keep=keep, masked=masked)
        inputs = inputs or _input_starts(numbers, layout, k, n_steps, batch, keep=keep)
        records.append(states | inputs)
    head_rows = batch * (n_steps if layout.every_step else 1)
    n_states = layout.n_directions * int(layout.lstms["n_hidden"][-1])
    embedded_steps = 0 if layout.one_hot or not layout.n_embedded else n_steps * batch
    embedded_rows = layout.n_raw if layout.one_hot else embedded_steps
    starts = {
        "features": numbers.take(head_rows, n_states + layout.n_skipped),
        "d_features": numbers.take(head_rows, rounded_up(n_states, WIDTH)),
        "outputs": numbers.take(head_rows, rounded_up(layout.n_outputs, WIDTH)),
        "raw": numbers.take(embedded_steps, layout.n_raw),
        "embedded": numbers.take(embedded_rows, rounded_up(layout.n_embedded, WIDTH)),
    }
    return Workspace(
        numbers=aligned_zeros(numbers.size, dtype),
        codes=np.zeros((n_steps + 1, batch) if layout.one_hot else (0, 0), np.int32),
        windows=np.zeros(batch, np.int64),
        lengths=np.zeros(batch, np.int64),
        row_losses=np.zeros(batch),
        gate_steps=gate_steps,
        lstms=_records(LSTM_MEMORY, records),
        **starts,
    )


def _state_starts(
    numbers: _Allocator, layout: Layout, k: int, n_steps: int, gate_steps: int, batch: int, *, keep: bool, masked: bool
) -> dict[str, int]:
    """Return the starts of the state arrays of LSTM k."""
    n_hidden = int(layout.lstms["n_hidden"][k])
    units, is_top = padded_units(n_hidden), k + layout.n_directions >= layout.lstms.size
    all_read = layout.every_step or not is_top  # by the head, or by the layer above
    hidden_steps = n_steps + 1 if keep or all_read else 2
    hidden = numbers.take(hidden_steps, batch, units)
    starts = {
        "hidden_steps": hidden_steps,
        "hidden": hidden,
        "gates": numbers.take(gate_steps, batch, 4 * units),
        "states": numbers.take(gate_steps + 1, batch, units),
        "recurrent": numbers.take(hidden_steps, batch, units) if masked else hidden,
    }
    if masked:
        starts["mask"] = numbers.take(batch, units)
    if keep:
        starts["d_hidden"] = numbers.take(batch, rounded_up(n_hidden, WIDTH))
        starts["d_cell"] = numbers.take(batch, units)
    return starts


def _input_starts(
    numbers: _Allocator, layout: Layout, k: int, n_steps: int, batch: int, *, keep: bool
) -> dict[str, int]:
    """Return the starts of the input arrays of LSTM k."""
    n_inputs, reads_codes = int(layout.lstms["n_inputs"][k]), layout.one_hot and k == 0
    starts = {"inputs": numbers.take(0 if reads_codes else n_steps, batch, n_inputs)}
    if keep:
        starts["d_inputs"] = numbers.take(n_steps, batch, rounded_up(n_inputs, WIDTH))
    return starts


def another_workspace(work: Workspace) -> Workspace:
    """Return separate memory for another thread, with the same layout."""
    return work._replace(
        numbers=aligned_zeros(work.numbers.size, work.numbers.dtype),
        codes=np.zeros_like(work.codes),
        windows=np.zeros_like(work.windows),
        lengths=np.zeros_like(work.lengths),
        row_losses=np.zeros_like(work.row_losses),
    )


def read_array(work: Workspace, start: int, *shape: int) -> NDArray[Any]:
    """Return a view of one array of a workspace."""
    return work.numbers[start : start + math.prod(shape)].reshape(shape)
