"""The table of metrics: totals over the series of a group, which may be in several partitions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tsl._tables.columns import bound_name
from tsl.metrics._layout import Layout
from tsl.metrics._naive_scales import naive_scales
from tsl.metrics._probabilistic import pinball_losses

ERRORS = ("mae", "rmse", "mape", "smape", "wmape")
SCALED = ("mase", "rmsse", "owa")
INTERVAL = ("coverage", "interval_width")
QUANTILE = ("pinball", "crps")
METRICS = (*ERRORS, *SCALED, *INTERVAL, *QUANTILE)

Totals = dict[Any, pd.DataFrame]
"""For each model, a row for each group with the columns ``("sum", metric)`` and ``("count", metric)`` over series."""


@dataclass(frozen=True)
class Tabulation:
    """The metrics and columns to tabulate, and what to group by."""

    layout: Layout
    chosen: list[str]
    groups: dict[Any, str]
    """Names in the result of the columns to group by, and what they stand for: "step", or a column of the frame."""
    season: int
    reference: str

    @classmethod
    def of(
        cls,
        table: pd.DataFrame,
        metrics: Sequence[str] | None,
        *,
        by: list[str],
        with_history: bool,
        season: int,
        reference: str,
        **columns: Any,
    ) -> Tabulation:
        """Check the arguments of `evaluate`; for a frame in partitions, `table` only has the columns."""
        layout = Layout.of(table, **columns)
        own = cls(layout, _chosen(metrics, layout, with_history), _groups(table, layout, by), season, reference)
        for name in own.groups:
            if name in ("model", *own.metric_columns):
                raise ValueError(
                    f"by must not name a column called {name!r}, which the result also has: rename it in frame"
                )
        return own

    @property
    def metric_columns(self) -> list[str]:
        """Return the columns of metrics in the result."""
        levels = dict.fromkeys(level for own in self.layout.levels.values() for level in own)
        return [
            name
            for metric in self.chosen
            for name in ([f"{metric}-{level}" for level in levels] if metric in INTERVAL else [metric])
        ]

    def totals(self, table: pd.DataFrame, history: Any) -> Totals | None:
        """Return the totals of the series of `table`, whose rows are numbered; None if no row has a true value."""
        counted = table[self.layout.target].notna().to_numpy()
        if not counted.any():
            return None
        keys: dict[str, Any] = {f"_key_{k}": self._values(table, one)[counted] for k, one in self._numbered()}
        own, series = table[counted], self.layout.series(table)[counted]
        scale = naive_scales(own, self.layout, history, self.season) if set(self.chosen) & set(SCALED) else None
        totals = {}
        for model in self.layout.models:
            means = _by_series(_terms(own, self.layout, model, self.chosen, scale), keys or {"_key": 0}, series)
            grouped = means.groupby(level=list(keys or ["_key"]), sort=True, observed=True)
            totals[model] = pd.concat({"sum": grouped.sum(), "count": grouped.count()}, axis=1)
        return totals

    def table(self, parts: Iterable[Totals | None]) -> pd.DataFrame:
        """Return the table of the totals of partitions with different series.

        Raises
        ------
        ValueError
            If no row has a true value, or if a reference is needed and missing.
        """
        known = [part for part in parts if part is not None]
        if not known:
            raise ValueError(f"frame must have a truth in column {self.layout.target!r}, got none")
        keys = [f"_key_{k}" for k, _ in self._numbered()]
        results = []
        for model in self.layout.models:
            total = pd.concat([part[model] for part in known])
            if len(known) > 1:
                total = total.groupby(level=keys or ["_key"], sort=True, observed=True).sum()
            result = (total["sum"] / total["count"]).reset_index(drop=not keys)
            results.append(result.assign(model=model))
        result = pd.concat(results, ignore_index=True)
        if "owa" in self.chosen:
            result["owa"] = _owa(result, keys, self.reference)
        own = ["model", *self.metric_columns]
        return result[[*keys, *own]].set_axis([*self.groups, *own], axis=1)

    def empty(self, meta: pd.DataFrame) -> pd.DataFrame:
        """Return the empty table for a frame with these columns."""
        columns: dict[Any, Any] = {
            name: np.zeros(0, np.int64) if one == "step" else meta[one].iloc[:0].array
            for name, one in self.groups.items()
        }
        columns["model"] = pd.Series(self.layout.models)[:0]
        return pd.DataFrame(columns | {name: np.zeros(0) for name in self.metric_columns})

    def _numbered(self) -> list[tuple[int, str]]:
        return list(enumerate(self.groups.values()))

    def _values(self, table: pd.DataFrame, one: str) -> Any:
        """Return what the rows are grouped by."""
        return self.layout.steps(table) if one == "step" else table[one].array


def _chosen(metrics: Sequence[str] | None, layout: Layout, with_history: bool) -> list[str]:
    if metrics is None:
        scaled = ["mase", "rmsse"] if with_history else []
        return ["mae", "rmse", "smape", "wmape", *scaled, *(INTERVAL if layout.levels else ())]
    chosen = [metrics] if isinstance(metrics, str) else list(metrics)
    for metric in chosen:
        if metric not in METRICS:
            raise ValueError(f"metrics must be among {', '.join(METRICS)}, got {metric!r}")
        if metric in SCALED and not with_history:
            raise ValueError(f"history must be given for {metric!r}: its scale comes from there")
        if metric in INTERVAL and not layout.levels:
            raise ValueError(f"frame must have columns like '{layout.models[0]}-lo-90' for {metric!r}, got none")
        if metric in QUANTILE and not layout.quantiles:
            raise ValueError(f"frame must have columns of quantiles or intervals for {metric!r}, got none")
    return chosen


def _groups(table: pd.DataFrame, layout: Layout, by: list[str]) -> dict[Any, str]:
    """Return what to group by, keyed by column names in the result."""
    groups: dict[Any, str] = {}
    for one in by:
        name = layout.id_col if one == "series" and layout.id_col is not None else one
        if name in groups:
            raise ValueError(f"by must name each column of the result once, got {name!r} several times in {by}")
        if one != "step" and name not in table:
            raise ValueError(f"by must be 'series', 'cutoff', 'step' or a column of frame, got {name!r}")
        groups[name] = one if one == "step" else name
    return groups


def _terms(
    table: pd.DataFrame, layout: Layout, model: str, chosen: list[str], scale: pd.DataFrame | None
) -> pd.DataFrame:
    """Return the terms that metrics average, one row for each row of the frame."""
    true, pred = table[layout.target].to_numpy(float), _forecast(table, model)
    error = np.abs(true - pred)
    size = np.abs(true) + np.abs(pred)
    terms = {
        "mae": error,
        "rmse": error**2,
        "mape": error / np.where(true == 0.0, np.nan, np.abs(true)),
        "smape": error / np.where(size == 0.0, 1.0, size),
        "wmape": error,
        "size": np.abs(true),
    }
    if scale is not None:
        with np.errstate(divide="ignore", invalid="ignore"):  # a history that repeats itself has no scale
            terms["mase"] = error / scale["absolute"].to_numpy()
            terms["rmsse"] = error**2 / scale["squared"].to_numpy()
    for level in layout.levels.get(model, ()) if set(chosen) & set(INTERVAL) else ():
        low, high = (_forecast(table, bound_name(model, side, level)) for side in ("lo", "hi"))
        terms[f"coverage-{level}"] = (low <= true) & (true <= high)
        terms[f"interval_width-{level}"] = high - low
    if set(chosen) & set(QUANTILE) and model in layout.quantiles:
        losses = [pinball_losses(true - _forecast(table, name), q) for name, q in layout.quantiles[model].items()]
        terms["pinball"] = np.mean(losses, axis=0)
    return pd.DataFrame(terms, dtype=float)


def _by_series(terms: pd.DataFrame, keys: dict[str, Any], series: NDArray[np.int64]) -> pd.DataFrame:
    """Return the metrics of each series over its rows in a group."""
    means = terms.assign(_series=series, **keys).groupby([*keys, "_series"], sort=True, observed=True).mean()
    means["rmse"] **= 0.5
    means["wmape"] /= means["size"].replace(0.0, np.nan)
    if "rmsse" in means:
        means["rmsse"] **= 0.5
    if "pinball" in means:
        means["crps"] = 2.0 * means["pinball"]
    return means


def _owa(result: pd.DataFrame, keys: list[str], reference: str) -> pd.Series:
    """Return the mean of sMAPE and MASE, each relative to the reference in the same group."""
    of_reference = result["model"] == reference
    if not of_reference.any():
        raise ValueError(f"reference must be one of the models, {list(result['model'].unique())}, got {reference!r}")
    if keys:
        base = result[of_reference].set_index(keys)[["smape", "mase"]]
        base = result[keys].join(base, on=keys)
    else:
        base = pd.DataFrame([result.loc[of_reference, ["smape", "mase"]].iloc[0]] * len(result), index=result.index)
    return (result["smape"] / base["smape"] + result["mase"] / base["mase"]) / 2.0


def _forecast(table: pd.DataFrame, name: str) -> NDArray[np.float64]:
    values = table[name].to_numpy(float, na_value=np.nan)
    if not np.isfinite(values).all():
        raise ValueError(
            f"frame must have finite forecasts, got {np.sum(~np.isfinite(values))} in {name!r} that are not"
        )
    return values
