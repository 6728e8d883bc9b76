"""The commands ``tsl forecast`` and ``tsl backtest``."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from tsl.cli.choices import GROUPS, MODELS
from tsl.cli.files import STDIN, STDOUT, check_outputs, did_you_mean
from tsl.cli.output import new_figure, notes_in_one_line, records, write_figure, write_json, write_scores
from tsl.cli.table_files import TableFile, is_text, kind_of, write_table
from tsl.cli.tables import Columns, guess_columns, stamp_format, with_stamps
from tsl.metrics import evaluate

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
    sep: str | None = None
    decimal: str | None = None


class Results(NamedTuple):
    """Where results go, as given on the command line."""

    out: Path | None
    plot: Path | None
    force: bool
    as_json: bool


class Choices(NamedTuple):
    """The forecaster and its parameters, as given on the command line."""

    horizon: int
    model: str
    season: int | None
    n_models: int | None
    missing: str
    freq: str | int | None
    max_time: float | None
    seed: int
    quiet: bool


def run_forecast(source: Source, choices: Choices, levels: list[float], results: Results) -> None:
    """Fit, forecast, and write the forecasts to a file or to stdout."""
    figure = prepare(source, results)
    table, columns, future = load(source, choices.freq)
    with notes_in_one_line(until_interrupt=True):
        model = make_model(choices, columns, source.past)
        model.fit(table, target=columns.target, id_col=columns.id, time_col=columns.time)
        known = {"future": future} if "future" in model.get_params() else {}
        result = model.predict(level=levels or None, **known)
    if figure is not None and results.plot is not None:
        from tsl.plotting import plot_forecast

        plot_forecast(table, result, target=columns.target, ax=figure.subplots())
        write_figure(figure, results.plot)
    to_stdout = results.out in (None, STDOUT)
    if results.as_json:
        said = described(model, columns, choices) | {"forecast": records(result)} if to_stdout else {}
        write_json(said | written(result, results))
    if not (results.as_json and to_stdout):
        write_table(result, results.out or STDOUT)
    if not results.as_json and not to_stdout:
        sys.stdout.write(f"{len(result)} rows written to {results.out}\n")


def run_backtest(source: Source, choices: Choices, options: dict[str, Any], by: str | None, results: Results) -> None:
    """Backtest, and print the metrics with those of the baselines."""
    if by not in (None, *GROUPS):
        raise ValueError(f"--by must be one of {', '.join(GROUPS)}, got {by!r}")
    figure = prepare(source, results)
    table, columns, _ = load(source, choices.freq)
    with notes_in_one_line(until_interrupt=True):
        model = make_model(choices, columns, source.past)
        known = before_windows(table, columns, choices.horizon, options)
        model.fit(known, target=columns.target, id_col=columns.id, time_col=columns.time)
        frame = model.backtest(table, **options)
    scores = scores_of(frame, table, columns, model, by)
    if figure is not None and results.plot is not None:
        from tsl.plotting import plot_backtest

        plot_backtest(frame, ax=figure.subplots())
        write_figure(figure, results.plot)
    if results.out is not None:
        write_table(frame, results.out)
    if results.as_json:
        write_json(described(model, columns, choices) | {"metrics": records(scores)} | written(frame, results))
        return
    said = sys.stderr if results.out == STDOUT else sys.stdout
    write_scores(scores, said)
    if results.out not in (None, STDOUT):
        said.write(f"{len(frame)} rows written to {results.out}\n")


def prepare(source: Source, results: Results) -> Any:
    """Check inputs and outputs before any long computation; return a figure if there is something to plot."""
    if source.file == STDIN and source.future == STDIN:
        raise ValueError("- can be the table or --future, but not both")
    if results.plot == STDOUT:
        raise ValueError("--plot must name a file, got '-'")
    if results.out not in (None, STDOUT):
        kind_of(results.out)
    outputs = {"--out": results.out, "--plot": results.plot}
    check_outputs(outputs, [source.file, source.future], force=results.force)
    return None if results.plot is None else new_figure(results.plot)


def described(model: Any, columns: Columns, choices: Choices) -> dict[str, Any]:
    """Return the inferred and chosen settings, for JSON."""
    return {
        "model": type(model).__name__,
        "horizon": choices.horizon,
        "season": getattr(model, "season_", None),
        "columns": {"id": columns.id, "time": columns.time, "target": columns.target, "future": columns.ahead},
    }


def written(table: pd.DataFrame, results: Results) -> dict[str, Any]:
    """Return the written files, for JSON."""
    files = {"out": results.out, "plot": results.plot}
    found: dict[str, Any] = {name: str(path) for name, path in files.items() if path not in (None, STDOUT)}
    return found | ({"rows": len(table)} if "out" in found else {})


def load(source: Source, freq: str | int | None) -> tuple[pd.DataFrame, Columns, pd.DataFrame | None]:
    """Read the used columns of the table, their roles, and the covariates known ahead."""
    file = TableFile(source.file, source.sep, source.decimal)
    future_file = None if source.future is None else TableFile(source.future, source.sep, source.decimal)
    table, future = file.read(), None if future_file is None else future_file.read()
    columns = guess_columns(
        table, time=source.time, target=source.target, id_col=source.id, past=source.past, future=future
    )
    texts = [name for name in (*source.past, *columns.ahead) if is_text(table[name])]
    table = file.as_written(table, texts if columns.id is None else [columns.id, *texts])
    if future_file is not None and future is not None:
        keys = [name for name in (columns.id, *columns.ahead) if name is not None and name in future]
        future = future_file.as_written(future, [name for name in keys if is_text(table[name])])
    used = dict.fromkeys([columns.id, columns.time, columns.target, *source.past, *columns.ahead])
    form = source.time_format
    if form is None and not isinstance(freq, int):  # an int means that times are plain numbers
        form = stamp_format(table, columns.time)
    table = with_stamps(table[[name for name in used if name is not None]], columns.time, form)
    if future is not None and columns.time in future:
        future = with_stamps(future, columns.time, form)[
            [n for n in (columns.id, columns.time, *columns.ahead) if n in future]
        ]
    return table, columns, future


def read_freq(freq: str | None) -> str | int | None:
    """Return the frequency as forecasters take it: an int for integer times."""
    return int(freq) if freq is not None and freq.isdecimal() else freq


def make_model(choices: Choices, columns: Columns, past: tuple[str, ...]) -> Any:
    """Build the forecaster with the parameters that it has."""
    if choices.model not in MODELS:
        near = did_you_mean(choices.model, MODELS)
        raise ValueError(f"--model must be one of {', '.join(MODELS)}, got {choices.model!r}{near}")
    module, name = MODELS[choices.model]
    kind = getattr(importlib.import_module(module), name)
    wanted = {
        "horizon": choices.horizon,
        "missing": choices.missing,
        "freq": choices.freq,
        "past": list(past) or None,
        "future": list(columns.ahead) or None,
        "n_models": choices.n_models or "auto",
        "max_time": choices.max_time,
        "random_state": choices.seed,
        "verbose": 0 if choices.quiet else 1,
    }
    if choices.season is not None:
        wanted["season"] = choices.season
    known = kind(horizon=choices.horizon).get_params()
    return kind(**{key: value for key, value in wanted.items() if key in known and value is not None})


def before_windows(table: pd.DataFrame, columns: Columns, horizon: int, options: dict[str, Any]) -> pd.DataFrame:
    """Return the rows before the first cutoff: a model fitted to all rows would be refitted by `backtest`."""
    step = horizon if options["step"] is None else options["step"]
    tested = horizon + options["gap"] + (options["n_windows"] - 1) * step
    ordered = table.sort_values(columns.time, kind="stable")
    lengths = [len(ordered)] if columns.id is None else ordered.groupby(columns.id, observed=True).size().tolist()
    known = ordered.iloc[:-tested] if columns.id is None else ordered.groupby(columns.id, observed=True).head(-tested)
    if known.empty:
        raise ValueError(
            f"--windows {options['n_windows']} of --horizon {horizon} need more than {tested} rows per series, "
            f"the longest has {max(lengths)}"
        )
    return known


def scores_of(frame: pd.DataFrame, table: pd.DataFrame, columns: Columns, model: Any, by: str | None) -> pd.DataFrame:
    """Return the metrics of all models."""
    history = table[[name for name in (columns.id, columns.time, columns.target) if name is not None]]
    season = getattr(model, "season_", None) or 1
    name = type(model).__name__
    scores = evaluate(frame, by=by, history=history, season=season)
    scores = scores[scores["model"] != name].replace(
        {"model": {"y_pred": name}}
    )  # otherwise a baseline would be listed twice
    n_groups = list(scores.columns).index("model")
    groups, metrics = list(scores.columns[:n_groups]), scores.columns[n_groups + 1 :]
    intervals = [column for column in metrics if column.startswith(("coverage-", "interval_width-"))]
    scores = scores[[*groups, "model", *SHOWN, *intervals]]
    return scores.sort_values(groups, kind="stable") if groups else scores
