"""`tsl forecast` and `tsl backtest`, mostly with a baseline for speed."""

from io import StringIO

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

pytest.importorskip("typer", reason="the command line is an extra")

from command_line import fails, run
from typer.testing import CliRunner

from tsl.baselines import SeasonalNaive
from tsl.cli import forecast
from tsl.cli.app import app
from tsl.cli.output import write_scores
from tsl.metrics import evaluate

N_DAYS, HORIZON = 84, 7
DAYS = pd.date_range("2024-01-01", periods=N_DAYS)
NAIVE = ("--model", "seasonal-naive", "--season", "7", "--quiet")


def weekly(name, level):
    """Days of a shop, with a week in them."""
    noise = np.random.default_rng(len(name)).normal(size=N_DAYS)
    sold = level + 10 * (np.arange(N_DAYS) % 7) + noise
    return pd.DataFrame({"shop": name, "day": DAYS, "sold": sold})


MANY = pd.concat([weekly("north", 100), weekly("south", 1000)], ignore_index=True)


@pytest.fixture
def sales(tmp_path):
    """A file of two series."""
    MANY.to_csv(tmp_path / "sales.csv", index=False)
    return tmp_path / "sales.csv"


@pytest.fixture
def one(tmp_path):
    """A file of one series."""
    MANY[MANY["shop"] == "north"].drop(columns="shop").to_csv(tmp_path / "one.csv", index=False)
    return tmp_path / "one.csv"


def test_forecast_to_stdout_is_the_forecast_of_the_same_model(sales):
    found = pd.read_csv(StringIO(run("forecast", sales, "--horizon", HORIZON, *NAIVE)), parse_dates=["day"])
    model = SeasonalNaive(horizon=HORIZON, season=7).fit(MANY, target="sold", id_col="shop", time_col="day")
    expected = model.predict()
    assert found.columns.tolist() == ["shop", "day", "y_pred"]
    assert found["day"].tolist() == expected["day"].tolist()
    assert_allclose(found["y_pred"], expected["y_pred"])
    assert found["day"].min() == DAYS[-1] + pd.Timedelta("1D")


@pytest.mark.parametrize("suffix", ["csv", "csv.gz", "parquet"])
def test_forecast_with_intervals_to_a_file_and_a_picture(one, tmp_path, suffix):
    if suffix == "parquet":
        pytest.importorskip("pyarrow", reason="Parquet files need it")
    out, plot = tmp_path / f"forecast.{suffix}", tmp_path / "forecast.png"
    levels = ["--level", 80, "--level", 95]
    said = run("forecast", one, "--horizon", HORIZON, *levels, *NAIVE, "--out", out, "--plot", plot)
    assert said == f"7 rows written to {out}\n"
    found = pd.read_parquet(out) if suffix == "parquet" else pd.read_csv(out)
    bounds = [f"y_pred-{side}-{level}" for level in (80, 95) for side in ("lo", "hi")]
    assert sorted(found.columns) == sorted(["day", "y_pred", *bounds])
    assert (found["y_pred-lo-95"] <= found["y_pred-lo-80"]).all()
    assert plot.read_bytes().startswith(b"\x89PNG")


def test_backtest_prints_the_metrics_of_all_models(sales, tmp_path):
    out = tmp_path / "backtest.csv"
    options = ["--horizon", HORIZON, "--windows", 2, "--level", 80, "--out", out, *NAIVE]
    said = run("backtest", sales, *options)
    frame = pd.read_csv(out, parse_dates=["day", "cutoff"])
    assert len(frame) == 2 * 2 * HORIZON
    table = pd.read_csv(StringIO(said.rpartition("\n")[0].rpartition("\n")[0]), sep=r"\s+")
    assert set(table["model"]) == {"SeasonalNaive", "Naive"}
    expected = evaluate(frame, history=MANY, season=7).set_index("model").loc["y_pred"]
    mine = table.set_index("model").loc["SeasonalNaive"]
    for metric in ("mae", "rmse", "smape", "mase", "coverage-80", "interval_width-80"):
        assert_allclose(mine[metric], expected[metric], rtol=1e-3)  # four digits are printed
    assert mine["mae"] < table.set_index("model").loc["Naive", "mae"]  # there is a week in the series


def test_metrics_wrap_by_columns_at_a_terminal(monkeypatch):
    class Terminal(StringIO):
        def isatty(self):
            return True

    table = pd.DataFrame({"step": [1, 2], "model": "Naive", "mae": [0.5, 1.0], "coverage-80": [0.75, 0.8]})
    monkeypatch.setenv("COLUMNS", "24")
    shown = Terminal()
    write_scores(table, shown)
    assert shown.getvalue().splitlines() == [
        " step model  mae",
        "    1 Naive  0.5",
        "    2 Naive    1",
        "",
        " step model  coverage-80",
        "    1 Naive         0.75",
        "    2 Naive          0.8",
    ]
    elsewhere = StringIO()
    write_scores(table, elsewhere)
    assert len(elsewhere.getvalue().splitlines()) == 3


@pytest.mark.parametrize(("by", "n_rows"), [("series", 2 * 2), ("step", HORIZON * 2), ("cutoff", 3 * 2)])
def test_backtest_by_groups(sales, tmp_path, by, n_rows):
    plot = tmp_path / "backtest.svg"
    said = run("backtest", sales, "--horizon", HORIZON, "--windows", 3, "--by", by, "--plot", plot, *NAIVE)
    assert len(said.strip().splitlines()) == 1 + n_rows
    assert "<svg" in plot.read_text(encoding="utf-8")


@pytest.fixture
def short(monkeypatch):
    """Training of a few steps."""
    make_model = forecast.make_model
    monkeypatch.setattr(forecast, "make_model", lambda *given: make_model(*given).set_params(max_iter=3, window=14))


def test_lstm_learns_what_is_known_ahead(one, tmp_path, short):
    table = pd.read_csv(one).assign(promotion=np.arange(N_DAYS) % 2, visitors=1.0)
    table.to_csv(one, index=False)
    ahead = pd.DataFrame({"day": pd.date_range("2024-03-25", periods=2).astype(str), "promotion": [0, 1]})
    ahead.to_csv(tmp_path / "ahead.csv", index=False)
    arguments = ["forecast", one, "--horizon", 2, "--target", "sold", "--past", "visitors", "--season", 7]
    found = run(*arguments, "--future", tmp_path / "ahead.csv", "--quiet")
    assert pd.read_csv(StringIO(found))["day"].tolist() == ahead["day"].tolist()
    ahead[:1].to_csv(tmp_path / "ahead.csv", index=False)
    message = fails(*arguments, "--future", tmp_path / "ahead.csv", "--quiet")
    assert message.startswith("tsl: future must ")


@pytest.mark.parametrize("ids", [("007", "012"), ("12E3", "7E1"), ("NA", "DE"), ("None", "nan"), ("True", "False")])
def test_ids_come_back_as_they_were_written(tmp_path, ids):
    path, out = tmp_path / "sales.csv", tmp_path / "out.csv.gz"
    pd.concat([weekly(name, 100) for name in ids]).to_csv(path, index=False)
    options = ["--horizon", 1, "--id", "shop", "--target", "sold", *NAIVE, "--out", out, "--force"]
    for command in ("forecast", "backtest"):
        run(command, path, *options)
        written = pd.read_csv(out, dtype=str, keep_default_na=False)["shop"].unique().tolist()
        assert sorted(written) == sorted(ids)


@pytest.mark.parametrize("target", ["Naive", "residual", "y_pred"])
def test_backtest_of_a_target_named_as_a_column_of_results(sales, one, target):
    for path in (sales, one):
        pd.read_csv(path).rename(columns={"sold": target}).to_csv(path, index=False)
        said = run("backtest", path, "--horizon", HORIZON, "--windows", 2, *NAIVE)
        errors = pd.read_csv(StringIO(said), sep=r"\s+").set_index("model")
        assert 0 < errors.loc["SeasonalNaive", "mae"] < errors.loc["Naive", "mae"]
        assert errors["mase"].notna().all()


def test_ids_and_categories_of_the_future_are_read_as_those_of_the_past(tmp_path, short):
    path, ahead, out = (tmp_path / f"{name}.csv" for name in ("sales", "ahead", "out"))
    kinds = np.resize(["1", "NA", "half"], N_DAYS)
    pd.concat([weekly(name, 100).assign(kind=kinds) for name in ("007", "x")]).to_csv(path, index=False)
    rows = {"shop": ["007", "x"], "day": "2024-03-25", "kind": ["1", "NA"]}
    pd.DataFrame(rows).to_csv(ahead, index=False)
    run("forecast", path, "--horizon", 1, "--id", "shop", "--quiet", "--future", ahead, "--out", out)
    assert pd.read_csv(out, dtype=str)["shop"].tolist() == ["007", "x"]
    rows["shop"] = rows["kind"] = ["007", "1"]  # columns that look like numbers where nothing else is in them
    pd.concat([weekly(name, 100).assign(kind=kinds) for name in ("007", "1")]).to_csv(path, index=False)
    pd.DataFrame(rows).assign(kind="1").to_csv(ahead, index=False)
    options = ["--id", "shop", "--quiet", "--future", ahead, "--target", "sold", "--out", out, "--force"]
    run("forecast", path, "--horizon", 1, *options)
    assert pd.read_csv(out, dtype=str)["shop"].tolist() == ["007", "1"]


def test_lstm_stands_beside_the_baselines_and_shows_progress(sales, short):
    arguments = ["backtest", str(sales), "--horizon", "7", "--windows", "2", "--max-time", "5"]
    found = CliRunner().invoke(app, arguments, catch_exceptions=False)
    models = [line.split()[0] for line in found.stdout.strip().splitlines()]
    assert models == ["model", "LSTMForecaster", "Naive", "SeasonalNaive"]
    assert found.stderr != ""
    assert CliRunner().invoke(app, [*arguments, "--quiet"]).stderr == ""


@pytest.mark.parametrize(
    ("command", "arguments", "message"),
    [
        (
            "forecast",
            ["--target", "cost"],
            "tsl: --target must be a column of the file, which has shop, day, sold, got",
        ),
        ("forecast", ["--model", "arima"], "tsl: --model must be one of lstm, naive, .*, got 'arima'"),
        ("forecast", ["--out", "forecast.xlsx"], "tsl: files must end in .csv, .csv.gz, .parquet, got forecast.xlsx"),
        ("forecast", ["--out", "nowhere/forecast.csv"], "tsl: there is no folder nowhere to write forecast.csv to"),
        ("backtest", ["--by", "week"], "tsl: --by must be one of series, cutoff, step, got 'week'"),
        ("forecast", ["--plot", "forecast.docx"], "tsl: picture files must end in one of .*, got forecast.docx"),
        (
            "backtest",
            ["--windows", "12"],
            "tsl: --windows 12 of --horizon 7 need more than 84 rows per series, the longest",
        ),
    ],
)
def test_what_is_wrong_is_said_in_one_line(sales, command, arguments, message, monkeypatch):
    found = fails(
        command,
        sales,
        "--horizon",
        HORIZON,
        *NAIVE[2:],
        "--model",
        "seasonal-naive",
        *arguments,
    )
    assert pd.Series([found]).str.match(message).all(), found


def test_missing_file_and_missing_option(tmp_path):
    assert fails("forecast", tmp_path / "no.csv", "--horizon", 2).startswith("tsl: there is no file")
    assert CliRunner().invoke(app, ["forecast", "x.csv"]).exit_code == 2  # --horizon is needed


@pytest.mark.filterwarnings("always")  # as the command runs
def test_warnings_are_notes_of_one_line(one):
    table = pd.read_csv(one).drop(index=[20, 21, 22])
    table.to_csv(one, index=False)
    arguments = ["forecast", str(one), "--horizon", "2", *NAIVE]
    found = CliRunner().invoke(app, arguments)
    assert found.exit_code == 0
    (note,) = found.stderr.strip().splitlines()
    assert note.startswith("tsl: note: the times have gaps (the first after 2024-01-20 00:00:00)")
    assert CliRunner().invoke(app, [*arguments, "--freq", "D"]).stderr == ""


MONTHS = pd.date_range("2023-01-01", periods=12, freq="MS")


def written(folder, form, times=MONTHS):
    """A file of one series whose times are written in that format."""
    path = folder / "written.csv"
    pd.DataFrame({"date": times.strftime(form), "sold": np.arange(len(times)) + 10.0}).to_csv(path, index=False)
    return path


def next_times(path, *options):
    found = run("forecast", path, "--horizon", 2, "--model", "naive", "--quiet", *options)
    return [line.split(",")[0] for line in found.split()[1:]]


@pytest.mark.parametrize(
    ("form", "name", "message"),
    [
        ("%d.%m.%Y", "date", "got '01.02.2023', which is 2023-01-02 by '%m.%d.%Y' or 2023-02-01 by '%d.%m.%Y'"),
        ("%Y%m", "date", "got 202301 to 202312, which are months by '%Y%m' or plain numbers"),
        ("%b-%y", "date", "got 'Jan-23', in which the number is the year by '%b-%y' or else the day"),
    ],
)
def test_times_that_can_be_read_in_two_ways_need_the_format(tmp_path, form, name, message):
    path = written(tmp_path, form)
    said = fails("forecast", path, "--horizon", 2, "--model", "naive")
    assert message in said
    assert "say which with --time-format" in said
    assert next_times(path, "--time-format", form) == ["2024-01-01", "2024-02-01"]
    said = fails("forecast", path, "--horizon", 2, "--time-format", "%Y-%m-%d")
    assert "the times in 'date' must be dates in the format '%Y-%m-%d', got " in said


def test_whole_numbers_that_are_dates_are_dates_and_others_stay(tmp_path):
    assert next_times(written(tmp_path, "%Y%m%d", pd.date_range("2024-01-01", periods=31))) == [
        "2024-02-01",
        "2024-02-02",
    ]
    years = pd.date_range("2000-01-01", periods=9, freq="YS")
    assert next_times(written(tmp_path, "%Y", years)) == ["2009", "2010"]
    assert next_times(written(tmp_path, "%Y%m"), "--freq", 1) == ["202313", "202314"]


def test_what_is_known_ahead_is_written_like_the_rest(tmp_path):
    days = pd.date_range("2024-01-20", periods=40)
    table = pd.DataFrame({"day": days.strftime("%d.%m.%Y"), "sold": 1.0, "promo": 2.0})
    table[:30].to_csv(tmp_path / "known.csv", index=False)
    table[30:32].drop(columns="sold").to_csv(tmp_path / "ahead.csv", index=False)  # by itself the 2nd of other months
    source = forecast.Source(tmp_path / "known.csv", None, "sold", None, (), tmp_path / "ahead.csv", None)
    known, _, ahead = forecast.load(source, None)
    assert [*known["day"], *ahead["day"]] == list(days[:32])
