"""Metrics of a backtest, by series, cutoff or step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tsl._tables import like_input, to_pandas
from tsl._tables.columns import bound_name
from tsl.metrics._layout import Layout
from tsl.metrics._naive_scales import naive_scales
from tsl.metrics._probabilistic import pinball_losses

ERRORS = ("mae", "rmse", "mape", "smape", "wmape")
SCALED = ("mase", "rmsse", "owa")
INTERVAL = ("coverage", "interval_width")
QUANTILE = ("pinball", "crps")
METRICS = (*ERRORS, *SCALED, *INTERVAL, *QUANTILE)
Frame = TypeVar("Frame")
"""A pandas, polars or Arrow frame."""


def evaluate(
    frame: Frame,
    metrics: Sequence[str] | None = None,
    *,
    by: str | Sequence[str] | None = None,
    history: Any = None,
    season: int = 1,
    reference: str = "SeasonalNaive",
    models: Sequence[str] | None = None,
    id_col: str | None = None,
    time_col: str | None = None,
    target: str | None = None,
) -> Frame:
    """Tabulate metrics of the forecasts of a backtest.

    A metric is computed for each series over all its rows in a group and then averaged over the series, so that each
    series has the same weight in scaled errors. Rows without an observed value are left out.

    Parameters
    ----------
    frame : DataFrame
        The result of `backtest`: columns for the series, the time, the cutoff and the observed value, followed by one
        for each model, such as ``y_pred``, with the bounds of its prediction intervals, ``y_pred-lo-90`` and
        ``y_pred-hi-90``, and its quantiles, ``y_pred-q0.1``. Other frames need the columns ``unique_id``, ``ds`` and
        ``y``, or those named below; the columns for the series and the cutoff may be missing.
    metrics : sequence of str, optional
        Any of ``"mae"``, ``"rmse"``, ``"mape"``, ``"smape"``, ``"wmape"``; ``"mase"``, ``"rmsse"`` and ``"owa"``,
        which need the `history`; ``"coverage"`` and ``"interval_width"`` of each level; ``"pinball"`` and ``"crps"``
        from all quantiles, including the bounds of intervals. Default: ``mae``, ``rmse``, ``smape``, ``wmape``; with a
        `history` also ``mase`` and ``rmsse``; with intervals also their coverage and width.
    by : str or sequence of str, optional
        Give one row for each ``"series"``, ``"cutoff"``, ``"step"`` (1 is the first step forecast), or each value of
        any other column of `frame`. Default: one row for all.
    history : DataFrame or Series, optional
        The series as passed to `fit`, from which the scale of ``mase`` and ``rmsse`` is computed: a long frame with the
        columns of `frame`, a wide frame with one column per series or with the target, or a Series. Rows after a cutoff
        are left out; if `frame` has no cutoffs, rows from the first forecast of a series onwards.
    season : int, default=1
        Number of rows between the values of the history whose differences are the scale.
    reference : str, default="SeasonalNaive"
        The model that ``"owa"`` is relative to.
    models : sequence of str, optional
        Columns to evaluate. Default: all other numeric columns, including those of Python objects.
    id_col, time_col, target : str, optional
        Names of columns that cannot be found by the above rules.

    Returns
    -------
    DataFrame
        One row for each group and model: the columns of the group, ``model``, and one column per metric. It is a frame
        of the same library as `frame`.

    Raises
    ------
    ValueError
        If a column, a metric or a series of the history is missing, a forecast is NaN, or a series lacks two values a
        season apart before a cutoff.

    Notes
    -----
    The values equal those of ``utilsforecast.losses`` on the same frame; with a column of cutoffs, that package returns
    them for each series and cutoff, as ``by=["series", "cutoff"]`` does here. Unlike ``scaled_crps`` there, ``crps`` is
    not divided by the size of the values.

    Examples
    --------
    >>> import pandas as pd
    >>> from tsl.metrics import evaluate
    >>> days = pd.date_range("2024-01-05", periods=2)
    >>> frame = pd.DataFrame({"unique_id": "a", "ds": days, "y": [4.0, 6.0], "y_pred": [4.5, 6.0], "Naive": [3.0, 3.0]})
    >>> evaluate(frame, ["mae", "smape"])
        model   mae     smape
    0  y_pred  0.25  0.029412
    1   Naive  2.00  0.238095
    >>> evaluate(frame, ["mae"], by="step", models=["Naive"])
       step  model  mae
    0     1  Naive  1.0
    1     2  Naive  3.0
    """
    table, library = to_pandas(frame, "frame")
    table = table.reset_index(drop=True)
    layout = Layout.of(table, id_col=id_col, time_col=time_col, target=target, models=models)
    chosen = _chosen(metrics, layout, history)
    groups = _groups(table, layout, [by] if isinstance(by, str) else list(by or []))
    counted = table[layout.target].notna().to_numpy()
    if not counted.any():
        raise ValueError(f"frame must have a truth in column {layout.target!r}, got none")
    scale = None
    if set(chosen) & set(SCALED):
        scale = naive_scales(table[counted], layout, to_pandas(history, "history")[0], season)
    keys = {f"_key_{k}": values[counted] for k, values in enumerate(groups.values())}
    series = layout.series(table)[counted]
    results = []
    for model in layout.models:
        terms = _terms(table[counted], layout, model, chosen, scale)
        results.append(_averaged(terms, keys, series).assign(model=model))
    result = pd.concat(results, ignore_index=True)
    if "owa" in chosen:
        result["owa"] = _owa(result, list(keys), reference)
    columns = [name for metric in chosen for name in result if name == metric or name.startswith(f"{metric}-")]
    own = ["model", *columns]
    for name in groups:
        if name in own:
            raise ValueError(
                f"by must not name a column called {name!r}, which the result also has: rename it in frame"
            )
    return like_input(result[[*keys, *own]].set_axis([*groups, *own], axis=1), library)


def _chosen(metrics: Sequence[str] | None, layout: Layout, history: Any) -> list[str]:
    if metrics is None:
        with_history = ["mase", "rmsse"] if history is not None else []
        return ["mae", "rmse", "smape", "wmape", *with_history, *(INTERVAL if layout.levels else ())]
    chosen = [metrics] if isinstance(metrics, str) else list(metrics)
    for metric in chosen:
        if metric not in METRICS:
            raise ValueError(f"metrics must be among {', '.join(METRICS)}, got {metric!r}")
        if metric in SCALED and history is None:
            raise ValueError(f"history must be given for {metric!r}: its scale comes from there")
        if metric in INTERVAL and not layout.levels:
            raise ValueError(f"frame must have columns like '{layout.models[0]}-lo-90' for {metric!r}, got none")
        if metric in QUANTILE and not layout.quantiles:
            raise ValueError(f"frame must have columns of quantiles or intervals for {metric!r}, got none")
    return chosen


def _groups(table: pd.DataFrame, layout: Layout, by: list[str]) -> dict[str, NDArray[Any]]:
    """Return the values to group by, keyed by their column names in the result."""
    groups = {}
    for one in by:
        name = layout.id_col if one == "series" and layout.id_col is not None else one
        if name in groups:
            raise ValueError(f"by must name each column of the result once, got {name!r} several times in {by}")
        if one == "step":
            groups[name] = layout.steps(table)
        elif name in table:
            groups[name] = table[name].array
        else:
            raise ValueError(f"by must be 'series', 'cutoff', 'step' or a column of frame, got {name!r}")
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
        with np.errstate(divide="ignore", invalid="ignore"):  # a periodic history has scale 0
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


def _averaged(terms: pd.DataFrame, keys: dict[str, NDArray[Any]], series: NDArray[np.int64]) -> pd.DataFrame:
    """Return the metrics over the rows of each series in a group, averaged over the series of the group."""
    means = terms.assign(_series=series, **keys).groupby([*keys, "_series"], sort=True, observed=True).mean()
    means["rmse"] **= 0.5
    means["wmape"] /= means["size"].replace(0.0, np.nan)
    if "rmsse" in means:
        means["rmsse"] **= 0.5
    if "pinball" in means:
        means["crps"] = 2.0 * means["pinball"]
    if not keys:
        return means.mean().to_frame().T
    return means.groupby(level=list(keys), sort=True, observed=True).mean().reset_index()


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
