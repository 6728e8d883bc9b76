"""Windows and targets in the form that the kernels take."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsl.kernels.layout import KernelData
from tsl.network.spec import Architecture, Sequences, Targets

States2D = tuple[list[NDArray[Any]], list[NDArray[Any]]]


def empty_data(dtype: Any) -> KernelData:
    """Return data without windows; an empty array stands for each missing part."""
    numbers, integers = np.zeros(0, dtype), np.zeros(0, np.int64)
    table = np.zeros((0, 0), dtype)
    return KernelData(
        rows=table,
        codes=np.zeros(0, np.int32),
        conditions=np.zeros(0, np.int32),
        starts=integers,
        lengths=integers,
        values=table,
        labels=integers,
        first_target=integers,
        weights=numbers,
        shifts=table,
        scales=table,
        bounds=np.zeros((0, 0), np.int64),
        statics=table,
        target_shifts=numbers,
        target_scales=numbers,
        initial=np.zeros((0, 0, 0), dtype),
        carry=False,
        reset=np.zeros(0, np.bool_),
    )


def kernel_data(
    empty: KernelData,
    architecture: Architecture,
    sequences: Sequences,
    targets: Targets | None = None,
    weights: NDArray[Any] | None = None,
    initial: States2D | None = None,
    carried: NDArray[Any] | None = None,
) -> KernelData:
    """Return windows and their data for kernels; missing parts are taken from `empty`, the result of `empty_data`.

    Raises
    ------
    ValueError
        If rows or windows do not have the width or length that the weights are for.
    """
    _check_widths(architecture, sequences)
    framing = sequences.framing
    given: dict[str, Any] = {
        "codes" if architecture.one_hot else "rows": plain(sequences.rows),
        "starts": plain(sequences.starts),
        "lengths": plain(sequences.lengths),
        "carry": carried is not None,
    }
    if targets is not None:
        given["labels" if targets.rows.dtype.kind in "iu" else "values"] = plain(targets.rows)
        given["first_target"] = plain(targets.starts)
        if targets.shifts is not None and targets.scales is not None:
            given |= {"target_shifts": plain(targets.shifts), "target_scales": plain(targets.scales)}
    if framing is not None:
        given |= {name: plain(getattr(framing, name)) for name in ("shifts", "scales", "bounds", "statics")}
    if sequences.conditions is not None:
        given["conditions"] = plain(np.asarray(sequences.conditions + architecture.n_inputs, np.int32))
    if weights is not None:
        given["weights"] = plain(weights)
    if sequences.reset is not None:
        given["reset"] = plain(sequences.reset)
    if carried is not None:
        given["initial"] = carried
    elif initial is not None:
        joined = [np.concatenate(part, axis=1) for part in initial]
        given["initial"] = np.ascontiguousarray(joined, empty.initial.dtype)
    return empty._replace(**given)


def check_bounds(architecture: Architecture, sequences: Sequences) -> None:
    """Check that no window reaches beyond the rows: a manipulated model file may ask for that.

    Raises
    ------
    ValueError
        If one does.
    """
    starts, lengths, framing = sequences.starts, sequences.lengths, sequences.framing
    if framing is None:
        first, beyond, within = starts.min(), (starts + lengths).max(), architecture.segment == 1
    else:
        first, beyond, within = framing.bounds[:, 0].min(), framing.bounds[:, 2].max(), True
    if not (within and first >= 0 and beyond <= len(sequences.rows) and lengths.min() >= 1):
        raise ValueError(f"windows must lie within the {len(sequences.rows)} rows, got {first} to {beyond}")


def _check_widths(architecture: Architecture, sequences: Sequences) -> None:
    """Check that rows have the width that the weights are for: compiled code would read beyond them."""
    framing = sequences.framing
    if not architecture.one_hot and sequences.rows.shape[1] != architecture.n_inputs:
        raise ValueError(f"rows must have {architecture.n_inputs} channels, got {sequences.rows.shape[1]}")
    n_static = 0 if framing is None else framing.statics.shape[1]
    if architecture.one_hot:
        _check_conditions(architecture.n_static, sequences.conditions)
    elif n_static != architecture.n_static:
        raise ValueError(f"windows must have {architecture.n_static} static numbers, got {n_static}")
    if architecture.skip_steps and (sequences.lengths != architecture.skip_steps).any():
        raise ValueError(f"windows must have {architecture.skip_steps} steps, got {np.unique(sequences.lengths)}")


def _check_conditions(n_static: int, conditions: NDArray[Any] | None) -> None:
    """Check that windows of a one-hot network have conditions if it reads any, and only those that it knows."""
    if (conditions is None) != (n_static == 0):
        raise ValueError(f"windows must have {'conditions' if n_static else 'no conditions'} for this network")
    if conditions is not None and conditions.size and not 0 <= conditions.min() <= conditions.max() < n_static:
        raise ValueError(f"conditions must be from 0 to {n_static - 1}, got {conditions.min()} to {conditions.max()}")


def plain(array: NDArray[Any]) -> NDArray[Any]:
    """Return the array in the one form that kernels are compiled for: in C order and of a writable type.

    Arrays that are only read need not be writable: for a read-only array, which may map a file of any size, the result
    is a view.
    """
    if array.flags.carray:
        return array
    ordered = np.require(array, requirements=["C", "A"])
    return ordered if ordered.flags.writeable else np.asarray(_TypedWritable(ordered))


class _TypedWritable:
    """A read-only array for code that is compiled for writable ones but writes nothing."""

    def __init__(self, array):
        address, _ = array.__array_interface__["data"]
        self.__array_interface__ = array.__array_interface__ | {"data": (address, False)}
        self._array = array  # keeps the memory alive
