"""Nodes for the pipeline steps before the network: scikit-learn's scalers, and windows."""

from __future__ import annotations

import numbers
from typing import Any

import numpy as np
from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, RobustScaler, StandardScaler

from tsl.interop._graph import Graph
from tsl.windows import SlidingWindow


def add_step(graph: Graph, step: Any, value: str, rank: int) -> tuple[str, int]:
    """Add a pipeline step to `value`; return its output and the rank of the output.

    Raises
    ------
    TypeError
        If the step is not supported in ONNX.
    ValueError
        If the step has an option that is not supported.
    """
    if step is None or step == "passthrough":
        return value, rank
    if isinstance(step, SlidingWindow):
        return _add_windows(graph, step, value)
    if isinstance(step, StandardScaler):
        return _add_affine(graph, value, step.mean_ if step.with_mean else None, step.scale_), rank
    if isinstance(step, RobustScaler):
        return _add_affine(graph, value, step.center_, step.scale_), rank
    if isinstance(step, MaxAbsScaler):
        scaled = _add_affine(graph, value, None, step.scale_)
        return _clipped(graph, scaled, (-1.0, 1.0), getattr(step, "clip", False)), rank  # no `clip` before 1.8
    if isinstance(step, MinMaxScaler):
        scaled = graph.add("Add", graph.add("Mul", value, graph.constant(step.scale_)), graph.constant(step.min_))
        return _clipped(graph, scaled, step.feature_range, step.clip), rank
    raise TypeError(
        "steps before the network must be SlidingWindow, StandardScaler, MinMaxScaler, MaxAbsScaler, RobustScaler or "
        f"'passthrough', got {type(step).__name__}; skl2onnx knows others, see register_skl2onnx"
    )


def _add_affine(graph: Graph, value: str, center: Any, scale: Any) -> str:
    """Return ``(value - center) / scale``, where both may be None."""
    if center is not None:
        value = graph.add("Sub", value, graph.constant(np.asarray(center, np.float64), "center"))
    if scale is not None:
        value = graph.add("Div", value, graph.constant(np.asarray(scale, np.float64), "scale"))
    return value


def _clipped(graph: Graph, value: str, bounds: tuple[float, float], is_clipped: bool) -> str:
    """Clip `value` to bounds if `is_clipped`."""
    if not is_clipped:
        return value
    return graph.add("Clip", value, *(graph.constant(np.float64(bound)) for bound in bounds))


def _add_windows(graph: Graph, step: SlidingWindow, rows: str) -> tuple[str, int]:
    """Return the window that ends at each of the rows (n, C), padded before the first row; no history is kept."""
    if step.groups is not None:
        raise ValueError(f"SlidingWindow must have groups=None to become ONNX, got {step.groups!r}")
    first = graph.cut(rows, 0, 0, 1)
    lead, n_channels = (step.window - 1) * step.stride, step.n_features_in_
    if isinstance(step.pad, numbers.Real):
        padding = graph.constant(np.full((lead, n_channels), float(step.pad)), "padding")
    else:
        padding = graph.add("Expand", first, graph.constant(np.array([lead, n_channels], np.int64)))
    padded = graph.concatenate([padding, rows], axis=0) if lead else rows
    n_rows = graph.add("Squeeze", graph.add("Shape", rows, end=1), graph.constant(np.array([0], np.int64)))
    zero, one = graph.constant(np.int64(0)), graph.constant(np.int64(1))
    ends = graph.reshape(graph.add("Range", zero, n_rows, one), (-1, 1))
    offsets = graph.constant(np.arange(step.window, dtype=np.int64)[None, :] * step.stride, "offsets")
    windows = graph.add("Gather", padded, graph.add("Add", ends, offsets), axis=0)  # (n, window, C)
    return (windows, 3) if step.output == "3d" else (graph.reshape(windows, (0, -1)), 2)
