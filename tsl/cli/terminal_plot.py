"""Small plots of series in a terminal."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from rich.text import Text

# Bits of the Braille patterns (Unicode block 2800), by row and column of a character's dots.
DOTS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]])
BLANK = 0x2800
SHADE, SHADE_STYLE = "░", "dim"


def terminal_plot(
    lines: Mapping[str, NDArray[np.float64]],
    band: tuple[NDArray[np.float64], NDArray[np.float64]],
    *,
    width: int,
    height: int,
) -> Text:
    """Return lines drawn with dots, four by two per character, over a shaded band.

    Parameters
    ----------
    lines : mapping of str to ndarray of shape (n,)
        Values by their rich style, such as "cyan"; NaN for gaps. Later lines are drawn over earlier ones.
    band : tuple of two ndarrays of shape (n,)
        Lower and upper bounds; NaN where there is no band.
    width, height : int
        Size in characters; at least two lines, for the labels of the highest and the lowest value.
    """
    every = np.concatenate([*lines.values(), *band])
    lowest, highest = float(np.nanmin(every)), float(np.nanmax(every))
    per_dot = max(highest - lowest, 1e-12) / (4 * height - 1)

    def dots(values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the dot row of each dot column, counted from the top; NaN for none."""
        place = np.linspace(0, len(values) - 1, 2 * width)
        return np.round((highest - np.interp(place, np.arange(len(values)), values)) / per_dot)

    cells, styles = np.full((height, width), BLANK), np.full((height, width), "", dtype=object)
    top, bottom = dots(band[1]), dots(band[0])
    middle = np.arange(height)[:, None] * 4 + 1.5
    shaded = ((top - 1.5 <= middle) & (middle <= bottom + 1.5))[:, ::2]
    for style, values in lines.items():
        rows = dots(values)
        for column in np.flatnonzero(np.isfinite(rows)).tolist():
            before = rows[column - 1] if column and np.isfinite(rows[column - 1]) else rows[column]
            first, last = sorted((int(before), int(rows[column])))
            for row in range(first, last + 1):  # so that a steep line has no holes
                cells[row // 4, column // 2] |= DOTS[row % 4, column % 2]
                styles[row // 4, column // 2] = style
    labels = [f"{highest:.4g}", *[""] * (height - 2), f"{lowest:.4g}"]
    margin = max(map(len, labels))
    text = Text()
    for row, label in enumerate(labels):
        text.append(f"{label:>{margin}} ")
        for cell, style, shade in zip(cells[row], styles[row], shaded[row]):
            blank = cell == BLANK
            text.append(SHADE if blank and shade else chr(cell), SHADE_STYLE if blank and shade else style)
        text.append("\n")
    return text
