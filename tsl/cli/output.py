"""Figures, JSON and warnings on the command line."""

from __future__ import annotations

import json
import math
import shutil
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tsl.cli.files import write_bytes


def new_figure(path: Path) -> Any:
    """Return a figure that can be written to this file without a display."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 4), layout="constrained", dpi=150)
    kinds = figure.canvas.get_supported_filetypes()
    if path.suffix.removeprefix(".").lower() not in kinds:
        raise ValueError(f"picture files must end in one of .{', .'.join(sorted(kinds))}, got {path.name}")
    return figure


def write_figure(figure: Any, path: Path) -> None:
    """Write a picture completely or not at all."""
    drawn = BytesIO()
    figure.savefig(drawn, format=path.suffix.removeprefix(".").lower())
    write_bytes(path, drawn.getvalue())


def write_json(found: dict[str, Any]) -> None:
    """Write an object to stdout as JSON: missing numbers as null, times in ISO 8601."""
    sys.stdout.write(json.dumps(_plain(found), allow_nan=False, ensure_ascii=False) + "\n")


def write_scores(scores: pd.DataFrame, stream: Any) -> None:
    """Write a table of metrics; at a terminal that is too narrow, a block of lines for as many columns as fit."""
    width = shutil.get_terminal_size().columns if stream.isatty() else math.inf
    n_keys = list(scores.columns).index("model") + 1
    keys = list(scores.columns[:n_keys])  # what tells the rows apart begins each block
    blocks = [keys]
    for metric in scores.columns[n_keys:]:
        wider = [*blocks[-1], metric]
        if blocks[-1] != keys and _aligned(scores[wider]).index("\n") > width:
            blocks.append([*keys, metric])
        else:
            blocks[-1] = wider
    stream.write("\n".join(_aligned(scores[block]) for block in blocks))


def _aligned(table: pd.DataFrame) -> str:
    return table.to_string(index=False, float_format="{:.4g}".format, na_rep="") + "\n"


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a table as dicts."""
    columns = [table[name].astype(object).tolist() for name in table.columns]
    return [dict(zip(map(str, table.columns), row)) for row in zip(*columns)]


def _plain(value: Any) -> Any:
    """Return a value in a form that JSON supports."""
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, date):  # includes timestamps
        return value.isoformat()
    return value if isinstance(value, bool | int | str) else str(value)


@contextmanager
def notes_in_one_line(*, until_interrupt: bool = False) -> Iterator[None]:
    """Write each warning to stderr once, in one line, without the line of code that it comes from.

    Parameters
    ----------
    until_interrupt : bool, default=False
        Whether to raise `KeyboardInterrupt` in place of the warning of a fit that Ctrl-C has ended, rather than
        continue with a partly trained model.
    """
    from tsl.training import TrainingInterruptedWarning

    said: set[str] = set()

    def note(message: Warning | str, *details: Any, **options: Any) -> None:
        text = " ".join(str(message).split())
        if text not in said:
            sys.stderr.write(f"tsl: note: {text}\n")
        said.add(text)

    with warnings.catch_warnings():
        warnings.showwarning = note
        if until_interrupt:
            warnings.simplefilter("error", TrainingInterruptedWarning)
        try:
            yield
        except TrainingInterruptedWarning:
            raise KeyboardInterrupt from None
