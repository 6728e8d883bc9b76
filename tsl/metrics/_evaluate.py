"""Metrics of a backtest, by series, cutoff or step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from tsl._tables import like_input, to_pandas
from tsl._tables.partitions import is_dask, mapped, together
from tsl.metrics._tabulation import Tabulation

Frame = TypeVar("Frame")
"""A pandas, polars, Arrow or Dask frame."""


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
        ``y``, or those named below; the columns for the series and the cutoff may be missing. It may be a Dask
        frame with any partitions, as from `DaskLSTMForecaster.backtest`.
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
        are left out; if `frame` has no cutoffs, rows from the first forecast of a series onwards. A long frame may be a
        Dask frame.
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
        of the same library as `frame`; for a Dask frame it is a pandas frame, or a lazy Dask frame if there are rows
        for each series.

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
    by = [by] if isinstance(by, str) else list(by or [])
    columns = {"id_col": id_col, "time_col": time_col, "target": target, "models": models}
    given: Any = frame
    plan: dict[str, Any] = {
        "by": by,
        "with_history": history is not None,
        "season": season,
        "reference": reference,
        **columns,
    }
    if is_dask(given):
        own = Tabulation.of(given._meta_nonempty, metrics, **plan)
        if own.layout.id_col is not None:
            return _of_partitions(given, history, own)
        given = given.compute()
    if is_dask(history):
        history = history.compute()
    table, library = to_pandas(given, "frame")
    table = table.reset_index(drop=True)
    tabulation = Tabulation.of(table, metrics, **plan)
    past = None if history is None else to_pandas(history, "history")[0]
    return like_input(tabulation.table([tabulation.totals(table, past)]), library)


def _of_partitions(frame: Any, history: Any, tabulation: Tabulation) -> Any:
    """Return the table of a Dask DataFrame, lazily if it has rows for each series."""
    from dask.base import compute
    from dask.delayed import delayed

    id_col, n = tabulation.layout.id_col, frame.npartitions
    parts = together(frame, frame.columns, id_col, n, "frame")
    if is_dask(history):
        if id_col not in history.columns:
            raise ValueError(f"history must have the column {id_col!r} of frame, got {list(history.columns)}")
        past = together(history, history.columns, id_col, n, "history")
    else:
        whole = None if history is None else to_pandas(history, "history")[0]
        past = [delayed(whole, traverse=False)] * n
    if id_col in tabulation.groups:
        empty = tabulation.empty(frame._meta)
        return mapped(_of_partition, [(*both, tabulation, empty) for both in zip(parts, past)], empty, "evaluate")
    totals = delayed(tabulation.totals, pure=False)
    return tabulation.table(compute(*(totals(*both) for both in zip(parts, past))))


def _of_partition(part: Any, past: Any, tabulation: Tabulation, empty: Any) -> Any:
    """Return the rows of the table for the series of a partition."""
    totals = tabulation.totals(part, past)
    return empty if totals is None else tabulation.table([totals])
