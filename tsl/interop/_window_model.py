"""Nodes for a regressor or a classifier: windows, scaling, the network, and the predictions from its outputs."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import numpy as np

from tsl._estimator.layout import channels_first
from tsl._estimator.scaling import Scaling
from tsl.classifier import LSTMClassifier
from tsl.interop._graph import Graph
from tsl.interop._network import add_network
from tsl.interop._steps import add_step
from tsl.regressor import LSTMRegressor

InputForm = Literal["auto", "windows", "table"]


class Windows(NamedTuple):
    """Names of windows (n, T, C) in float64, the oldest step first, and of their lengths; "" means T."""

    values: str
    lengths: str


def add_pipeline(graph: Graph, steps: list[Any], model: Any, input_form: InputForm) -> None:
    """Add the steps of a pipeline, and the predictions of its last step."""
    if len(steps) > 1:
        n_columns = next(step.n_features_in_ for _, step in steps if hasattr(step, "n_features_in_"))
        value, rank = graph.input("X", np.float64, ["n", n_columns]), 2
        for _, step in steps[:-1]:
            value, rank = add_step(graph, step, value, rank)
        windows = windows_of(graph, model, value, rank)
    else:
        windows = _declared_windows(graph, model, input_form)
    add_predictions(graph, model, windows)


def windows_of(graph: Graph, model: Any, value: str, rank: int) -> Windows:
    """Return the windows that a regressor or classifier reads from a table (n, T * C) or from windows of full length.

    Raises
    ------
    ValueError
        If `fit` saw the other form, and this one cannot be read in the same way.
    """
    if rank == 2:
        if model.n_timesteps_in_ is None:
            raise ValueError("a table (input_form='table') needs windows of equal length in fit, got different ones")
        return Windows(_windows_of_table(graph, model, value), "")
    if model.columns_ is not None:
        raise ValueError("X must be a table (input_form='table') if fit found lags by column names, got windows")
    return Windows(_ordered(graph, model, value), "")


def add_predictions(graph: Graph, model: Any, windows: Windows) -> None:
    """Add the network, and the predictions from its outputs."""
    scaled = _standardised(graph, windows.values, model.input_scaling_)
    values, lengths = graph.cast(scaled, np.float32), windows.lengths
    segment = model.network_.architecture.segment
    if segment > 1:
        values, lengths = _in_segments(graph, Windows(values, lengths), segment, model.n_channels_in_)
    lengths = graph.cast(lengths, np.int32) if lengths else ""
    outputs, _ = add_network(graph, model.network_, values, lengths)
    if isinstance(model, LSTMClassifier):
        _add_labels(graph, model, outputs)
    else:
        _add_numbers(graph, model, outputs)


def _in_segments(graph: Graph, windows: Windows, segment: int, n_channels: int) -> Windows:
    """Return windows (n, S, segment * C) with their numbers of segments; the last segment is padded with zeros."""
    values, lengths = windows
    if lengths:
        values = _zero_beyond(graph, windows)
    padded = graph.add("Pad", values, graph.constant(np.array([0, 0, 0, 0, segment - 1, 0], np.int64)))
    n_segments = _n_segments(graph, graph.add("Shape", values, start=1, end=2), segment)
    first, axis, size = (graph.constant(np.array([number], np.int64)) for number in (0, 1, segment))
    whole = graph.add("Slice", padded, first, graph.add("Mul", n_segments, size), axis)
    lengths = _n_segments(graph, lengths, segment) if lengths else ""
    return Windows(graph.reshape(whole, (0, -1, segment * n_channels)), lengths)


def _n_segments(graph: Graph, n_steps: str, segment: int) -> str:
    """Return the number of segments for `n_steps` steps."""
    more, size = (graph.constant(np.array([number], np.int64)) for number in (segment - 1, segment))
    return graph.add("Div", graph.add("Add", n_steps, more), size)


def _zero_beyond(graph: Graph, windows: Windows) -> str:
    """Return windows (n, T, C) with zeros beyond the length of each, in place of arbitrary values."""
    first, each = (graph.constant(np.array(number, np.int64)) for number in (0, 1))
    n_steps = graph.add("Squeeze", graph.add("Shape", windows.values, start=1, end=2))
    steps = graph.reshape(graph.add("Range", first, n_steps, each), (1, -1, 1))
    within = graph.add("Less", steps, graph.reshape(windows.lengths, (-1, 1, 1)))
    return graph.add("Where", within, windows.values, graph.constant(np.float32(0.0)))


def _declared_windows(graph: Graph, model: Any, input_form: InputForm) -> Windows:
    """Declare the inputs of a regressor or classifier."""
    n_steps, n_channels = model.n_timesteps_in_, model.n_channels_in_
    is_table = hasattr(model, "feature_names_in_") or model.columns_ is not None
    if input_form == "table" or (input_form == "auto" and is_table):
        n_columns = "n_columns" if n_steps is None else n_steps * n_channels
        return windows_of(graph, model, graph.input("X", np.float64, ["n", n_columns]), 2)
    times: Any = n_steps if model.input_scaling_.mean.ndim == 2 else "T"
    swapped = channels_first(model)
    value = graph.input("X", np.float64, ["n", n_channels, times] if swapped else ["n", times, n_channels])
    if n_steps is not None:
        return windows_of(graph, model, value, 3)
    return _ragged(graph, model, value, graph.input("lengths", np.int64, ["n"]), swapped)


def _ragged(graph: Graph, model: Any, value: str, lengths: str, swapped: bool) -> Windows:
    """Return windows of different lengths, each reversed separately if the newest step is first."""
    if swapped:
        value = graph.transpose(value, 0, 2, 1)
    if model.time_order == "newest_first":
        value = graph.add("ReverseSequence", value, lengths, batch_axis=0, time_axis=1)
    return Windows(value, lengths)


def _windows_of_table(graph: Graph, model: Any, table: str) -> str:
    """Return windows (n, T, C) from a table (n, T * C), read as in `fit`."""
    n_channels = model.n_channels_in_
    if model.columns_ is not None:
        chosen = graph.add("Gather", table, graph.constant(model.columns_.ravel().astype(np.int64), "columns"), axis=1)
        return graph.reshape(chosen, (0, *model.columns_.shape))
    if channels_first(model):
        return _ordered(graph, model, graph.reshape(table, (0, n_channels, -1)))
    return _ordered(graph, model, graph.reshape(table, (0, -1, n_channels)))


def _ordered(graph: Graph, model: Any, value: str) -> str:
    """Return windows (n, T, C), the oldest step first, according to `layout` and `time_order`."""
    if channels_first(model):
        value = graph.transpose(value, 0, 2, 1)
    return graph.cut(value, 1, -1, step=-1) if model.time_order == "newest_first" else value


def _standardised(graph: Graph, value: str, scaling: Scaling) -> str:
    """Return ``(value - mean) / scale`` in float64, or `value` if that changes nothing."""
    if not scaling.mean.any() and (scaling.scale == 1.0).all():
        return value
    shifted = graph.add("Sub", value, graph.constant(scaling.mean, "input_mean"))
    return graph.add("Div", shifted, graph.constant(scaling.scale, "input_scale"))


def _add_numbers(graph: Graph, model: LSTMRegressor, outputs: str) -> None:
    """Add the predictions of a regressor, in the units of its targets."""
    n_outputs = model.n_outputs_
    n_quantiles = model.network_.architecture.n_outputs // n_outputs
    scaling = model.target_scaling_
    numbers = graph.cast(outputs, np.float64)
    if model.loss == "poisson":
        numbers = graph.add("Exp", numbers)
    shape: list[int | str] = ["n", n_outputs]
    scale, mean = graph.constant(scaling.scale, "target_scale"), graph.constant(scaling.mean, "target_mean")
    if n_quantiles > 1:
        by_target = graph.transpose(graph.reshape(numbers, (0, n_outputs, n_quantiles)), 0, 2, 1)
        numbers = graph.transpose(graph.add("Add", graph.add("Mul", by_target, scale), mean), 0, 2, 1)
        n_sorted = graph.constant(np.array([n_quantiles], np.int64))
        numbers, _ = graph.add("TopK", numbers, n_sorted, n_outputs=2, axis=-1, largest=0, sorted=1)
        shape.append(n_quantiles)
    else:
        numbers = graph.add("Add", graph.add("Mul", numbers, scale), mean)
    if model._single_output:
        numbers = graph.add("Squeeze", numbers, graph.constant(np.array([1], np.int64)))
        del shape[1]
    graph.output("y", numbers, np.float64, shape)


def _add_labels(graph: Graph, model: LSTMClassifier, outputs: str) -> None:
    """Add the labels and the probabilities of a classifier."""
    probabilities = graph.add("Softmax", graph.cast(outputs, np.float64), axis=1)
    classes = model.classes_
    if classes.dtype.kind == "O" and not all(isinstance(one, str) for one in classes):
        kinds = sorted({type(one).__name__ for one in classes})
        raise ValueError(f"estimator must have classes that ONNX knows, strings, numbers or booleans, got {kinds}")
    best = graph.add("ArgMax", outputs, axis=1, keepdims=0)
    graph.output("label", graph.add("Gather", graph.constant(classes, "classes"), best, axis=0), classes.dtype, ["n"])
    graph.output("probabilities", probabilities, np.float64, ["n", len(classes)])
