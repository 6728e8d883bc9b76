"""Objects as strings, for the metadata of an ONNX model."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsl.persistence import from_plain, to_plain

FRAMES = "frames"
"""Metadata key of what `OnnxForecaster` needs to read and write frames."""


def pack(tree: Any) -> str:
    """Return dicts, lists, numbers, strings, arrays and objects that `tsl.save` supports as one JSON string."""
    plain = to_plain(tree)
    arrays = {
        name: {"dtype": array.dtype.str, "shape": array.shape, "base64": b64encode(array.tobytes()).decode()}
        for name, array in plain["arrays"].items()
    }
    return json.dumps({"tree": plain["tree"], "arrays": arrays})


def unpack(text: str) -> Any:
    """Undo `pack`; invalid text raises an error of some kind. No code in the text is run."""
    stored = json.loads(text)
    return from_plain(stored | {"arrays": {name: _array(**array) for name, array in stored["arrays"].items()}})


def _array(dtype: str, shape: list[int], base64: str) -> NDArray[Any]:
    kind = np.dtype(dtype)
    if kind.kind not in "biuf":
        raise ValueError(f"an array of {dtype}")
    return np.frombuffer(b64decode(base64), kind).reshape(shape).copy()
