"""Models for other programs, and from them: ONNX, MLflow, PyTorch and Keras."""

from tsl.interop._exchange import from_keras_weights, from_torch_state_dict, to_keras_weights, to_torch_state_dict
from tsl.interop._mlflow import mlflow_model
from tsl.interop._onnx import to_onnx

__all__ = [
    "from_keras_weights",
    "from_torch_state_dict",
    "mlflow_model",
    "to_keras_weights",
    "to_onnx",
    "to_torch_state_dict",
]
