"""Plot of the surprisal of a text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from tsl.plotting._text import checked_line_length, colour_text, in_bits, write_characters

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def plot_surprisal(
    text: str, surprisal: ArrayLike, *, line_length: int = 80, vmax: float = 8.0, ax: Axes | None = None
) -> Axes:
    r"""Plot a text with a background colour that shows how unexpected each character was.

    Parameters
    ----------
    text : str
        A few lines or a page, as each character is drawn separately. ``"\n"`` is shown as ↵ and ends a line.
    surprisal : array-like of shape (n_characters,)
        The result of `LSTMCharModel.surprisal` for the text, in nats.
    line_length : int, default=80
        Characters in a line. Longer lines are wrapped, after a space if there is one.
    vmax : float, default=8.0
        Number of bits at which the colour is darkest. It is fixed so that figures can be compared.
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
        If the text is empty, if `surprisal` is not one finite number per character, or if `line_length` or `vmax` is
        out of range.

    See Also
    --------
    plot_gates : Colour a text by the activation of a unit, with `line_length`.

    Examples
    --------
    >>> from tsl import LSTMCharModel
    >>> from tsl.plotting import plot_surprisal
    >>> text = "tick tock " * 5 + "tack tock"
    >>> model = LSTMCharModel(hidden_size=16, max_iter=40, unknown="replace", random_state=0).fit("tick tock " * 50)
    >>> ax = plot_surprisal(text, model.surprisal(text), line_length=20)
    >>> ax.images[0].get_array().shape
    (3, 20)
    """
    bits = in_bits(surprisal)
    if not text:
        raise ValueError("text must have at least 1 character, got none")
    if bits.shape != (len(text),):
        raise ValueError(
            f"surprisal must have one number per character, {len(text)} of them, got shape {bits.shape}: give the text "
            "as the model reads it, for instance in lower case"
        )
    if not np.isfinite(bits).all():
        raise ValueError("surprisal must be finite, got NaN or infinity")
    if not 0 < vmax < np.inf:
        raise ValueError(f"vmax must be a finite number above 0, got {vmax!r}")
    line_length = checked_line_length(line_length)
    colours: dict[str, Any] = {"cmap": "YlOrRd", "vmin": 0.0, "vmax": vmax}
    ax, image = colour_text(text, bits, line_length, ax, **colours)
    above = "max" if bits.max() > vmax else "neither"
    ax.figure.colorbar(image, ax=ax, location="bottom", shrink=0.5, aspect=40, pad=0.02, label="bits", extend=above)
    ax.set_title(f"{bits.mean():.2f} bits per character")
    write_characters(ax, text, image, line_length)
    return ax
