"""Labels of texts on the command line."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tsl.cli.choices import LABEL_SOURCES
from tsl.cli.files import STDIN, did_you_mean

SHOWN = 10  # labels that an error names


def labels_of_files(files: Sequence[Path], labels: list[str], source: str | None) -> list[str] | None:
    """Return the labels of texts: those given, or the names of their files or folders; None if there are none.

    Raises
    ------
    ValueError
        If the numbers of labels and files differ, or if a file has no name.
    """
    if source is None:
        if labels and len(labels) != len(files):
            raise ValueError(f"--label must be given once for each text, {len(files)} in all, got {len(labels)}")
        return labels or None
    if source not in LABEL_SOURCES:
        raise ValueError(f"--label-from must be one of {', '.join(LABEL_SOURCES)}, got {source!r}")
    if labels:
        raise ValueError("--label and --label-from exclude each other")
    if STDIN in files:
        raise ValueError("--label-from must have files to take names from, got standard input: use --label")
    return [file.stem if source == "name" else file.resolve().parent.name for file in files]


def known_label(model: Any, label: str | None) -> str | int | None:
    """Return the label that a model knows under this name; None for a model without labels.

    Raises
    ------
    ValueError
        If there is no such label, or if none is given and the model needs one.
    """
    if model.labels_ is None:
        if label is not None:
            raise ValueError(f"--label must be left out, because the model was trained without labels, got {label!r}")
        return None
    known = {str(one): one for one in model.labels_.tolist()}
    shown = ", ".join(map(repr, list(known)[:SHOWN])) + (", ..." if len(known) > SHOWN else "")
    if label is None:
        raise ValueError(f"--label must be given, because the model was trained with labels: one of {shown}")
    if label not in known:
        raise ValueError(f"--label must be one of {shown}, got {label!r}{did_you_mean(label, known)}")
    return known[label]
