"""What has to be compiled, and when."""

import json
import os
import pathlib
import subprocess
import sys

import pytest

pytest.importorskip("typer", reason="the command line is an extra")

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


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_nothing_is_left_to_compile_after_warmup(dtype):
    output_of("-c", "from tsl.cli import main; main()", "warmup", *(["--float64"] if dtype == "float64" else []))
    assert json.loads(output_of("tests/every_use.py", dtype)) == {"compiled": 0, "new": {}, "not warmed up": []}


def test_import_compiles_and_loads_nothing():
    found = output_of(
        "-c",
        "import tsl, tsl.regressor, tsl.classifier, tsl.char_model, tsl.cli.app\n"
        "from tsl.kernels.compile import ENTRY_POINTS\n"
        "print(len(ENTRY_POINTS), sum(len(function.overloads) for function in ENTRY_POINTS))\n",
    )
    n_entry_points, n_compiled = map(int, found.split())
    assert n_entry_points > 0
    assert n_compiled == 0
