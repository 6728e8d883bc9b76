"""Checkpoint files, from which an interrupted fit resumes."""

from __future__ import annotations

import os
from numbers import Real
from pathlib import Path
from typing import Any

from tsl.persistence import discard_drafts, read_tree, write_tree
from tsl.training import Checkpoint


def open_checkpoint(path: Any, seconds: Any) -> Checkpoint | None:
    """Return the checkpoint in the file `path`, which need not exist yet; None for None.

    Raises
    ------
    TypeError
        If `path` is not a path.
    ValueError
        If the file exists and is not a checkpoint, or is damaged; if `seconds` is not a number of at least 0.
    """
    if not isinstance(seconds, Real) or isinstance(seconds, bool) or not float(seconds) >= 0:
        raise ValueError(f"checkpoint_every must be a number of seconds from 0 up, got {seconds!r}")
    if path is None:
        return None
    if not isinstance(path, (str, os.PathLike)):
        raise TypeError(f"checkpoint must be the path of a file or None, got {path!r}")
    file = Path(path).absolute()  # the working directory may change during the fit
    discard_drafts(file)  # left by a process that was killed while writing
    stored = read_tree(file, "checkpoint") if file.exists() else None
    return Checkpoint(f"checkpoint {path}", stored, lambda tree: write_tree(file, tree, "checkpoint"), float(seconds))
