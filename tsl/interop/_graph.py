"""Construction of ONNX graphs: nodes, constants, inputs and outputs with unique names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

OPSET, IR_VERSION = 17, 8  # supported by ONNX Runtime since 1.12 (July 2022)
EXTRA = 'pip install "tsl-lstm[onnx]"'


class Graph:
    """An ONNX graph under construction.

    Values are identified by name. `add` returns the names of a node's outputs, to be passed to the next node.
    """

    def __init__(self) -> None:
        try:
            import onnx
        except ImportError:
            raise ImportError(f"to_onnx needs onnx: {EXTRA}") from None
        self._onnx = onnx
        self._nodes: list[Any] = []
        self._constants: list[Any] = []
        self._inputs: list[Any] = []
        self._outputs: list[Any] = []
        self._n_names = 0

    def input(self, name: str, dtype: Any, shape: Sequence[int | str]) -> str:
        """Declare an input; a string in `shape` names a dimension of any size."""
        self._inputs.append(self._value(name, dtype, shape))
        return name

    def output(self, name: str, value: str, dtype: Any, shape: Sequence[int | str]) -> None:
        """Declare `value` as the output `name`."""
        self._nodes.append(self._onnx.helper.make_node("Identity", [value], [name], name=name))
        self._outputs.append(self._value(name, dtype, shape))

    def constant(self, array: Any, name: str = "constant") -> str:
        """Add an array, and return its name."""
        array = np.asarray(array)
        stored = array.astype(object) if array.dtype.kind in "UO" else np.ascontiguousarray(array)
        name = self._new_name(name)
        self._constants.append(self._onnx.numpy_helper.from_array(stored, name))
        return name

    def add(self, operator: str, *inputs: str, n_outputs: int = 1, **attributes: Any) -> Any:
        """Add a node, and return the name of its output or a list of names; "" stands for an omitted input."""
        outputs = [self._new_name(operator.lower()) for _ in range(n_outputs)]
        self._nodes.append(self._onnx.helper.make_node(operator, inputs, outputs, name=outputs[0], **attributes))
        return outputs[0] if n_outputs == 1 else outputs

    # --- common operations --------------------------------------------------------------------------------------

    def cast(self, value: str, dtype: Any) -> str:
        """Return `value` as another dtype."""
        return self.add("Cast", value, to=self._element_type(dtype))

    def reshape(self, value: str, shape: Sequence[int]) -> str:
        """Return `value` in another shape: 0 keeps the size of an axis, -1 takes the remaining size."""
        return self.add("Reshape", value, self.constant(np.array(shape, np.int64), "shape"))

    def transpose(self, value: str, *axes: int) -> str:
        """Return `value` with its axes permuted."""
        return self.add("Transpose", value, perm=list(axes))

    def concatenate(self, values: Sequence[str], axis: int) -> str:
        """Return several values concatenated along an axis."""
        return values[0] if len(values) == 1 else self.add("Concat", *values, axis=axis)

    def cut(self, value: str, axis: int, start: int, stop: int | None = None, step: int = 1) -> str:
        """Return ``value[start:stop:step]`` along an axis."""
        if stop is None:
            stop = np.iinfo(np.int64).max if step > 0 else np.iinfo(np.int64).min
        numbers = (np.array([number], np.int64) for number in (start, stop, axis, step))
        return self.add("Slice", value, *(self.constant(number) for number in numbers))

    # --- the model ----------------------------------------------------------------------------------------------

    def model(self, name: str, metadata: dict[str, str]) -> Any:
        """Return the graph as an ``onnx.ModelProto``, checked by ONNX's checker."""
        helper = self._onnx.helper
        graph = helper.make_graph(self._nodes, name, self._inputs, self._outputs, self._constants)
        model = helper.make_model(
            graph, producer_name="tsl", ir_version=IR_VERSION, opset_imports=[helper.make_opsetid("", OPSET)]
        )
        helper.set_model_props(model, metadata)
        self._onnx.checker.check_model(model, full_check=True)
        return model

    def _new_name(self, kind: str) -> str:
        self._n_names += 1
        return f"{kind}_{self._n_names}"

    def _value(self, name: str, dtype: Any, shape: Sequence[int | str]) -> Any:
        return self._onnx.helper.make_tensor_value_info(name, self._element_type(dtype), list(shape))

    def _element_type(self, dtype: Any) -> int:
        dtype = np.dtype(dtype)
        if dtype.kind in "UO":
            return int(self._onnx.TensorProto.STRING)
        return int(self._onnx.helper.np_dtype_to_tensor_dtype(dtype))


def in_onnx_order(array: NDArray[Any]) -> NDArray[np.float32]:
    """Return gates (..., 4H) in ONNX's order, (4H, ...): input, output, forget, candidate."""
    input_gate, forget, candidate, output_gate = np.split(np.asarray(array, np.float32), 4, axis=-1)
    return np.ascontiguousarray(np.concatenate([input_gate, output_gate, forget, candidate], axis=-1).T)
