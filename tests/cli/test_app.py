"""The command line."""

import builtins
import re
import sys
import threading

import numpy as np
import pytest

pytest.importorskip("typer", reason="the command line is an extra")

from command_line import fails
from typer.testing import CliRunner

import tsl.network
from tsl.cli import demo
from tsl.cli.app import app
from tsl.kernels import cache
from tsl.kernels.compile import entry_point


def run(*arguments):
    return CliRunner().invoke(app, list(arguments))


def test_version():
    assert run("--version").output == f"tsl {tsl.__version__}\n"


def test_info_names_packages_tiles_and_cache():
    found = run("info")
    assert found.exit_code == 0
    for word in (f"numpy         {np.__version__}", "float32 a vector", "machine code", "threads by default"):
        assert word in found.output


def test_warmup_says_that_there_is_nothing_left_to_compile():
    tsl.network.warm_up("float32")
    found = run("warmup")
    assert found.exit_code == 0
    assert re.fullmatch(r"float32: loaded in \d+\.\d s\n", found.output)


def test_warmup_fails_where_nothing_can_be_kept(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setattr(cache, "folders", lambda: [tmp_path / "file"])
    monkeypatch.setattr(cache, "_warned", threading.Lock())

    def compile_a_kernel(dtype):
        assert entry_point(lambda x: x + 1)(1) == 2

    monkeypatch.setattr("tsl.network.warm_up", compile_a_kernel)
    message = fails("warmup", code=1)
    assert re.search(rf"tsl: compiled kernels cannot be kept.*{tmp_path}.*NUMBA_CACHE_DIR", message)
    assert "machine code  not kept" in run("info").output


@pytest.fixture
def short(monkeypatch):
    """A demo of seconds."""
    monkeypatch.setattr(demo, "EPOCHS", 1)
    monkeypatch.setattr(demo, "TEXT_SECONDS", 0.3)
    monkeypatch.setattr(demo, "LEAST_TEXT_SECONDS", 0.3)
    monkeypatch.setattr(demo, "REPORT_SECONDS", 0.0)
    monkeypatch.setattr(demo, "WRITTEN", 50)


@pytest.mark.usefixtures("short")
def test_demo_shows_errors_and_leaves_its_files_in_the_folder_that_it_names(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = run("demo", "--out", "new/folder")
    assert found.exit_code == 0, found.output
    # computed from the bundled readings: rows t and t + 48, t + 48 in the last fifth
    assert "persistence, the last reading  0.3380 °C" in found.output
    assert "bits per character, held out" in found.output
    assert sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()) == [
        "new/folder/macbeth.txt",
        "new/folder/sea_temperature.png",
    ]
    assert (tmp_path / "new/folder/sea_temperature.png").read_bytes().startswith(b"\x89PNG")
    text = (tmp_path / "new/folder/macbeth.txt").read_text(encoding="utf-8")
    assert text.rstrip("\n") in found.output
    assert "new/folder/macbeth.txt" in found.output
    assert "\x1b" not in found.output  # no bar, no colour in a pipe


@pytest.mark.usefixtures("short")
def test_progress_in_a_terminal_does_not_run_into_the_reports(tmp_path, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")  # rich then takes everything for a terminal
    monkeypatch.setenv("TERM", "xterm")
    found = run("demo", "--out", str(tmp_path))
    assert found.exit_code == 0, found.output
    assert "Reading Macbeth" in found.output
    # what stands on a line when it ends: nothing before the last return to its start counts
    lines = [line.split("\r")[-1].split("\x1b[2K")[-1] for line in found.output.replace("\r\n", "\n").split("\n")]
    reports = [line for line in lines if "bits per character, held out" in line]
    assert len(reports) >= 1
    for line in reports:
        assert line.split()[1:3] == ["s", "epoch"]


def test_forecasts_are_made_a_day_before(short):
    from tsl.datasets import load_sea_surface_temperature

    series = load_sea_surface_temperature()
    forecasts = demo.day_ahead_forecasts(series, 0, lambda message: None)
    values, n_test = series.to_numpy(), len(forecasts.actual)
    assert n_test == len(series) - int(0.8 * len(series))
    assert (forecasts.actual == values[-n_test:]).all()
    assert (forecasts.last_known == values[-n_test - 48 : -48]).all()
    assert forecasts.times.equals(series.index[-n_test:])
    # what comes after a forecast was made does not change it
    changed = series.copy()
    changed.iloc[-48:] = 99.0
    assert (demo.day_ahead_forecasts(changed, 0, lambda message: None).predicted == forecasts.predicted).all()


def test_an_error_is_one_line_and_status_1(tmp_path):
    (tmp_path / "file").touch()
    message = fails("demo", "--out", tmp_path / "file", code=1)
    assert str(tmp_path / "file") in message
    assert "--out" in message  # the hint


def test_demo_keeps_the_files_of_an_earlier_one(tmp_path):
    (tmp_path / "macbeth.txt").write_text("mine", encoding="utf-8")
    assert re.search(r"macbeth.txt is there already: .*--out.*--force", fails("demo", "--out", tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ["macbeth.txt"]


def test_a_seed_out_of_range_is_refused_before_anything_is_done(monkeypatch, tmp_path):
    monkeypatch.setenv("NO_COLOR", "1")
    found = run("demo", "--seed", "-1", "--out", str(tmp_path / "new"))
    assert found.exit_code == 2  # as for every wrong option
    assert "--seed" in found.output
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("missing", ["typer", "rich", "matplotlib"])
def test_a_missing_extra_is_named_with_the_way_to_get_it(missing, monkeypatch):
    real = builtins.__import__

    def without(name, *rest, **more):
        if name.split(".")[0] == missing:
            raise ModuleNotFoundError(f"No module named {missing!r}", name=missing)
        return real(name, *rest, **more)

    for name in [name for name in sys.modules if name.startswith("tsl.cli.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(builtins, "__import__", without)
    message = fails("demo", code=1)
    assert message == f'tsl: {missing} is not installed; python -m pip install "tsl-lstm[all]" brings it'
