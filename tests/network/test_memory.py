"""Memory layout."""

import numpy as np
import pytest

from tsl.network import Architecture
from tsl.network.memory import CACHE_LINE, aligned_zeros, new_layout, new_workspace, parameter_shapes, views

ARCHITECTURES = [
    Architecture(3, (5, 20), 2),
    Architecture(3, (5, 20), 2, bidirectional=True, every_step=True),
    Architecture(7, (4,), 7, one_hot=True, n_embedded=3),
    Architecture(3, (4,), 2, skip_steps=4, n_embedded=6, segment=2, n_static=1),
]


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_views_cover_the_parameters_in_order_matrices_first(architecture):
    shapes = parameter_shapes(architecture)
    size = sum(int(np.prod(shape)) for shape in shapes.values())
    named = views(np.arange(size), shapes)
    assert np.concatenate([array.ravel() for array in named.values()]).tolist() == list(range(size))
    dimensions = [array.ndim for array in named.values()]
    assert dimensions == sorted(dimensions, reverse=True)
    layout, _ = new_layout(architecture)
    assert layout.n_matrix_params == sum(array.size for array in named.values() if array.ndim == 2)
    for name, start in [("head.w_out", layout.w_out), ("head.b_out", layout.b_out)]:
        assert named[name].flat[0] == start
    for k, record in enumerate(layout.lstms):
        names = [name for name in named if name.endswith(("w_in", "w_rec", ".bias"))]
        assert {record["w_in"], record["w_rec"], record["bias"]} <= {named[name].flat[0] for name in names}, k


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("keep", [False, True])
def test_arrays_of_a_workspace_start_at_cache_lines_and_apart(architecture, keep):
    layout, _ = new_layout(architecture)
    work = new_workspace(layout, 4, 3, np.float32, keep=keep, masked=keep)
    shared = {"hidden_steps", "inputs", "d_inputs"}  # the first is a number, the others are those of a layer
    names = [name for name in work.lstms.dtype.names if name not in shared and (keep or not name.startswith("d_"))]
    if not keep:
        names = [name for name in names if name not in ("mask", "recurrent")]  # the latter is `hidden`
    starts = [int(record[name]) for record in work.lstms for name in names]
    starts += [work.features, work.d_features, work.outputs, work.raw, work.embedded]
    assert len(set(starts)) == len(starts)
    assert all(start % CACHE_LINE == 0 for start in starts)
    assert max(starts) < work.numbers.size


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_memory_is_aligned(dtype):
    assert all(aligned_zeros(size, dtype).ctypes.data % CACHE_LINE == 0 for size in range(1, 40))
