"""Threads, forks, workers and limits: each group runs in its own process, with a limit of three minutes."""

import pathlib
import subprocess
import sys

import pytest
import running_fits

pytestmark = pytest.mark.long

SCRIPT = pathlib.Path(running_fits.__file__)


@pytest.mark.parametrize("group", running_fits.WAYS)
def test_models_are_the_same_as_alone(group):
    if group == "forks" and sys.platform != "linux":
        pytest.skip("forks and affinity are those of Linux")
    ways = [way.__name__ for way in running_fits.WAYS[group]]
    subprocess.run([sys.executable, SCRIPT, *ways], check=True, timeout=180)  # the last name written is of what failed
