"""Conversion of fitted estimators to ONNX models."""

from __future__ import annotations

import json
import os
from typing import Any

import numpy as np
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from tsl._version import __version__
from tsl.char_model import LSTMCharModel
from tsl.char_model.text_model import text_model
from tsl.classifier import LSTMClassifier
from tsl.forecasting import LSTMForecaster
from tsl.forecasting.model.members import longest_window_of
from tsl.forecasting.model.quantiles import checked_quantiles
from tsl.interop._forecaster import add_forecaster
from tsl.interop._graph import Graph
from tsl.interop._metadata import FRAMES, pack
from tsl.interop._network import LayerStates, add_network
from tsl.interop._weights import check_no_labels
from tsl.interop._window_model import InputForm, add_pipeline
from tsl.persistence.atomic import replace_file
from tsl.regressor import LSTMRegressor

_IN_PIPELINES = (LSTMRegressor, LSTMClassifier)


def to_onnx(estimator: Any, path: str | os.PathLike[str] | None = None, *, input_form: InputForm = "auto") -> Any:
    """Convert a fitted estimator to ONNX.

    Scaling and its inverse are part of the model, so that its inputs and outputs are those of `predict`. The number of
    windows is free, and so is their length if `predict` takes windows of any length.

    Parameters
    ----------
    estimator : LSTMRegressor, LSTMClassifier, LSTMCharModel, LSTMForecaster or Pipeline
        A pipeline must end in one of the first two. Its other steps may be `SlidingWindow` without `groups`, and
        scikit-learn's `StandardScaler`, `MinMaxScaler`, `MaxAbsScaler`, `RobustScaler` and "passthrough".
    path : path-like, optional
        File to which the model is also written.
    input_form : {"auto", "windows", "table"}, default="auto"
        Whether the input of a regressor or classifier is ``(n, T, C)`` or a table ``(n, T * C)``. "auto" is a table if
        `fit` saw column names, and windows otherwise.

    Returns
    -------
    model : onnx.ModelProto
        Inputs and outputs depend on the estimator; letters are free sizes:

        - `LSTMRegressor`: ``X`` float64 ``(n, T, C)`` to ``y`` float64, with the shape of `predict`.
        - `LSTMClassifier`: ``X`` to ``label`` ``(n,)`` and ``probabilities`` float64 ``(n, n_classes)``.
        - If `fit` saw windows of different lengths, there is another input, ``lengths`` int64 ``(n,)``: the number of
          steps of each window of ``X``, from the first; the steps beyond are not read.
        - `Pipeline` with a `SlidingWindow`: ``X`` float64 ``(n_rows, n_columns)``.
        - `LSTMCharModel`: ``codes`` int64 ``(n, T)`` to ``log_probabilities`` float32. For a windowed model they are
          those of the character after each row of codes, ``(n, V)``. Otherwise they are ``(n, T, V)``, after each code,
          and each layer has the inputs ``hidden_0`` and ``cell_0``, float32 ``(1, n, H)``, zeros at the beginning of a
          text, and the outputs ``hidden_0_after`` and ``cell_0_after``, to be passed in with the next codes.
        - `LSTMForecaster`: ``values`` float64 ``(n, context)``, the last readings of each series, to ``forecasts``
          float64 ``(n, horizon, Q)``, the next ones, with a last axis for `quantiles`, of size 1 without them. NaN
          means a row before the beginning of a series, and with ``missing="mask"`` also a missing reading. Forecasts of
          counts are means; for a negative binomial distribution, the output ``inverse_size`` ``(n, horizon, 1)`` is the
          other parameter. With `bounds`, ``forecasts`` are clipped, and the output ``unbounded`` is not. If the
          forecaster has such columns, there are also ``past`` ``(n, window, P)``; ``future``
          ``(n, window + horizon, F)``, which extends to the last step that is forecast; ``static`` ``(n, S)``; and
          ``n_rows`` int64 ``(n,)``, how many of the rows before the forecast belong to the series. If the weights of
          the members depend on the series, ``shares`` ``(n, members)`` are these, each row adding up to 1.

        The metadata are strings: ``estimator``, ``tsl_version``; for a classifier ``classes``, a JSON list in the order
        of ``probabilities``; for a character model ``vocabulary`` (a JSON list of the tokens of the codes), ``tokens``,
        ``lowercase``, ``window`` and ``first_log_probabilities`` (a JSON list); for a forecaster ``horizon`` (the
        number of steps that the network outputs), ``context``, ``window``, ``season``, ``freq``, ``missing``,
        ``quantiles``, ``counts`` (the name of the distribution, or null), ``bounds``, the JSON lists ``past``,
        ``future`` and ``static`` with the names of the columns of these inputs: ``"promo"``, ``"kind=u"`` for a
        category, ``"hour_sin"`` for a calendar feature; and ``frames``, which `OnnxForecaster` reads. They do not
        contain readings, but they contain the errors of `LSTMForecaster.calibrate`.

    Raises
    ------
    ImportError
        If the package onnx is not installed.
    sklearn.exceptions.NotFittedError
        If the estimator is not fitted.
    TypeError
        If the estimator, or a step of the pipeline, cannot be converted to ONNX.
    ValueError
        If the estimator has an option that an ONNX model cannot have; the message names it.
    OSError
        If the file cannot be written; an existing file is then unchanged.

    Notes
    -----
    The network computes in float32, even with ``dtype="float64"``, as ONNX Runtime has no LSTM for float64. The opset
    is 17, which ONNX Runtime supports since version 1.12.

    Examples
    --------
    >>> import numpy as np
    >>> from tsl import LSTMRegressor
    >>> from tsl.interop import to_onnx
    >>> X = np.random.default_rng(0).normal(size=(50, 6, 2))
    >>> model = LSTMRegressor(hidden_size=4, max_iter=2, random_state=0).fit(X, X[:, -1, 0])
    >>> onnx_model = to_onnx(model)
    >>> [value.name for value in onnx_model.graph.input], [value.name for value in onnx_model.graph.output]
    (['X'], ['y'])
    """
    if input_form not in ("auto", "windows", "table"):
        raise ValueError(f"input_form must be 'auto', 'windows' or 'table', got {input_form!r}")
    steps = estimator.steps if isinstance(estimator, Pipeline) else [("model", estimator)]
    last = steps[-1][1]
    if not isinstance(last, _IN_PIPELINES if len(steps) > 1 else (*_IN_PIPELINES, LSTMCharModel, LSTMForecaster)):
        raise TypeError(
            "estimator must be an LSTMRegressor, LSTMClassifier, LSTMCharModel or LSTMForecaster, or a Pipeline that "
            f"ends in one of the first two, got {type(last).__name__}"
        )
    check_is_fitted(estimator)
    graph = Graph()
    metadata = {"estimator": type(last).__name__, "tsl_version": __version__}
    if isinstance(last, LSTMForecaster):
        metadata |= _add_forecaster(graph, last)
    elif isinstance(last, LSTMCharModel):
        metadata |= _add_char_model(graph, last)
    else:
        add_pipeline(graph, steps, last, input_form)
        if isinstance(last, LSTMClassifier):
            metadata["classes"] = json.dumps(last.classes_.tolist())
    model = graph.model(type(last).__name__, metadata)
    if path is not None:
        replace_file(path, model.SerializeToString())
    return model


# --- texts --------------------------------------------------------------------------------------------------------


def _add_char_model(graph: Graph, model: LSTMCharModel) -> dict[str, str]:
    """Add a network that reads codes, with its states as inputs and outputs; return its metadata."""
    check_no_labels(model, "an ONNX model")
    network = model.network_
    architecture = network.architecture
    codes = graph.input("codes", np.int64, ["n", "T"])
    initial = None
    if architecture.every_step:
        initial = [
            LayerStates(*(graph.input(f"{kind}_{layer}", np.float32, [1, "n", size]) for kind in ("hidden", "cell")))
            for layer, size in enumerate(architecture.hidden_sizes)
        ]
    x = codes
    if not architecture.one_hot:
        share = graph.add("Div", graph.cast(codes, np.float64), graph.constant(np.float64(len(model.vocabulary_))))
        x = graph.reshape(graph.cast(share, np.float32), (0, 0, 1))
    outputs, final = add_network(graph, network, x, initial=initial)
    times: list[int | str] = ["T"] if architecture.every_step else []
    n_codes = architecture.n_outputs
    graph.output("log_probabilities", graph.add("LogSoftmax", outputs, axis=-1), np.float32, ["n", *times, n_codes])
    for layer, states in enumerate(final if architecture.every_step else []):
        size = architecture.hidden_sizes[layer]
        graph.output(f"hidden_{layer}_after", states.hidden, np.float32, [1, "n", size])
        graph.output(f"cell_{layer}_after", states.cell, np.float32, [1, "n", size])
    return {
        "vocabulary": json.dumps(model.classes_.tolist()),
        "tokens": model.tokens,
        "lowercase": json.dumps(bool(model.lowercase)),
        "window": json.dumps(0 if architecture.every_step else int(model._window)),
        "first_log_probabilities": json.dumps(text_model(model).log_first().tolist()),
    }


# --- forecasters --------------------------------------------------------------------------------------------------


def _add_forecaster(graph: Graph, forecaster: LSTMForecaster) -> dict[str, str]:
    """Add the networks of a forecaster with their windows; return the metadata needed to prepare the inputs."""
    horizon, window = forecaster.windowing_.horizon, longest_window_of(forecaster._members())
    quantiles, schema = checked_quantiles(forecaster.loss, forecaster.quantiles), forecaster.schema_
    _add_forecasts(graph, forecaster, max(1, len(quantiles)))
    return {
        "horizon": json.dumps(horizon),
        "context": json.dumps(forecaster._context_length()),
        "window": json.dumps(window),
        "season": json.dumps(forecaster.season_),
        "freq": json.dumps(forecaster.schema_.freq),
        "missing": forecaster.missing,
        "quantiles": json.dumps(quantiles),
        "counts": json.dumps(forecaster.windowing_.counts),
        "bounds": json.dumps([one if np.isfinite(one) else None for one in forecaster._bounds()]),
        "past": json.dumps(schema.past.names),
        "future": json.dumps(schema.future.names + schema.calendar.names),
        "static": json.dumps(schema.static.encoder.names),
        FRAMES: pack(_frames_of(forecaster)),
    }


def _add_forecasts(graph: Graph, forecaster: LSTMForecaster, n_quantiles: int) -> None:
    """Add the networks of a forecaster and their outputs: within the bounds and, if there are any, also unbounded."""
    found, plan = add_forecaster(graph, forecaster), forecaster.windowing_
    shape: list[int | str] = ["n", plan.horizon]
    more = {}
    if plan.counts == "negative_binomial":
        found, more["inverse_size"] = graph.cut(found, 2, 0, 1), graph.cut(found, 2, 1)
    if forecaster.bounds is not None:
        more["unbounded"] = found
        found = graph.add("Clip", found, *(graph.constant(np.float64(bound)) for bound in forecaster._bounds()))
    for name, value in {"forecasts": found, **more}.items():
        graph.output(name, value, np.float64, [*shape, 1 if name == "inverse_size" else n_quantiles])


def _frames_of(forecaster: LSTMForecaster) -> dict[str, Any]:
    """Return what `OnnxForecaster` needs to read and write frames; it contains no readings."""
    continuation, transform = forecaster._continuation(), forecaster.transform_
    return {
        "schema": continuation.schema,
        "freq": continuation.freq,
        "unknown": continuation.unknown,
        "missing": continuation.missing,
        "horizon": int(forecaster.horizon),
        "season": forecaster.season_,
        "repeats": forecaster._repeats,
        "dropout_intervals": forecaster.intervals == "dropout",
        "ids": forecaster._history.fitted_ids,
        "scales": forecaster._usual,
        "calibrations": forecaster._calibrations,
        "shares": forecaster._shares,
        "replaced_outside": None if transform.low is None else {"kind": transform.kind, "low": transform.low},
    }
