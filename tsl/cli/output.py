"""Figures and warnings of the command line."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


def new_figure(path: Path) -> Any:
    """Return a figure that needs no display and can be written to this file."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 4), layout="constrained", dpi=150)
    kinds = figure.canvas.get_supported_filetypes()
    if path.suffix.removeprefix(".").lower() not in kinds:
        raise ValueError(f"pictures must end in one of .{', .'.join(sorted(kinds))}, got {path.name}")
    return figure


@contextmanager
def notes_in_one_line() -> Iterator[None]:
    """Write each warning to stderr once and in one line, without the line of code that it comes from."""
    said: set[str] = set()

    def note(message: Warning | str, *details: Any, **options: Any) -> None:
        text = " ".join(str(message).split())
        if text not in said:
            sys.stderr.write(f"tsl: note: {text}\n")
        said.add(text)

    shown: Callable[..., None] = warnings.showwarning
    warnings.showwarning = note
    try:
        yield
    finally:
        warnings.showwarning = shown
