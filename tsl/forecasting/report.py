"""The notebook representation of a fitted forecaster."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

import pandas as pd

_TRIAL_COLUMNS = (
    "stage", "kind", "target_transform", "window", "segment", "differences", "scaling", "penalty", "n_steps", "mase",
    "smape",
)  # fmt: skip


class ChoicesReprMixin:
    """Mixin that adds the choices and trials of `fit` to scikit-learn's representation of an estimator."""

    def _repr_html_inner(self) -> str:
        return str(super()._repr_html_inner()) + choices_html(self)  # type: ignore[misc]

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, str]:
        bundle: dict[str, str] = super()._repr_mimebundle_(**kwargs)  # type: ignore[misc]
        if "text/html" in bundle:
            bundle["text/html"] += choices_html(self)
        return bundle


def choices_html(forecaster: Any) -> str:
    """Return HTML tables of the members and the trials of a fitted forecaster; an empty string if it is not fitted.

    Parameters
    ----------
    forecaster : LSTMForecaster

    Returns
    -------
    html : str
    """
    members = getattr(forecaster, "members_", None)  # files of the first versions have none
    if not members:
        return ""
    head = f"season of {forecaster.season_} steps, {forecaster.n_steps_} training steps for each network"
    by_series = getattr(forecaster, "series_weights_", None)
    weights = [member.weight for member in members] if by_series is None else by_series.mean().to_list()
    table = _members(members, weights)
    if by_series is not None:
        table = table.rename(columns={"weight": f"mean weight in {len(by_series)} series"})
    parts = [f"<p><b>Chosen by fit</b>: {escape(head)}</p>", _table(table)]
    trials = getattr(forecaster, "search_results_", None)
    if trials and len(trials["stage"]):
        table = _trials(trials)
        parts.append(f"<details><summary>{len(table)} trials on held-out data</summary>{_table(table)}</details>")
    return f'<div class="tsl-choices">{"".join(parts)}</div>'


def _members(members: Sequence[Any], weights: Sequence[float]) -> pd.DataFrame:
    """Return a row for each member of the forecast, sorted by decreasing weight."""
    rows = [
        {
            "member": member.kind,
            "window": member.windowing.window,
            "segment": member.windowing.segment,
            "differences": member.windowing.lag or None,
            "scaling": member.windowing.scaling,
            "weight": f"{weight:.2f}",
        }
        for weight, member in sorted(zip(weights, members, strict=True), key=lambda one: -one[0])
    ]
    return pd.DataFrame(rows, dtype=object)  # otherwise None would turn integers into floats


def _trials(trials: dict[str, Any]) -> pd.DataFrame:
    """Return the trials in the order in which they were run, with a mark at the chosen ones."""
    names = [name for name in _TRIAL_COLUMNS if name in trials]  # earlier versions have no target_transform
    table = pd.DataFrame({name: list(trials[name]) for name in names}, dtype=object)
    for name in ("mase", "smape"):
        table[name] = [f"{value:.3f}" for value in trials[name]]
    return table.assign(chosen=["✓" if chosen else "" for chosen in trials["chosen"]])


def _table(table: pd.DataFrame) -> str:
    table = table.where(table.notna(), "none")
    return str(table.to_html(index=False, border=0))
