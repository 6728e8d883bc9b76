"""The tutorials: their code blocks are run in order, and the statements in their text are checked."""

import re
import textwrap
from pathlib import Path

import pytest

TUTORIALS = Path(__file__).parents[1] / "docs/tutorial"
BLOCK = re.compile(r"^\.\. code-block:: python\n\n((?:    .*\n|\n)+)", flags=re.MULTILINE)


def run(name):
    """Run the blocks of a tutorial, and return the variables that they define."""
    page = (TUTORIALS / f"{name}.rst").read_text(encoding="utf-8")
    names = {}
    for block in BLOCK.findall(page):
        exec(compile(textwrap.dedent(block), name, "exec"), names)
    return names


def test_forecast_sensor(capsys):
    pytest.importorskip("matplotlib", reason="the tutorial draws a day")
    names = run("forecast_sensor")
    printed = capsys.readouterr().out
    # these depend on nothing but the bundled readings
    assert "persistence 22.1 mg/dL\nlinear 18.8\n" in printed
    assert "persistence 0.338 °C\n" in printed
    errors = names["glucose_errors"]
    assert [round(errors[name], 1) for name in ("persistence", "linear")] == [28.0, 22.9]
    # 21.6 is printed and other seeds give 21.6 or 21.7; a processor that rounds otherwise is like another seed
    assert errors["LSTM"] == pytest.approx(21.6, abs=0.5)
    # no better than persistence, 0.338
    assert names["sea_error"] == pytest.approx(0.338, rel=0.03)


def test_write_like_macbeth(capsys, monkeypatch, tmp_path):
    pytest.importorskip("matplotlib", reason="the tutorial draws a page")
    monkeypatch.chdir(tmp_path)  # which it leaves files in
    names = run("write_like_macbeth")
    printed = capsys.readouterr().out
    assert "93084 10343 67\n" in printed
    assert "first letters" in printed
    assert "6.07 4.83\n" in printed
    assert names["bits"] < 3.3  # 2.15 on two free cores; a slow machine gets less far in 10 seconds
    costs, letters, first = names["costs"], names["letters"], names["first"]
    assert costs[first].mean() > 1.3 * costs[letters & ~first].mean()  # "dear" and "cheap"
    assert printed.endswith("True\n")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["macbeth.tsl", "surprisal.png"]


def test_forecast_stocks(capsys):
    pytest.importorskip("matplotlib", reason="the tutorial draws its backtest")
    names = run("forecast_stocks")
    printed = capsys.readouterr().out
    # these depend on nothing but the bundled prices
    assert "{'AAPL': -0.03, 'GOOG': 0.0, 'IBM': -0.05, 'MSFT': -0.05}\n" in printed
    assert "{'AAPL': 0.17, 'GOOG': 0.16, 'IBM': 0.26, 'MSFT': 0.25}\n" in printed
    assert str(names["backtest"].columns.to_list()) in printed
    error = names["scores"].groupby("model")["smape"].mean()
    assert error["Naive"] == pytest.approx(0.0089, abs=0.00005)
    assert error["y_pred"] == pytest.approx(error["Naive"], rel=0.05)  # "as good as", seeds 0 to 2 differ by 1.5 %
    assert names["ranges"]["coverage-80"].item() == pytest.approx(0.8, abs=0.05)  # "four of five"


def test_sensor_gaps(capsys):
    pytest.importorskip("matplotlib", reason="the tutorial draws its forecast")
    names = run("sensor_gaps")
    printed = capsys.readouterr().out
    assert "3 57770 5687\n187 334\nthe target must have no missing values" in printed
    error = names["scores"].set_index("model")["mae"]
    assert error["Naive"] == pytest.approx(12.09, abs=0.005)
    assert error["y_pred"] < 0.87 * error["Naive"]  # "a fifth below"; other seeds and processors differ by 2 %
    assert names["scores"]["coverage-80"][0] == pytest.approx(0.78, abs=0.04)
    assert (names["by_step"]["coverage-80"] - 0.78).abs().max() < 0.06  # "much the same at every step"


def test_panel_covariates(capsys):
    pytest.importorskip("matplotlib", reason="the tutorial draws its forecasts")
    names = run("panel_covariates")
    printed = capsys.readouterr().out
    errors = names["errors"]
    assert "'Naive': 1.67, 'SeasonalNaive': 1.03}" in printed  # of the data alone
    assert errors["nothing"] == pytest.approx(0.7, abs=0.07)
    assert errors["visitors"] == pytest.approx(errors["nothing"], rel=0.1)  # "not at all"
    assert errors["offers"] < 0.88 * errors["nothing"]  # "by a quarter"; 0.77 where it was printed
    assert errors["offers, kind"] == pytest.approx(errors["offers"], rel=0.1)  # "hardly anything"
    gain = names["gain"]
    assert gain.iloc[::2].mean() > gain.iloc[1::2].mean() > 1  # shoes gain more than food
    assert "got 1 missing: shop 0 at 2023-10-01 00:00:00\n['offer']\n" in printed
