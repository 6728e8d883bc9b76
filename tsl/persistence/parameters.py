"""Network parameters in files: each is a separate tensor, with the name and the shape from `Network.named`."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray


def joined(stored: Any, shapes: dict[str, tuple[int, ...]], dtype: Any) -> NDArray[Any]:
    """Return the flat array of all parameters of a network, or of their moments.

    Parameters
    ----------
    stored : dict of str to ndarray, or ndarray of shape (P,)
        The contents of a file: an array for each parameter or, in format 1, the flat array.
    shapes : dict of str to tuple of int
        The shape of each parameter, in the order of the flat array.
    dtype : str
        The dtype of the parameters.

    Raises
    ------
    ValueError
        If arrays are missing, left over, shared, or of another shape or dtype; no memory is allocated before the check.
    """
    if not isinstance(stored, dict):
        stored, shapes = {"params": stored}, {"params": (sum(map(math.prod, shapes.values())),)}
    if stored.keys() != shapes.keys():
        raise ValueError(f"parameters {list(stored)} where the network has {list(shapes)}")
    for name, shape in shapes.items():
        array = stored[name]
        if not isinstance(array, np.ndarray) or array.shape != shape or array.dtype != dtype:
            found = f"{array.dtype} of shape {array.shape}" if isinstance(array, np.ndarray) else f"{array!r:.100}"
            raise ValueError(f"{name} must be {dtype} of shape {shape}, got {found}")
    if len({id(array) for array in stored.values()}) < len(shapes):  # otherwise a small file could request much memory
        raise ValueError("two parameters in one tensor")
    return np.concatenate([stored[name].reshape(-1) for name in shapes])
