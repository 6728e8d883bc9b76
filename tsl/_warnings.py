"""The `stacklevel` of warnings."""

from __future__ import annotations

import sys
from types import FrameType


def calls_within_tsl() -> int:
    """Return the `stacklevel` with which a warning points at the line that called into this package."""
    frame: FrameType | None = sys._getframe(1)
    level = 0
    while frame is not None and frame.f_globals.get("__name__", "").startswith(("tsl.", "sklearn.")):
        frame, level = frame.f_back, level + 1
    return level + 1
