"""What is a text, and the numbers that Unicode gives its characters."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Points = NDArray[np.uint32]


def check_text(text: Any) -> str:
    """A str, or an error that says what to do with what it is."""
    if isinstance(text, str):
        return text
    hint = ""
    if isinstance(text, (bytes, bytearray, memoryview)):
        hint = ": decode it first, as in text.decode('utf-8')"
    elif isinstance(text, Path):
        hint = ": read it first, as in text.read_text(encoding='utf-8')"
    raise TypeError(f"text must be a str, got {type(text).__name__}{hint}")


def as_texts(text: Any) -> list[str]:
    """One text or several as a list."""
    if isinstance(text, (list, tuple, np.ndarray, pd.Series)):
        return [check_text(one) for one in text]
    return [check_text(text)]


def code_points(text: str) -> Points:
    """Unicode numbers of the characters; lone surrogates, which a lenient decoder leaves, count as characters."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")


def from_points(points: Points) -> str:
    """What `code_points` was given."""
    return points.astype("<u4", copy=False).tobytes().decode("utf-32-le", "surrogatepass")
