"""Plots of a network's gates."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tsl.plotting._axes import new_axes
from tsl.plotting._text import VISIBLE, checked_line_length, colour_text, write_characters

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TITLES = {
    "input": "Input gate",
    "forget": "Forget gate",
    "output": "Output gate",
    "candidate": "Candidate",
    "cell": "Cell state",
    "hidden": "Hidden state",
}
MOST_UNITS = 16


def plot_gates(
    gates: Any,
    *,
    gate: str = "forget",
    sample: int = 0,
    units: Sequence[int] | None = None,
    step_labels: Iterable[Any] | None = None,
    line_length: int | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Plot a gate for several units at each step of one window, or for one unit over a text.

    Parameters
    ----------
    gates : GateActivations
        One entry of an estimator's `gates(X)`: one layer and direction.
    gate : {"forget", "input", "output", "candidate", "cell", "hidden"}, default="forget"
        The activations to show: a gate, between 0 (closed) and 1 (open), or the candidate, the cell state or the hidden
        state, which may be negative.
    sample : int, default=0
        The index of the window.
    units : sequence of int, optional
        The hidden units, from top to bottom. Default: the 16 that vary most over the window, in ascending order.
    step_labels : iterable, optional
        One label per step, such as characters or times; there may be fewer, for a shorter window.
    line_length : int, optional
        Show `step_labels`, which must be a text, in lines of up to this length, each character with the colour of one
        unit's activation as background: the unit in `units`, or the one that varies most. Default: a row for each unit.
    ax : matplotlib.axes.Axes, optional
        The axes to draw into. Default: those of a new figure.

    Returns
    -------
    ax : matplotlib.axes.Axes

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    ValueError
        If `gate`, `sample`, `units`, `step_labels` or `line_length` is invalid for these activations.

    See Also
    --------
    plot_surprisal : Colour a text by how unexpected it is.

    Examples
    --------
    The values of a sine wave that open the forget gate:

    >>> import numpy as np
    >>> from tsl import LSTMRegressor
    >>> from tsl.plotting import plot_gates
    >>> from tsl.windows import make_windows
    >>> X, y = make_windows(np.sin(np.arange(200) / 3), window=20)
    >>> model = LSTMRegressor(hidden_size=8, max_iter=5, random_state=0).fit(X, y)
    >>> ax = plot_gates(model.gates(X[:1])[0], step_labels=np.round(X[0, :, 0], 1))
    >>> ax.get_title()
    'Forget gate, layer 0'

    The state of one cell over a text:

    >>> from tsl import LSTMCharModel
    >>> text = "To be, or not to be. " * 10
    >>> model = LSTMCharModel(hidden_size=8, max_iter=5, random_state=0).fit(text)
    >>> ax = plot_gates(model.gates(text)[0], gate="cell", units=[3], step_labels=text, line_length=60)
    >>> ax.get_title()
    'Cell state, layer 0, unit 3'
    """
    if gate not in TITLES:
        raise ValueError(f"gate must be one of {', '.join(map(repr, TITLES))}, got {gate!r}")
    values = getattr(gates, gate)
    if not -len(values) <= sample < len(values):
        raise ValueError(f"sample must be the number of one of {len(values)} windows, got {sample}")
    labels = None if step_labels is None else list(step_labels)
    if labels is not None and not 1 <= len(labels) <= values.shape[1]:
        raise ValueError(f"step_labels must have up to {values.shape[1]} labels, one per step, got {len(labels)}")
    steps = np.asarray(values[sample])[: None if labels is None else len(labels)]
    direction = ", reverse" if gates.direction == "reverse" else ""
    title = f"{TITLES[gate]}, layer {gates.layer}{direction}"
    if line_length is not None:
        unit = _only_unit(units, steps)
        ax = _over_text(labels, steps[:, unit], line_length, ax, _colours(gate, steps[:, unit]))
        ax.set_title(f"{title}, unit {unit}")
        return ax
    rows = _most_changing(steps) if units is None else _checked_units(units, steps.shape[1])
    if ax is None:
        ax = _new_axes(*steps[:, rows].shape)
    image = ax.imshow(steps[:, rows].T, aspect="auto", interpolation="nearest", **_colours(gate, steps))
    ax.figure.colorbar(image, ax=ax, label="activation")
    ax.set(title=title, xlabel="step", ylabel="unit")
    ax.set_yticks(range(len(rows)), [str(unit) for unit in rows])
    if labels is not None:
        texts = [VISIBLE.get(str(label), str(label)) for label in labels]
        ax.set_xticks(range(len(texts)), texts, rotation=90 if max(map(len, texts)) > 2 else 0)
    return ax


def _most_changing(steps: Any) -> list[int]:
    """Return up to `MOST_UNITS` units with the largest standard deviation over the steps (T, H)."""
    by_deviation = np.argsort(-steps.std(axis=0), kind="stable")
    return sorted(by_deviation[:MOST_UNITS].tolist())


def _only_unit(units: Sequence[int] | None, steps: Any) -> int:
    rows = [int(steps.std(axis=0).argmax())] if units is None else _checked_units(units, steps.shape[1])
    if len(rows) != 1:
        raise ValueError(f"units must name one unit with line_length, got {units!r}")
    return rows[0]


def _over_text(
    labels: list[Any] | None, values: Any, line_length: int, ax: Axes | None, colours: dict[str, Any]
) -> Axes:
    """Write the labels in lines, each with the colour of its value as background."""
    if labels is None or not all(isinstance(label, str) and len(label) == 1 for label in labels):
        raise ValueError("step_labels must be a text with line_length, one character per step")
    line_length = checked_line_length(line_length)
    ax, image = colour_text(labels, values, line_length, ax, **colours)
    ax.figure.colorbar(image, ax=ax, location="bottom", shrink=0.5, aspect=40, pad=0.02, label="activation")
    write_characters(ax, labels, image, line_length)
    return ax


def _checked_units(units: Sequence[int], n_units: int) -> list[int]:
    rows = list(units)
    if not rows or not all(0 <= unit < n_units for unit in rows):
        raise ValueError(f"units must be numbers from 0 to {n_units - 1}, got {units!r}")
    return rows


def _colours(gate: str, steps: Any) -> dict[str, Any]:
    """Return the colour map: for gates, light means open; for signed values, white is 0."""
    if TITLES[gate].endswith("gate"):
        return {"cmap": "viridis", "vmin": 0.0, "vmax": 1.0}
    limit = max(1.0, float(np.abs(steps).max()))
    return {"cmap": "RdBu_r", "vmin": -limit, "vmax": limit}


def _new_axes(n_steps: int, n_units: int) -> Axes:
    width, height = 2.0 + 0.25 * n_steps, 1.5 + 0.25 * n_units  # inches: room for the labels
    return new_axes(min(max(width, 5.0), 10.0), height)
