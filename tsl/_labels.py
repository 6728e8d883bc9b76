"""Series labels, which may be of any type."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,4})?")


def check_new_labels(new: Iterable[Any], known: Iterable[Any], name: str) -> None:
    """Check that no `new` label is a known one with another type or other spaces: "10" for 10, "a " for "a".

    Raises
    ------
    ValueError
        If one is, as it would silently start another series.
    """
    new = list(new)
    if not new:
        return
    written: dict[Any, list[Any]] = {}
    for label in known:
        written.setdefault(_meaning(label), []).append(label)
    for label in new:
        for other in written.get(_meaning(label), ()):
            if not (isinstance(label, str) and isinstance(other, str)) or label.strip() == other.strip():
                raise ValueError(
                    f"{name} must name known series as they are known, got {label!r} for {other!r}: they differ only "
                    "in their type or in spaces"
                )


def _meaning(label: Any) -> Any:
    """Return the number that a label can be read as, otherwise its text."""
    text = str(label).strip()
    return Decimal(text) if _NUMBER.fullmatch(text) else text
