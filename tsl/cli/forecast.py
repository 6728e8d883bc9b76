"""The commands ``tsl forecast`` and ``tsl backtest``."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from tsl.cli.output import new_figure, notes_in_one_line
from tsl.cli.tables import (
    Columns,
    as_written,
    check_outputs,
    guess_columns,
    is_text,
    read_table,
    stamp_format,
    with_stamps,
    write_table,
)
from tsl.metrics import evaluate

MODELS = {
    "lstm": ("tsl.forecasting", "LSTMForecaster"),
    "naive": ("tsl.baselines", "Naive"),
    "seasonal-naive": ("tsl.baselines", "SeasonalNaive"),
    "drift": ("tsl.baselines", "Drift"),
    "window-average": ("tsl.baselines", "WindowAverage"),
}
GROUPS = ("series", "cutoff", "step")
SHOWN = ("mae", "rmse", "smape", "mase")


class Source(NamedTuple):
    """The table to forecast from and its columns, as given on the command line."""

    file: Path
    time: str | None
    target: str | None
    id: str | None
    past: tuple[str, ...]
    future: Path | None
    time_format: str | None


class Choices(NamedTuple):
    """The forecaster and its parameters, as given on the command line."""

    horizon: int
    model: str
    season: int | None
    n_models: int
    missing: str
    freq: str | int | None
    max_time: float | None
    seed: int
    quiet: bool


def run_forecast(source: Source, choices: Choices, levels: list[float], out: Path | None, plot: Path | None) -> None:
    """Fit, forecast, and write the forecasts to a file or to stdout."""
    check_outputs(out, plot)
    figure = None if plot is None else new_figure(plot)
    table, columns, future = load(source, choices.freq)
    with notes_in_one_line():
        model = make_model(choices, columns, source.past)
        model.fit(table, target=columns.target, id_col=columns.id, time_col=columns.time)
        known = {"future": future} if "future" in model.get_params() else {}
        result = model.predict(level=levels or None, **known)
    if figure is not None:
        from tsl.plotting import plot_forecast

        plot_forecast(table, result, target=columns.target, ax=figure.subplots())
        figure.savefig(plot)
    if out is None:
        result.to_csv(sys.stdout, index=False)
    else:
        write_table(result, out)
        sys.stdout.write(f"{len(result)} rows written to {out}\n")


def run_backtest(
    source: Source, choices: Choices, options: dict[str, Any], by: str | None, out: Path | None, plot: Path | None
) -> None:
    """Backtest, and print the metrics beside those of the baselines."""
    if by not in (None, *GROUPS):
        raise ValueError(f"--by must be one of {', '.join(GROUPS)}, got {by!r}")
    check_outputs(out, plot)
    figure = None if plot is None else new_figure(plot)
    table, columns, _ = load(source, choices.freq)
    with notes_in_one_line():
        model = make_model(choices, columns, source.past)
        known = before_windows(table, columns, choices.horizon, options)
        model.fit(known, target=columns.target, id_col=columns.id, time_col=columns.time)
        frame = model.backtest(table, **options)
    sys.stdout.write(scores_in_columns(frame, table, columns, model, by) + "\n")
    if figure is not None:
        from tsl.plotting import plot_backtest

        plot_backtest(frame, ax=figure.subplots())
        figure.savefig(plot)
    if out is not None:
        write_table(frame, out)
        sys.stdout.write(f"{len(frame)} rows written to {out}\n")


def load(source: Source, freq: str | int | None) -> tuple[pd.DataFrame, Columns, pd.DataFrame | None]:
    """Read the columns of the table that are used, their roles, and the covariates known ahead."""
    table = read_table(source.file)
    future = None if source.future is None else read_table(source.future)
    columns = guess_columns(
        table, time=source.time, target=source.target, id_col=source.id, past=source.past, future=future
    )
    texts = [name for name in (*source.past, *columns.ahead) if is_text(table[name])]
    table = as_written(table, source.file, texts if columns.id is None else [columns.id, *texts])
    if source.future is not None and future is not None:
        keys = [name for name in (columns.id, *columns.ahead) if name is not None and name in future]
        future = as_written(future, source.future, [name for name in keys if is_text(table[name])])
    used = dict.fromkeys([columns.id, columns.time, columns.target, *source.past, *columns.ahead])
    form = source.time_format
    if form is None and not isinstance(freq, int):  # with which times are plain numbers
        form = stamp_format(table, columns.time)
    table = with_stamps(table[[name for name in used if name is not None]], columns.time, form)
    if future is not None and columns.time in future:
        future = with_stamps(future, columns.time, form)[
            [n for n in (columns.id, columns.time, *columns.ahead) if n in future]
        ]
    return table, columns, future


def read_freq(freq: str | None) -> str | int | None:
    """Return the frequency as forecasters take it: an int where times are integers."""
    return int(freq) if freq is not None and freq.isdecimal() else freq


def make_model(choices: Choices, columns: Columns, past: tuple[str, ...]) -> Any:
    """Build the forecaster with those of the parameters that it has."""
    if choices.model not in MODELS:
        raise ValueError(f"--model must be one of {', '.join(MODELS)}, got {choices.model!r}")
    module, name = MODELS[choices.model]
    kind = getattr(importlib.import_module(module), name)
    wanted = {
        "horizon": choices.horizon,
        "missing": choices.missing,
        "freq": choices.freq,
        "past": list(past) or None,
        "future": list(columns.ahead) or None,
        "n_models": choices.n_models,
        "max_time": choices.max_time,
        "random_state": choices.seed,
        "verbose": 0 if choices.quiet else 1,
    }
    if choices.season is not None:
        wanted["season"] = choices.season
    known = kind(horizon=choices.horizon).get_params()
    return kind(**{key: value for key, value in wanted.items() if key in known and value is not None})


def before_windows(table: pd.DataFrame, columns: Columns, horizon: int, options: dict[str, Any]) -> pd.DataFrame:
    """Return the rows before the first cutoff: fitted on all rows, the model would be fitted again by `backtest`."""
    step = horizon if options["step"] is None else options["step"]
    tested = horizon + options["gap"] + (options["n_windows"] - 1) * step
    ordered = table.sort_values(columns.time, kind="stable")
    lengths = [len(ordered)] if columns.id is None else ordered.groupby(columns.id, observed=True).size().tolist()
    known = ordered.iloc[:-tested] if columns.id is None else ordered.groupby(columns.id, observed=True).head(-tested)
    if known.empty:
        raise ValueError(
            f"--windows {options['n_windows']} of --horizon {horizon} need more than {tested} rows a series, "
            f"the longest has {max(lengths)}"
        )
    return known


def scores_in_columns(frame: pd.DataFrame, table: pd.DataFrame, columns: Columns, model: Any, by: str | None) -> str:
    """Return the metrics of all models as a table of text."""
    history = table[[name for name in (columns.id, columns.time, columns.target) if name is not None]]
    season = getattr(model, "season_", None) or 1
    name = type(model).__name__
    scores = evaluate(frame, by=by, history=history, season=season)
    scores = scores[scores["model"] != name].replace({"model": {"y_pred": name}})  # a baseline would be listed twice
    n_groups = list(scores.columns).index("model")
    groups, metrics = list(scores.columns[:n_groups]), scores.columns[n_groups + 1 :]
    intervals = [column for column in metrics if column.startswith(("coverage-", "interval_width-"))]
    scores = scores[[*groups, "model", *SHOWN, *intervals]]
    if groups:
        scores = scores.sort_values(groups, kind="stable")
    return scores.to_string(index=False, float_format="{:.4g}".format, na_rep="")
