"""Common configuration: hypothesis draws the same examples in each run, except with ``--hypothesis-profile=long``."""

import subprocess
import sys

import pytest
from hypothesis import settings

# How long an example takes says how busy the machine is, and nothing about the code.
settings.register_profile("suite", derandomize=True, deadline=None)
settings.register_profile("long", max_examples=20_000, deadline=None, print_blob=True)
settings.load_profile("suite")


# With several processes, the kernels are compiled once while the tests are collected: otherwise each process would
# compile all of them at its first fit, at the same time. If it fails, the tests will say why.
WARM_UP = pytest.StashKey()


def pytest_configure(config):
    if getattr(config.option, "dist", "no") != "no" and not hasattr(config, "workerinput"):
        command = [sys.executable, "-c", "from tsl.network import warm_up; warm_up()"]
        config.stash[WARM_UP] = subprocess.Popen(command, stderr=subprocess.DEVNULL)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_node_collection_finished(node):
    node.config.stash[WARM_UP].wait()


def pytest_unconfigure(config):
    if WARM_UP in config.stash:
        config.stash[WARM_UP].kill()
        config.stash[WARM_UP].wait()


@pytest.fixture
def clock(monkeypatch):
    """Seconds on the clock of trainings, to be changed by the test."""
    now = [0.0]
    monkeypatch.setattr("tsl.training.clock.perf_counter", lambda: now[0])
    return now
