"""Converters for skl2onnx: regressors, classifiers and windows after any step that it supports."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tsl.classifier import LSTMClassifier
from tsl.interop._graph import OPSET, Graph
from tsl.interop._steps import add_step
from tsl.interop._window_model import add_predictions, windows_of
from tsl.regressor import LSTMRegressor
from tsl.windows import SlidingWindow


def register_skl2onnx() -> None:
    """Register converters of `LSTMRegressor`, `LSTMClassifier` and `SlidingWindow` with skl2onnx.

    After that, `skl2onnx.to_onnx` and `skl2onnx.convert_sklearn` convert pipelines in which they follow any steps that
    skl2onnx supports: ``PCA``, ``ColumnTransformer``, ``SimpleImputer`` and so on. A second call changes nothing.

    Raises
    ------
    ImportError
        If the package skl2onnx is not installed.

    See Also
    --------
    to_onnx : Convert all estimators of `tsl` without skl2onnx, with float64 inputs.

    Notes
    -----
    A regressor returns one column per output, ``(n, 1)`` for a single one, like all regressors of skl2onnx; if
    `predict` returns quantiles, the shape is that of `predict`. A classifier returns labels and probabilities, with the
    options ``zipmap`` and ``output_class_labels``. Predictions and probabilities are float64 if the input is float64,
    otherwise float32; ONNX does not support ``zipmap`` for float64, where it must be False or "columns".

    `target_opset` must be 17 or higher. Conversion raises a ValueError if it is lower, or if `SlidingWindow` has
    ``groups``.

    Examples
    --------
    >>> import numpy as np
    >>> import skl2onnx
    >>> from sklearn.decomposition import PCA
    >>> from sklearn.pipeline import make_pipeline
    >>> from tsl import LSTMRegressor
    >>> from tsl.interop import register_skl2onnx
    >>> from tsl.windows import SlidingWindow
    >>> X = np.random.default_rng(0).normal(size=(50, 6)).astype(np.float32)
    >>> model = make_pipeline(PCA(2), SlidingWindow(5), LSTMRegressor(hidden_size=4, max_iter=2, random_state=0))
    >>> register_skl2onnx()
    >>> onnx_model = skl2onnx.to_onnx(model.fit(X, X[:, 0]), X[:1])
    >>> [value.name for value in onnx_model.graph.output]
    ['variable']
    """
    try:
        from skl2onnx import update_registered_converter
    except ImportError:
        raise ImportError("register_skl2onnx needs skl2onnx: pip install skl2onnx") from None
    update_registered_converter(LSTMRegressor, "TslLSTMRegressor", _set_numbers, _convert_model)
    options = {"zipmap": [True, False, "columns"], "output_class_labels": [False, True], "nocl": [False]}
    update_registered_converter(LSTMClassifier, "TslLSTMClassifier", _set_labels, _convert_model, options=options)
    update_registered_converter(SlidingWindow, "TslSlidingWindow", _set_windows, _convert_windows)


# --- types and shapes of outputs ----------------------------------------------------------------------------------


def _set_numbers(operator: Any) -> None:
    """Set the output of a regressor."""
    model = operator.raw_operator
    n_quantiles = model.network_.architecture.n_outputs // model.n_outputs_
    shape = [model.n_outputs_]
    if n_quantiles > 1:
        shape = [n_quantiles] if model._single_output else [model.n_outputs_, n_quantiles]
    _set_floats(operator, 0, shape)


def _set_labels(operator: Any) -> None:
    """Set the outputs of a classifier."""
    from skl2onnx.common.data_types import Int64TensorType, StringTensorType

    classes = operator.raw_operator.classes_
    kind = StringTensorType if classes.dtype.kind in "UO" else Int64TensorType
    operator.outputs[0].set_type(kind([operator.inputs[0].get_first_dimension()]))
    _set_floats(operator, 1, [len(classes)])


def _set_windows(operator: Any) -> None:
    """Set the output of a `SlidingWindow`."""
    step = operator.raw_operator
    is_flat, n_channels = step.output == "flat", step.n_features_in_
    _set_floats(operator, 0, [step.window * n_channels] if is_flat else [step.window, n_channels])


def _set_floats(operator: Any, output: int, shape: Sequence[int]) -> None:
    """Set the output number `output` to rows of this shape, in float64 if the input is float64."""
    from skl2onnx.common.data_types import DoubleTensorType, FloatTensorType

    first = operator.inputs[0]
    kind = DoubleTensorType if isinstance(first.type, DoubleTensorType) else FloatTensorType
    operator.outputs[output].set_type(kind([first.get_first_dimension(), *shape]))


# --- nodes --------------------------------------------------------------------------------------------------------


class _Part(Graph):
    """The nodes of one step, written to the graph of skl2onnx under unique names."""

    def __init__(self, scope: Any, operator: Any, container: Any) -> None:
        super().__init__()
        self._scope, self._container = scope, container
        self._variables = iter(operator.outputs)
        if container.target_opset_onnx < OPSET:
            kind = type(operator.raw_operator).__name__
            raise ValueError(
                f"target_opset must be {OPSET} or higher to convert {kind}, got {container.target_opset_onnx}"
            )

    def constant(self, array: Any, name: str = "constant") -> str:
        array = np.asarray(array)
        name = self._new_name(name)
        self._container.add_initializer(name, self._element_type(array.dtype), array.shape, array.ravel())
        return name

    def add(self, operator: str, *inputs: str, n_outputs: int = 1, **attributes: Any) -> Any:
        outputs = [self._new_name(operator.lower()) for _ in range(n_outputs)]
        self._add_node(operator, inputs, outputs, **attributes)
        return outputs[0] if n_outputs == 1 else outputs

    def output(self, name: str, value: str, dtype: Any, shape: Sequence[int | str]) -> None:
        """Assign `value` to the next output of the step, with its declared type and number of axes."""
        from skl2onnx.common.data_types import guess_proto_type

        variable = next(self._variables)
        if len(variable.type.shape) > len(shape):
            value = self.reshape(value, (-1, 1))
        if np.dtype(dtype).kind in "UO":
            self._add_node("Identity", [value], [variable.full_name])
        else:
            self._add_node("Cast", [value], [variable.full_name], to=guess_proto_type(variable.type))

    def _add_node(self, operator: str, inputs: Sequence[str], outputs: Sequence[str], **attributes: Any) -> None:
        name = self._scope.get_unique_operator_name(operator)
        given = inputs[
            : max(k for k, value in enumerate(inputs, 1) if value)
        ]  # skl2onnx would wait for a value named ""
        self._container.add_node(operator, list(given), list(outputs), name=name, **attributes)

    def _new_name(self, kind: str) -> str:
        return str(self._scope.get_unique_variable_name(kind))


def _convert_model(scope: Any, operator: Any, container: Any) -> None:
    """Convert a regressor or a classifier."""
    graph, model = _Part(scope, operator, container), operator.raw_operator
    value, rank = _add_inputs(graph, operator)
    add_predictions(graph, model, windows_of(graph, model, value, rank))


def _convert_windows(scope: Any, operator: Any, container: Any) -> None:
    """Convert a `SlidingWindow`."""
    graph = _Part(scope, operator, container)
    windows, _ = add_step(graph, operator.raw_operator, *_add_inputs(graph, operator))
    graph.output("windows", windows, np.float64, operator.outputs[0].type.shape)


def _add_inputs(graph: Graph, operator: Any) -> tuple[str, int]:
    """Return the inputs of a step, concatenated as float64, and their rank."""
    values = [graph.cast(variable.full_name, np.float64) for variable in operator.inputs]
    return graph.concatenate(values, axis=-1), len(operator.inputs[0].type.shape)
