"""Array checks whose errors name the argument."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_array
from sklearn.utils.validation import assert_all_finite

from tsl._tables.numbers import refuse_other_types


@contextmanager
def naming(name: str) -> Iterator[None]:
    """Prefix errors from scikit-learn and NumPy with `name` unless they mention it."""
    try:
        yield
    except ValueError as error:
        if re.search(rf"\b{name}\b", str(error)):
            raise
        raise ValueError(f"{name}: {error}") from error


def check_finite(numbers: NDArray[Any], name: str, estimator: Any = None) -> None:
    """Check that there is neither NaN nor infinity."""
    with np.errstate(over="ignore", invalid="ignore"):  # scikit-learn tries the sum first
        assert_all_finite(numbers, input_name=name, estimator_name=type(estimator).__name__ if estimator else None)


def all_finite(numbers: NDArray[Any]) -> bool:
    """Return whether there is neither NaN nor infinity; the sum is enough to tell for almost all arrays."""
    with np.errstate(over="ignore", invalid="ignore"):
        return bool(np.isfinite(numbers.sum()) or np.isfinite(numbers).all())


def check_numbers(values: Any, name: str, estimator: Any = None) -> NDArray[np.float64]:
    """Check that `values` is an array of finite numbers with at least one dimension, and return it."""
    refuse_other_types(values, name)
    if np.isscalar(values) or getattr(values, "ndim", 1) == 0:
        raise ValueError(f"{name} must be an array, got {values!r}")
    with naming(name):
        numbers = check_array(values, ensure_2d=False, allow_nd=True, dtype=np.float64, ensure_all_finite=False)
    check_finite(numbers, name, estimator)
    return numbers
