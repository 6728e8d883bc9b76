"""The demo, with fewer training steps."""

import re

import numpy as np
import pytest

pytest.importorskip("typer", reason="the command line is an extra")

from typer.testing import CliRunner

import tsl.datasets
from tsl import LSTMForecaster
from tsl.cli import demo
from tsl.cli.app import app
from tsl.cli.terminal_plot import terminal_plot
from tsl.metrics import evaluate

BRAILLE = re.compile("[\u2801-\u28ff]")


@pytest.fixture
def short(monkeypatch):
    """A demo of seconds."""
    few = {"hidden_size": 16, "max_iter": 1}
    monkeypatch.setattr(demo, "CO2_SETTINGS", demo.CO2_SETTINGS | few)
    monkeypatch.setattr(demo, "GLUCOSE_SETTINGS", demo.GLUCOSE_SETTINGS | few)
    monkeypatch.setattr(demo, "GLUCOSE_WINDOWS", 30)
    monkeypatch.setattr(demo, "TEXT_SECONDS", 0.3)
    monkeypatch.setattr(demo, "REPORT_SECONDS", 0.0)
    monkeypatch.setattr(demo, "WRITTEN", 50)


def run(*arguments):
    found = CliRunner().invoke(app, ["demo", *map(str, arguments)])
    assert found.exit_code == 0, found.output
    return found.output


@pytest.mark.usefixtures("short")
def test_demo_shows_errors_and_leaves_its_files_in_the_folder_that_it_names(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    output = run("--out", "new/folder")
    assert sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()) == [
        "new/folder/carbon_dioxide.png",
        "new/folder/glucose.png",
        "new/folder/macbeth.txt",
    ]
    for name in ("carbon_dioxide.png", "glucose.png"):
        assert (tmp_path / "new/folder" / name).read_bytes().startswith(b"\x89PNG")
    text = (tmp_path / "new/folder/macbeth.txt").read_text(encoding="utf-8")
    assert text.rstrip("\n") in output
    assert "bits per character, held out" in output
    assert "new/folder/macbeth.txt" in output
    assert output.rstrip("\n").splitlines()[-1].startswith("Next: ")
    assert "\x1b" not in output  # no bar, no colour in a pipe
    assert not BRAILLE.search(output)
    shown = output.split("Carbon dioxide")[1].split("A glucose sensor")[0]
    lines = re.findall(r"^  >>> (.*)$", shown, flags=re.MULTILINE)
    names = vars(tsl.datasets) | {"LSTMForecaster": LSTMForecaster}
    exec("\n".join(lines), names)
    scores = evaluate(names["backtest"], ["mae"]).set_index("model")["mae"]
    # the figures that are printed are those of the lines that are printed
    assert re.search(rf"LSTM +{scores['y_pred']:.2f} ", shown)
    assert re.search(rf"Naive, the last value +{scores['Naive']:.2f}\n", shown)
    # computed from the bundled readings of 1994 to 2001 by NumPy alone
    co2 = tsl.datasets.load_co2()
    weeks = co2[-8 * 52 - 1 :].to_numpy()
    naive = np.nanmean(np.abs(weeks[1:].reshape(8, 52) - weeks[:-1:52, None]))
    assert scores["Naive"] == pytest.approx(naive)


@pytest.mark.usefixtures("short")
def test_a_terminal_shows_progress_and_pictures(tmp_path, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")  # rich then takes everything for a terminal
    monkeypatch.setenv("TERM", "xterm")
    output = run("--out", tmp_path)
    assert "Reading Macbeth" in output
    assert BRAILLE.search(output)
    assert "░" in output
    # what stands on a line when it ends: nothing before the last return to its start counts
    lines = [line.split("\r")[-1].split("\x1b[2K")[-1] for line in output.replace("\r\n", "\n").split("\n")]
    reports = [line for line in lines if "bits per character, held out" in line]
    assert len(reports) >= 1
    for line in reports:
        assert line.split()[1:3] == ["s", "epoch"]


def test_dots_of_a_terminal_plot_are_where_the_values_are():
    none = np.full(4, np.nan)
    drawn = terminal_plot({"": np.array([0.0, 1.0, 2.0, 3.0])}, (none, none), width=2, height=2)
    # eight rows of dots, a column for each value: rows 7, 5, 2 and 0 from the top, each joined with the one before
    assert drawn.plain == "3 \u2800\u287c\n0 \u28f0\u2803\n"


def test_a_band_of_a_terminal_plot_is_where_it_is_known():
    values, low = np.zeros(8), np.array([np.nan] * 4 + [-1.0] * 4)
    drawn = terminal_plot({"": values}, (low, -low), width=4, height=3).plain.splitlines()
    assert [line[-4:] for line in drawn] == ["\u2800\u2800░░", "\u2824" * 4, "\u2800\u2800░░"]
