"""Threads, forks, workers and limits: each way in a process of its own, which has a minute."""

import pathlib
import subprocess
import sys

import pytest
import running_fits

SCRIPT = pathlib.Path(running_fits.__file__)
OF_LINUX = ("fork_after_fits", "multiprocessing_backend", "one_core")


@pytest.mark.parametrize("way", [way.__name__ for way in running_fits.WAYS])
def test_models_are_the_same_as_alone(way):
    if way in OF_LINUX and sys.platform != "linux":
        pytest.skip("forks and affinity are those of Linux")
    subprocess.run([sys.executable, SCRIPT, way], check=True, timeout=60)
