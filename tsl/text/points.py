"""Checks and Unicode code points of texts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Points = NDArray[np.uint32]


def check_text(text: Any) -> str:
    """Check that `text` is a str, and return it."""
    if isinstance(text, str):
        return text
    hint = ""
    if isinstance(text, (bytes, bytearray, memoryview)):
        hint = ": decode it first, as in text.decode('utf-8')"
    elif isinstance(text, Path):
        hint = ": read it first, as in text.read_text(encoding='utf-8')"
    raise TypeError(f"text must be a str, got {type(text).__name__}{hint}")


def as_texts(text: Any) -> list[str]:
    """Return one text or several as a list."""
    if isinstance(text, (list, tuple, np.ndarray, pd.Series)):
        return [check_text(one) for one in text]
    return [check_text(text)]


def code_points(text: str) -> Points:
    """Return the code points of the characters, including lone surrogates, which a lenient decoder may leave."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")


def from_points(points: Points) -> str:
    """Return the text with these code points."""
    return points.astype("<u4", copy=False).tobytes().decode("utf-32-le", "surrogatepass")
