"""Plots of permutation importances."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tsl.plotting._axes import COLOURS, FAINT, HEIGHT, WIDTH, light, new_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_WIDTH = 10.0  # inches
STEPS = "steps before the end of the window"
SCORE = "decrease of the score"


def plot_importance(result: Any, *, ax: Axes | None = None) -> Axes:
    """Plot importances: bars for channels or covariates, a line over steps, a heat map for channels at steps.

    Error bars and the band around the line show the standard deviation over the permutations. The most important
    channel or covariate is at the top; the last step of the window is at the right.

    Parameters
    ----------
    result : Bunch
        The result of `tsl.inspection.permutation_importance` or `tsl.inspection.covariate_importance`.
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
        If `result` is something else, such as a dict of the results of several scorers.

    Examples
    --------
    >>> import numpy as np
    >>> from tsl import LSTMRegressor
    >>> from tsl.inspection import permutation_importance
    >>> from tsl.plotting import plot_importance
    >>> X = np.random.default_rng(0).normal(size=(60, 6, 2))
    >>> model = LSTMRegressor(hidden_size=8, max_iter=5, random_state=0).fit(X, X[:, -1, 0])
    >>> ax = plot_importance(permutation_importance(model, X, X[:, -1, 0], by="step"))
    >>> ax.get_xlabel()
    'steps before the end of the window'
    """
    names = [name for name in ("steps", "channels", "covariates") if name in result]
    if not names or "importances" not in result:
        raise ValueError(f"result must be of a function of tsl.inspection, for one scorer, got {_shown(result)}")
    drawn = {("steps",): _line, ("steps", "channels"): _heat_map}.get(tuple(names), _bars)
    return drawn(result, f"increase of {result['metric']}" if "metric" in result else SCORE, ax)


def _shown(result: Any) -> str:
    return f"a {type(result).__name__}" + (f" of {list(result)}" if isinstance(result, dict) else "")


def _bars(result: Any, what: str, ax: Axes | None) -> Axes:
    kind = "covariates" if "covariates" in result else "channels"
    names = result[kind]
    ax = new_axes(WIDTH, 1.3 + 0.35 * len(names)) if ax is None else ax
    order = np.argsort(result["importances_mean"], kind="stable")
    look: dict[str, Any] = {"color": COLOURS[0], "ecolor": "0.4", "capsize": 3}
    ax.barh(range(len(names)), result["importances_mean"][order], xerr=result["importances_std"][order], **look)
    ax.set_yticks(range(len(names)), [str(name) for name in names[order]])
    ax.axvline(0.0, color=FAINT, linewidth=1)
    ax.set(title=f"Permutation importance of {kind}", xlabel=what)
    light(ax)
    ax.grid(axis="y", visible=False)
    return ax


def _line(result: Any, what: str, ax: Axes | None) -> Axes:
    ax = new_axes(WIDTH, HEIGHT) if ax is None else ax
    steps, mean, deviation = result["steps"], result["importances_mean"], result["importances_std"]
    ax.plot(steps, mean, color=COLOURS[0], marker="o", markersize=3)
    ax.fill_between(steps, mean - deviation, mean + deviation, color=COLOURS[0], alpha=0.2, linewidth=0)
    ax.axhline(0.0, color=FAINT, linewidth=1)
    ax.set(title="Permutation importance of steps", xlabel=STEPS, ylabel=what)
    light(ax)
    ax.invert_xaxis()
    return ax


def _heat_map(result: Any, what: str, ax: Axes | None) -> Axes:
    steps, channels, mean = result["steps"], result["channels"], result["importances_mean"].T
    if ax is None:
        ax = new_axes(min(max(2.0 + 0.25 * len(steps), 5.0), MOST_WIDTH), 1.5 + 0.35 * len(channels))
    limit = float(np.abs(mean).max()) or 1.0
    image = ax.imshow(mean, aspect="auto", interpolation="nearest", cmap="RdBu_r", vmin=-limit, vmax=limit)
    ax.figure.colorbar(image, ax=ax, label=what)
    shown = np.unique(np.linspace(0, len(steps) - 1, min(len(steps), 12)).round().astype(int))  # labels that fit
    ax.set_xticks(shown, [str(step) for step in steps[shown]])
    ax.set_yticks(range(len(channels)), [str(name) for name in channels])
    ax.set(title="Permutation importance of channels by step", xlabel=STEPS)
    return ax
