"""Models for other programs, and from them: ONNX, PyTorch and Keras."""

from tsl.interop._exchange import from_keras_weights, from_torch_state_dict, to_keras_weights, to_torch_state_dict
from tsl.interop._onnx import to_onnx
from tsl.interop._skl2onnx import register_skl2onnx

__all__ = [
    "from_keras_weights",
    "from_torch_state_dict",
    "register_skl2onnx",
    "to_keras_weights",
    "to_onnx",
    "to_torch_state_dict",
]
