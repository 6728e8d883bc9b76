"""Argument checks whose errors name the argument, the value and what is allowed."""

from __future__ import annotations

import numbers
from collections.abc import Iterable
from typing import Any


def check_count(name: str, value: Any, least: int) -> int:
    """Check that `value` is an integer of at least `least`, and return it as an int."""
    if not isinstance(value, numbers.Integral) or isinstance(value, bool):
        raise TypeError(f"{name} must be an integer of at least {least}, got {value!r}")
    if value < least:
        raise ValueError(f"{name} must be at least {least}, got {value}")
    return int(value)


def check_one_of(name: str, value: Any, allowed: Iterable[str]) -> None:
    """Check that `value` is one of the `allowed` strings."""
    if not is_one_of(value, allowed):
        raise ValueError(f"{name} must be one of {', '.join(map(repr, allowed))}, got {value!r}")


def is_one_of(value: Any, allowed: Iterable[str]) -> bool:
    """Return whether `value` is one of the `allowed` strings; False for an array, which compares elementwise."""
    return isinstance(value, str) and value in allowed
