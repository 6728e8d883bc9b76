"""Checks that the parts of a decoded object are consistent, on which compiled code relies."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

_OF_ONE_NETWORK = ("LSTMCharModel", "LSTMClassifier", "LSTMRegressor")


def check(built: Any) -> None:
    """Check that the parts of an object are consistent.

    Raises
    ------
    ValueError
        If they are not.
    """
    kind = type(built).__name__
    if kind == "Panel":
        _check_panel(built)
    elif kind == "OneHotEncoder" and hasattr(built, "categories_"):
        _check_encoder(built)
    elif kind in _OF_ONE_NETWORK and any(name.endswith("_") for name in vars(built)):  # fitted
        _check_moments(built)
        _check_reading(built.network_.architecture, kind)
        (_check_vocabulary if kind == "LSTMCharModel" else _check_channels)(built)


def _check_moments(model: Any) -> None:
    params, moments = model.network_.params, model._optimizer_state
    for name in ("mean", "mean_sq"):
        _check_like(getattr(moments, name), params, name)
    if type(moments.step) is not int or moments.step < 0:
        raise ValueError(f"moments of step {moments.step!r}")


def _check_reading(architecture: Any, kind: str) -> None:
    """Refuse a network that reads more per step than a row, and a segment or label if its kind of model has them."""
    more = {"n_static": architecture.n_static, "segment": architecture.segment - 1}
    more.pop({"LSTMCharModel": "n_static", "LSTMClassifier": "segment"}.get(kind, ""), None)
    if any(more.values()) or architecture.n_known or architecture.skip_steps:
        raise ValueError(f"a network of other windows: {architecture}")


def _check_channels(model: Any) -> None:
    if model.network_.architecture.one_hot:
        raise ValueError("a network of codes for windows of numbers")
    mean = model.input_scaling_.mean
    channels = {model.network_.architecture.n_inputs, model.n_channels_in_, *mean.shape[-1:]}
    if mean.ndim == 2:  # each column of a table has its own
        if len(mean) != model.n_timesteps_in_:
            raise ValueError(f"a scaling of {len(mean)} columns for {model.n_timesteps_in_}")
        channels.add(1)
    columns = model.columns_
    if columns is not None:
        channels.add(columns.shape[1])
        if columns.dtype.kind != "i" or not (columns.min() >= 0 and columns.max() < model.n_features_in_):
            raise ValueError("columns of windows that a table does not have")
    if len(channels) != 1:
        raise ValueError(f"numbers of channels that are not the same: {sorted(channels)}")


def _check_vocabulary(model: Any) -> None:
    size, architecture = len(model.vocabulary_), model.network_.architecture
    sizes = {architecture.n_outputs, len(model.classes_), len(model.class_count_)}
    if architecture.one_hot:
        sizes.add(architecture.n_inputs)
    if sizes != {size}:
        raise ValueError(f"a vocabulary of {size} does not go with {sorted(sizes)}")
    labels, n_labels = model.labels_, architecture.n_static
    if labels is None and n_labels == 0:
        return
    if not (architecture.one_hot and labels.shape == (n_labels,) and labels.dtype.kind in "iU"):
        raise ValueError(f"labels {labels!r:.100} do not go with a network of {n_labels}")


def _check_panel(panel: Any) -> None:
    offsets, n_rows = panel.offsets, len(panel.values)
    rows = {len(panel.times), len(panel.past), len(panel.future), n_rows}
    series = {len(panel.ids), len(panel.static), len(offsets) - 1}
    if panel.weights is not None:
        rows.add(len(panel.weights))
    if len(rows) != 1 or len(series) != 1:
        raise ValueError(f"a panel of {sorted(rows)} rows and {sorted(series)} series")
    if offsets.dtype != np.int64 or offsets[0] != 0 or offsets[-1] != n_rows or (np.diff(offsets) < 0).any():
        raise ValueError("series of a panel that do not follow each other")


def _check_encoder(encoder: Any) -> None:
    """Refuse an encoder with columns out of range: SciPy would write beyond the array."""
    from tsl._sklearn import encoder_state

    sizes, drops, infrequent, mappings = encoder_state(encoder)
    if len(sizes) != len(encoder.categories_):
        raise ValueError(f"{len(sizes)} sizes for {len(encoder.categories_)} columns")
    for k, categories in enumerate(encoder.categories_):
        if categories.dtype.kind in "biuf" and not np.array_equal(np.sort(categories), categories, equal_nan=True):
            raise ValueError("categories that are not sorted")  # as binary search assumes
        codes = np.arange(len(categories))
        if infrequent[k] is not None:
            rare, codes = infrequent[k], mappings[k]
            if codes.shape != (len(categories),) or codes.dtype.kind != "i" or not 0 <= rare[0] < len(categories):
                raise ValueError("rare categories that do not match the others")
        elif mappings[k] is not None:
            raise ValueError("rare categories in a column that has none")
        drop = drops[k]
        if drop is not None and not 0 <= drop <= codes.max():
            raise ValueError(f"category {drop} dropped of {len(codes)}")
        n_columns = codes.max() + (drop is None)
        if codes.min() < 0 or type(sizes[k]) is not int or sizes[k] != n_columns:
            raise ValueError(f"{sizes[k]} columns, where categories have {n_columns}")


def _check_like(array: NDArray[Any], pattern: NDArray[Any], name: str) -> None:
    if array.shape != pattern.shape or array.dtype != pattern.dtype or not np.isfinite(array).all():
        raise ValueError(
            f"{name} must be finite {pattern.dtype} of shape {pattern.shape}, got {array.dtype} of shape {array.shape}"
        )
