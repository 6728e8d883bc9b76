"""Where everything lies: parameters in one flat buffer, packed weights in another, a batch's arrays in a third."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsl.kernels.layout import CELL, CELL_MEMORY, Data, Layout, Workspace
from tsl.kernels.products import GATE_WIDTH, WIDTH
from tsl.kernels.target import LANES
from tsl.network.spec import Architecture

CACHE_LINE = 64  # bytes


def parameter_shapes(architecture: Architecture) -> dict[str, tuple[int, ...]]:
    """Shape of every parameter by name, in the order of the flat buffer: matrices first, then biases."""
    matrices: dict[str, tuple[int, ...]] = {}
    biases: dict[str, tuple[int, ...]] = {}
    n_directions = 2 if architecture.bidirectional else 1
    n_inputs = n_raw(architecture)
    if architecture.n_embedded:
        matrices["embedding.w"] = (n_inputs, architecture.n_embedded)
        if not architecture.one_hot:
            biases["embedding.b"] = (architecture.n_embedded,)
        n_inputs = architecture.n_embedded
    for layer, hidden in enumerate(architecture.hidden_sizes):
        for direction in range(n_directions):
            name = f"lstm_{layer}" + ("_reverse" if direction else "")
            matrices[f"{name}.w_in"] = (n_inputs, 4 * hidden)
            matrices[f"{name}.w_rec"] = (hidden, 4 * hidden)
            biases[f"{name}.bias"] = (4 * hidden,)
        n_inputs = n_directions * hidden
    matrices["head.w_out"] = (n_inputs + n_skipped(architecture), architecture.n_outputs)
    biases["head.b_out"] = (architecture.n_outputs,)
    return matrices | biases


def n_raw(architecture: Architecture) -> int:
    """Numbers that a step reads."""
    return architecture.n_inputs * architecture.segment + architecture.n_static


def n_skipped(architecture: Architecture) -> int:
    """Inputs of all steps that the head reads too."""
    return architecture.skip_steps * architecture.segment * architecture.n_inputs


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


def plain(array: NDArray[Any]) -> NDArray[Any]:
    """The array in the one form that kernels are compiled for: in C order, and writable by its type.

    What they only read need not be writable: of a read-only array, which may map a file of any size, it is a view.
    """
    if array.flags.carray:
        return array
    ordered = np.require(array, requirements=["C", "A"])
    return ordered if ordered.flags.writeable else np.asarray(_TypedWritable(ordered))


class _TypedWritable:
    """A read-only array for code that is compiled for writable ones, and writes nothing."""

    def __init__(self, array):
        address, _ = array.__array_interface__["data"]
        self.__array_interface__ = array.__array_interface__ | {"data": (address, False)}
        self._array = array  # which keeps the memory


def nothing(dtype: Any) -> Data:
    """No windows at all: an empty array stands for whatever there is not."""
    numbers, places = np.zeros(0, dtype), np.zeros(0, np.int64)
    table = np.zeros((0, 0), dtype)
    return Data(
        rows=table,
        codes=np.zeros(0, np.int32),
        starts=places,
        lengths=places,
        values=table,
        labels=places,
        first_target=places,
        weights=numbers,
        shifts=table,
        scales=table,
        bounds=np.zeros((0, 0), np.int64),
        statics=table,
        target_shifts=numbers,
        target_scales=numbers,
        initial=np.zeros((0, 0, 0), dtype),
        carry=False,
        fresh=np.zeros(0, np.bool_),
    )


class _Places:
    """Hands out starts in a flat buffer, each at a cache line, with room to read one block beyond the end."""

    def __init__(self) -> None:
        self.size = 0

    def take(self, *shape: int) -> int:
        start = self.size
        self.size += rounded_up(math.prod(shape) + WIDTH, CACHE_LINE)
        return start


def rounded_up(n: int, multiple: int) -> int:
    """The smallest multiple that is not below n."""
    return -(-n // multiple) * multiple


def padded_units(hidden: int) -> int:
    """Hidden units, filled up to whole vectors."""
    return rounded_up(hidden, LANES)


def _records(dtype: np.dtype, rows: list[dict[str, int]]) -> NDArray[Any]:
    """A record array, one record a row; fields that a row does not name are 0."""
    return np.array([tuple(row.get(name, 0) for name in dtype.names or ()) for row in rows], dtype)


def new_layout(architecture: Architecture) -> tuple[Layout, int]:
    """The layout of a network, and the size of its packed buffer."""
    n_directions = 2 if architecture.bidirectional else 1
    shapes = parameter_shapes(architecture)
    starts = dict(zip(shapes, np.cumsum([0, *map(math.prod, shapes.values())]).tolist(), strict=False))
    places, state = _Places(), 0
    cells: list[dict[str, int]] = []
    for name in [name.removesuffix(".w_in") for name in shapes if name.endswith(".w_in")]:
        n_inputs, n_hidden = shapes[f"{name}.w_in"][0], shapes[f"{name}.w_rec"][0]
        units = padded_units(n_hidden)
        packed_w_in = places.take(units // LANES, n_inputs, GATE_WIDTH)
        codes_embedded = architecture.one_hot and architecture.n_embedded and len(cells) < n_directions
        cells.append(
            {
                "n_inputs": n_inputs,
                "n_hidden": n_hidden,
                "state": state,
                "w_in": starts[f"{name}.w_in"],
                "w_rec": starts[f"{name}.w_rec"],
                "bias": starts[f"{name}.bias"],
                "packed_w_in": packed_w_in,
                "packed_codes": (
                    places.take(units // LANES, architecture.n_inputs, GATE_WIDTH) if codes_embedded else packed_w_in
                ),
                "packed_w_rec": places.take(units // LANES, n_hidden, GATE_WIDTH),
                "packed_bias": places.take(4 * units),
                "packed_w_in_t": places.take(rounded_up(n_inputs, WIDTH), 4 * units),
                "packed_w_rec_t": places.take(rounded_up(n_hidden, WIDTH), 4 * units),
            }
        )
        state += n_hidden
    n_features, n_outputs = shapes["head.w_out"]
    n_states = n_features - n_skipped(architecture)
    layout = Layout(
        n_directions=n_directions,
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
        packed_w_out=places.take(rounded_up(n_outputs, WIDTH), n_features),
        packed_b_out=places.take(rounded_up(n_outputs, WIDTH)),
        packed_w_out_t=places.take(rounded_up(n_states, WIDTH), n_outputs),
        w_embedding=starts.get("embedding.w", 0),
        b_embedding=starts.get("embedding.b", 0),
        packed_w_embedding=places.take(rounded_up(architecture.n_embedded, WIDTH), n_raw(architecture)),
        packed_b_embedding=places.take(rounded_up(architecture.n_embedded, WIDTH)),
        cells=_records(CELL, cells),
    )
    return layout, places.size


def new_workspace(
    layout: Layout, n_steps: int, batch: int, dtype: Any, *, keep: bool, masked: bool = False
) -> Workspace:
    """Memory for batches of up to `batch` windows of up to `n_steps` steps.

    `keep` every step, as training needs, or only what the next step needs; `masked` for recurrent dropout.
    """
    places, cells = _Places(), []
    n_directions, n_cells = layout.n_directions, layout.cells.size
    # 2 where one would do: a step that writes where the one before still reads runs a third slower with some batches
    gate_steps = n_steps if keep else 2
    for k, sizes in enumerate(layout.cells):
        n_inputs, n_hidden, units = int(sizes["n_inputs"]), int(sizes["n_hidden"]), padded_units(int(sizes["n_hidden"]))
        all_read = layout.every_step or k + n_directions < n_cells  # by the head, or by the layer above
        hidden_steps = n_steps + 1 if keep or all_read else 2
        hidden = places.take(hidden_steps, batch, units)
        cell = {
            "hidden_steps": hidden_steps,
            "hidden": hidden,
            "gates": places.take(gate_steps, batch, 4 * units),
            "states": places.take(gate_steps + 1, batch, units),
            "recurrent": places.take(hidden_steps, batch, units) if masked else hidden,
        }
        if masked:
            cell["mask"] = places.take(batch, units)
        if keep:
            cell["d_hidden"] = places.take(batch, rounded_up(n_hidden, WIDTH))
            cell["d_cell"] = places.take(batch, units)
        if k % n_directions == 0:
            input_steps = 0 if layout.one_hot and k == 0 else n_steps
            inputs = {"inputs": places.take(input_steps, batch, n_inputs)}
            if keep:
                inputs["d_inputs"] = places.take(n_steps, batch, rounded_up(n_inputs, WIDTH))
        cells.append(cell | inputs)
    head_rows = batch * (n_steps if layout.every_step else 1)
    n_states = n_directions * int(layout.cells["n_hidden"][-1])
    features = places.take(head_rows, n_states + layout.n_skipped)
    d_features = places.take(head_rows, rounded_up(n_states, WIDTH))
    outputs = places.take(head_rows, rounded_up(layout.n_outputs, WIDTH))
    embedded_steps = 0 if layout.one_hot or not layout.n_embedded else n_steps * batch
    raw = places.take(embedded_steps, layout.n_raw)
    embedded_rows = layout.n_raw if layout.one_hot else embedded_steps
    embedded = places.take(embedded_rows, rounded_up(layout.n_embedded, WIDTH))
    return Workspace(
        numbers=aligned_zeros(places.size, dtype),
        codes=np.zeros((n_steps, batch) if layout.one_hot else (0, 0), np.int32),
        windows=np.zeros(batch, np.int64),
        lengths=np.zeros(batch, np.int64),
        row_losses=np.zeros(batch),
        gate_steps=gate_steps,
        features=features,
        d_features=d_features,
        outputs=outputs,
        raw=raw,
        embedded=embedded,
        cells=_records(CELL_MEMORY, cells),
    )


def another_workspace(work: Workspace) -> Workspace:
    """Memory of its own for another thread, laid out alike."""
    return work._replace(
        numbers=aligned_zeros(work.numbers.size, work.numbers.dtype),
        codes=np.zeros_like(work.codes),
        windows=np.zeros_like(work.windows),
        lengths=np.zeros_like(work.lengths),
        row_losses=np.zeros_like(work.row_losses),
    )


def read_array(work: Workspace, start: int, *shape: int) -> NDArray[Any]:
    """A view of one array of a workspace."""
    return work.numbers[start : start + math.prod(shape)].reshape(shape)
