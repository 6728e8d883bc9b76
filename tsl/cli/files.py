"""Files on the command line, or standard input and output in their place."""

from __future__ import annotations

import difflib
import os
import sys
from collections.abc import Iterable
from pathlib import Path

STDIN = STDOUT = Path("-")
BYTE_ORDER_MARKS = (b"\xff\xfe", b"\xfe\xff")  # of UTF-16, as spreadsheets write it


def title_of(path: Path) -> str:
    """Return the name of an input in error messages."""
    return "standard input" if path == STDIN else str(path)


def read_bytes(path: Path) -> bytes:
    """Read a file, or standard input for ``-``.

    Raises
    ------
    ValueError
        If the file does not exist or is empty.
    """
    check_input(path)
    content = sys.stdin.buffer.read() if path == STDIN else path.read_bytes()
    if not content:
        raise ValueError(f"{title_of(path)} is empty")
    return content


def check_input(path: Path) -> None:
    """Check that the file to read exists.

    Raises
    ------
    ValueError
        If it does not.
    """
    if path == STDIN or path.is_file():
        return
    if path.is_dir():
        raise ValueError(f"{path} is a folder: name a file")
    folder = path.parent
    names = [entry.name for entry in folder.iterdir()] if folder.is_dir() and os.access(folder, os.R_OK) else []
    raise ValueError(f"there is no file {path}{did_you_mean(path.name, names, cutoff=0.8)}")


def did_you_mean(name: str, names: Iterable[object], form: str = "{}", *, cutoff: float = 0.6) -> str:
    """Return the end of an error about an unknown name: the most similar names, if there are any."""
    by_lower = {str(one).lower(): form.format(one) for one in names}
    near = difflib.get_close_matches(name.lower(), by_lower, n=3, cutoff=cutoff)
    return f": did you mean {' or '.join(by_lower[one] for one in near)}?" if near else ""


def decode(content: bytes, title: str) -> str:
    """Decode UTF-8, or UTF-16 with a byte order mark, and remove the mark.

    Raises
    ------
    ValueError
        If the encoding is another one.
    """
    try:
        return content.decode("utf-16" if content.startswith(BYTE_ORDER_MARKS) else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(
            f"{title} is not UTF-8: byte {content[error.start]:#04x} at position {error.start:,}; convert it first, "
            "for instance with iconv -f latin1 -t utf-8"
        ) from None


def check_outputs(outputs: dict[str, Path | None], inputs: Iterable[Path | None], *, force: bool) -> None:
    """Check that files can be written, before any long computation.

    Parameters
    ----------
    outputs : dict of str to Path or None
        The files, by the option that names each of them.
    inputs : iterable of Path or None
        The files that are read.
    force : bool
        Whether existing files may be overwritten; inputs never are.

    Raises
    ------
    ValueError
        If a file already exists, is an input, is the same as another one, is not a file, or has no folder.
    OSError
        If its folder is not writable.
    """
    sources = [path for path in inputs if path is not None and path != STDIN and path.exists()]
    files = {option: path for option, path in outputs.items() if path is not None and path != STDOUT}
    seen: dict[str, str] = {}
    for option, path in files.items():
        other = seen.setdefault(os.path.realpath(path), option)
        if other != option:
            raise ValueError(f"{other} and {option} must name two files, got {path} for both")
        _check_output(option, path, sources, force)


def _check_output(option: str, path: Path, sources: list[Path], force: bool) -> None:
    another = f"name another file with {option}"
    if not path.parent.is_dir():
        raise ValueError(f"there is no folder {path.parent} to write {path.name} to: {another}")
    if path.is_dir():
        raise ValueError(f"{path} is a folder: {another}")
    if not os.access(path.parent, os.W_OK):
        raise OSError(f"the folder {path.parent} is not writable: {another}")
    if not path.exists():
        return
    if not path.is_file():
        raise ValueError(f"{path} exists and is not a file: {another}")
    if any(path.samefile(source) for source in sources):
        raise ValueError(f"{path} is the input file: {another}")
    if not force:
        raise ValueError(f"{path} already exists: {another}, or overwrite it with --force")


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file completely or not at all; ``-`` is standard output."""
    from tsl.persistence import replace_file  # imports pandas, which shell completion must not wait for

    if path == STDOUT:
        sys.stdout.flush()
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
    else:
        replace_file(path, content)
