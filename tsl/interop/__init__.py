"""Models for other programs: ONNX."""

from tsl.interop._onnx import to_onnx

__all__ = ["to_onnx"]
