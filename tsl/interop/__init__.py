"""Models for other programs, and from them: ONNX, PyTorch, Keras and the Hugging Face Hub."""

from tsl.interop._exchange import from_keras_weights, from_torch_state_dict, to_keras_weights, to_torch_state_dict
from tsl.interop._hub import from_pretrained, save_pretrained
from tsl.interop._onnx import to_onnx

__all__ = [
    "from_keras_weights",
    "from_pretrained",
    "from_torch_state_dict",
    "save_pretrained",
    "to_keras_weights",
    "to_onnx",
    "to_torch_state_dict",
]
