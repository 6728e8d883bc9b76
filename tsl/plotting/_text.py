"""Text with characters coloured by numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tsl.plotting._axes import new_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.image import AxesImage

VISIBLE = {" ": "␣", "\n": "↵", "\t": "⇥"}
CELL_WIDTH, CELL_HEIGHT = 0.1, 0.2  # inches
MARGIN = 1.2  # inches, for the title and the colour bar
POINTS_PER_INCH = 72
GLYPH_WIDTH, GLYPH_HEIGHT = 0.62, 1.3  # of a monospaced font, relative to its size
DARK = 0.45  # luminance below which letters are white


def wrapped(characters: Sequence[str], line_length: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    r"""Return row and column of each character: lines end after "\n", otherwise after a space if there is one.

    Examples
    --------
    >>> wrapped("to be\nor not", 5)
    (array([0, 0, 0, 0, 0, 0, 1, 1, 1, 2, 2, 2]), array([0, 1, 2, 3, 4, 5, 0, 1, 2, 0, 1, 2]))
    """
    rows, columns = np.empty((2, len(characters)), np.int64)
    begin = row = 0
    while begin < len(characters):
        end = _line_end(characters, begin, line_length)
        rows[begin:end], columns[begin:end] = row, np.arange(end - begin)
        begin, row = end, row + 1
    return rows, columns


def _line_end(characters: Sequence[str], begin: int, line_length: int) -> int:
    """Return the end of the line that begins at `begin`; a line feed may exceed `line_length`."""
    limit = begin + line_length
    for k in range(begin, min(limit + 1, len(characters))):
        if characters[k] == "\n":
            return k + 1
    if limit >= len(characters):
        return len(characters)
    spaces = [k for k in range(begin, limit) if characters[k] == " "]
    return spaces[-1] + 1 if spaces else limit


def colour_text(
    characters: Sequence[str], values: NDArray[Any], line_length: int, ax: Axes | None, **colours: Any
) -> tuple[Axes, AxesImage]:
    """Draw a background of one coloured cell per character; `colours` are options of `Axes.imshow`."""
    rows, columns = wrapped(characters, line_length)
    cells = np.full((rows[-1] + 1, columns.max() + 1), np.nan)
    cells[rows, columns] = values
    if ax is None:
        ax = new_axes(max(4.0, CELL_WIDTH * cells.shape[1] + 0.5), CELL_HEIGHT * len(cells) + MARGIN)
    image = ax.imshow(cells, aspect="auto", interpolation="nearest", **colours)
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set_visible(False)
    return ax, image


def write_characters(ax: Axes, characters: Sequence[str], image: AxesImage, line_length: int) -> None:
    """Write the characters over their cells, as large as the cells allow; call this when the layout is complete."""
    rows, columns = wrapped(characters, line_length)
    cells = image.get_array()
    assert cells is not None
    ax.figure.canvas.figure.draw_without_rendering()  # computes the layout
    box = ax.get_window_extent().transformed(ax.figure.dpi_scale_trans.inverted())
    width, height = box.width / cells.shape[1], box.height / cells.shape[0]
    size = POINTS_PER_INCH * min(width / GLYPH_WIDTH, height / GLYPH_HEIGHT)
    luminance = image.to_rgba(cells[rows, columns])[:, :3] @ [0.2126, 0.7152, 0.0722]
    style: dict[str, Any] = {"size": size, "ha": "center", "va": "center", "family": "monospace", "parse_math": False}
    for character, row, column, light in zip(characters, rows, columns, luminance):
        if character != " ":
            shown = VISIBLE.get(character, character if character.isprintable() else "\N{REPLACEMENT CHARACTER}")
            ax.text(column, row, shown, color="white" if light < DARK else "black", **style)


def checked_line_length(line_length: Any) -> int:
    """Check that `line_length` is an integer of at least 1, and return it as an int."""
    if isinstance(line_length, bool) or not isinstance(line_length, (int, np.integer)) or line_length < 1:
        raise ValueError(f"line_length must be a whole number of at least 1, got {line_length!r}")
    return int(line_length)


def in_bits(nats: Any) -> NDArray[np.float64]:
    """Convert nats to bits."""
    return np.asarray(nats, dtype=np.float64) / math.log(2)
