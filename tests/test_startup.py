"""What has to be compiled, and when."""

import json
import os
import pathlib
import subprocess
import sys
import time

import numpy as np
import pytest

import tsl
from tsl.kernels import cache
from tsl.network import Network, warm_up
from tsl.training.progress import COMPILING

HERE = pathlib.Path(__file__).parent


def output_of(*arguments):
    """What another Python process writes, without any warning."""
    return subprocess.run(
        [sys.executable, "-W", "error", *arguments],
        cwd=HERE.parent,
        env={**os.environ, "PYTHONPATH": str(HERE.parent)},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=300,
    ).stdout


@pytest.mark.long
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_nothing_is_left_to_compile_after_warmup(dtype):
    pytest.importorskip("typer", reason="the command line is an extra")
    output_of("-c", "from tsl.cli import main; main()", "warmup", *(["--float64"] if dtype == "float64" else []))
    assert json.loads(output_of("tests/every_use.py", dtype)) == {"compiled": 0, "new": {}, "not warmed up": []}


def test_import_compiles_and_loads_nothing():
    found = output_of(
        "-c",
        "import sys, tsl, tsl.regressor, tsl.classifier, tsl.char_model, tsl.baselines, tsl.dask, tsl.metrics\n"
        "from tsl.kernels.compile import ENTRY_POINTS\n"
        "print(len(ENTRY_POINTS), sum(len(function.overloads) for function in ENTRY_POINTS))\n"
        "print(int('dask' in sys.modules))",
    )
    n_entry_points, n_compiled, dask = map(int, found.split())
    assert n_entry_points > 0
    assert n_compiled == 0
    assert not dask


def compile_something():
    for tell in cache._listeners:
        tell()


def fit_windows(**parameters):
    return tsl.LSTMRegressor(hidden_size=2, max_iter=2, **parameters).fit(np.zeros((8, 4)), np.arange(8.0))


def fit_text(**parameters):
    return tsl.LSTMCharModel(hidden_size=2, max_iter=2, **parameters).fit("to be or not to be " * 20)


@pytest.mark.parametrize("verbose", [0, 1, 2])
@pytest.mark.parametrize("fit", [fit_windows, fit_text])
def test_fit_says_once_that_it_compiles_if_verbose(fit, verbose, monkeypatch, capsys):
    train_steps = Network.train_steps

    def compile_first(self, *arguments, **options):
        compile_something()
        return train_steps(self, *arguments, **options)

    monkeypatch.setattr(Network, "train_steps", compile_first)
    fit(verbose=verbose)
    assert capsys.readouterr().err.count(COMPILING) == (verbose > 0)


@pytest.mark.parametrize("fit", [fit_windows, fit_text])
def test_what_has_to_be_compiled_is_compiled_before_time_counts(fit, monkeypatch, capsys):
    compiled_for = []

    def slow_warm_up(dtype):
        compiled_for.append(dtype)
        compile_something()
        time.sleep(0.6)

    monkeypatch.setattr("tsl.training.progress.warm_up", slow_warm_up)
    model = fit(verbose=1, max_time=0.5)
    assert model.n_iter_ == 2  # of two epochs; the first step would be the last one if the time were up before
    assert set(compiled_for) == {model.network_.dtype}
    assert COMPILING in capsys.readouterr().err


def test_fit_says_nothing_of_compiling_where_nothing_is_compiled(capsys):
    warm_up()
    fit_windows(verbose=1)
    fit_text(verbose=1, max_time=0.01)
    assert COMPILING not in capsys.readouterr().err
