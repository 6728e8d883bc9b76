"""Atomic writing: a file has either its old or its new content, never a part of it."""

from __future__ import annotations

import glob
import os
import uuid
from pathlib import Path


def replace_file(path: str | os.PathLike[str], content: bytes) -> None:
    """Write a file atomically: if it fails or the process is killed, the old content remains."""
    target = Path(os.path.realpath(path))  # keeps symbolic links
    if target.exists() and not target.is_file():
        raise OSError(f"{path} exists and is not a file: a model cannot be written to it")
    if not target.parent.is_dir():
        raise OSError(f"there is no folder {Path(path).parent} to write {target.name} to")
    draft = target.with_name(f".{target.name}.{uuid.uuid4().hex[:8]}")
    try:
        with draft.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)


def discard_drafts(path: str | os.PathLike[str]) -> None:
    """Delete the temporary files that `replace_file` leaves if the process is killed while writing."""
    target = Path(os.path.realpath(path))
    for draft in target.parent.glob(f".{glob.escape(target.name)}.{'[0-9a-f]' * 8}"):
        draft.unlink(missing_ok=True)
