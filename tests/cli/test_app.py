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
    assert re.search(rf"tsl: compiled kernels cannot be saved.*{tmp_path}.*NUMBA_CACHE_DIR", message)
    assert "machine code  not kept" in run("info").output


def test_an_error_is_one_line_and_status_1(tmp_path):
    (tmp_path / "file").touch()
    message = fails("demo", "--out", tmp_path / "file", code=1)
    assert str(tmp_path / "file") in message
    assert "--out" in message  # the hint


def test_demo_keeps_the_files_of_an_earlier_one(tmp_path):
    (tmp_path / "macbeth.txt").write_text("mine", encoding="utf-8")
    assert re.search(r"macbeth.txt already exists: .*--out.*--force", fails("demo", "--out", tmp_path))
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
    assert message == f'tsl: {missing} is not installed: install it with python -m pip install "tsl-lstm[all]"'
