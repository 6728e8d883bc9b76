"""Exchange of models with other programs: ONNX, MLflow, PyTorch, Keras and the Hugging Face Hub.

Names are imported on first use: `OnnxForecaster` needs neither Numba nor scikit-learn, the others do.
"""

from typing import TYPE_CHECKING

from tsl._lazy import lazy_names

__all__ = [
    "OnnxForecaster",
    "from_keras_weights",
    "from_pretrained",
    "from_torch_state_dict",
    "mlflow_model",
    "register_skl2onnx",
    "save_pretrained",
    "to_keras_weights",
    "to_onnx",
    "to_torch_state_dict",
]

if TYPE_CHECKING:
    from tsl.interop._exchange import (
        from_keras_weights,
        from_torch_state_dict,
        to_keras_weights,
        to_torch_state_dict,
    )
    from tsl.interop._hub import from_pretrained, save_pretrained
    from tsl.interop._mlflow import mlflow_model
    from tsl.interop._onnx import to_onnx
    from tsl.interop._onnx_forecaster import OnnxForecaster
    from tsl.interop._skl2onnx import register_skl2onnx

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "OnnxForecaster": "tsl.interop._onnx_forecaster",
        "from_keras_weights": "tsl.interop._exchange",
        "from_pretrained": "tsl.interop._hub",
        "from_torch_state_dict": "tsl.interop._exchange",
        "mlflow_model": "tsl.interop._mlflow",
        "register_skl2onnx": "tsl.interop._skl2onnx",
        "save_pretrained": "tsl.interop._hub",
        "to_keras_weights": "tsl.interop._exchange",
        "to_onnx": "tsl.interop._onnx",
        "to_torch_state_dict": "tsl.interop._exchange",
    },
)
