"""Compilation of a part of a training step in another process."""

import os
import subprocess
import sys

import numpy as np
import pytest
from network_problem import PRECISIONS, make_problem

from tsl.kernels.backward import backward_pass
from tsl.kernels.forward import forward_pass
from tsl.kernels.target import INTERPRETED
from tsl.kernels.train_step import update_pass
from tsl.network import Loss, Optimizer, subroutines
from tsl.network.warmup import compile_gradients

SUBROUTINES = (forward_pass, backward_pass, update_pass)
FLOAT32 = np.dtype(np.float32)

pytestmark = pytest.mark.skipif(INTERPRETED, reason="nothing is compiled")


def train(dtype):
    problem = make_problem(dtype)
    problem.network.train_steps(
        problem.sequences,
        problem.targets,
        problem.weights,
        np.arange(5)[None, :],
        np.array([0.1]),
        Loss(),
        Optimizer(),
        problem.network.new_optimizer_state(),
    )


def test_the_other_process_compiles_what_training_calls():
    """Otherwise all would be compiled twice, and nothing said."""
    for dtype in PRECISIONS:
        compile_gradients(dtype)
        train(dtype)
    assert [len(one._dispatcher.overloads) for one in SUBROUTINES] == [len(PRECISIONS)] * 3


@pytest.fixture
def started(monkeypatch):
    """Processes that were started, each of which has been let run to its end or killed after half a second."""
    processes = []

    class Process(subprocess.Popen):
        def __init__(self, command, **options):
            processes.append(self)
            super().__init__([*command[:-1], self.command or command[-1]], **options)

    Process.command = ""
    monkeypatch.setattr(subroutines.subprocess, "Popen", Process)
    monkeypatch.setattr(subroutines, "COMPILED_WITHIN", 0.5)
    monkeypatch.setattr(subroutines, "writable_folder", lambda: "somewhere")
    monkeypatch.delenv("NUMBA_NUM_THREADS", raising=False)
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {0, 1}, raising=False)
    yield processes, Process
    for process in processes:
        assert process.returncode is not None


def test_the_command_runs_and_finds_the_same_package(started, monkeypatch):
    monkeypatch.setattr(subroutines, "COMPILED_WITHIN", 100.0)
    processes, _ = started
    with subroutines._another_process(FLOAT32):
        assert len(processes) == 1
    assert processes[0].returncode == 0


@pytest.mark.parametrize(
    ("command", "code"), [("raise SystemExit(3)", 3), ("import time; time.sleep(60)", None)], ids=["fails", "hangs"]
)
def test_a_process_that_comes_to_nothing_is_no_error(command, code, started):
    processes, kind = started
    kind.command = command
    with subroutines._another_process(FLOAT32):
        pass
    assert processes[0].returncode == code or code is None


def test_an_interrupted_compilation_leaves_no_process(started):
    processes, kind = started
    kind.command = "import time; time.sleep(60)"
    with pytest.raises(KeyboardInterrupt), subroutines._another_process(FLOAT32):
        raise KeyboardInterrupt
    assert processes[0].returncode is not None


@pytest.mark.parametrize(
    "change",
    [
        lambda patch: patch.setattr(os, "sched_getaffinity", lambda process: {0}, raising=False),
        lambda patch: patch.setenv("NUMBA_NUM_THREADS", "1"),
        lambda patch: patch.setattr(subroutines, "writable_folder", lambda: None),
        lambda patch: patch.setattr(sys, "executable", "/usr/bin/uwsgi"),
        lambda patch: patch.setattr(sys, "executable", None),
        lambda patch: patch.setattr(sys, "frozen", True, raising=False),
    ],
    ids=["one core", "one thread", "no cache", "no interpreter", "unknown", "frozen"],
)
def test_no_process_is_started_where_it_could_not_help(change, started, monkeypatch):
    processes, _ = started
    change(monkeypatch)
    with subroutines._another_process(FLOAT32):
        assert not processes


def test_a_system_that_starts_no_process_is_no_error(started, monkeypatch):
    def refuse(*arguments, **options):
        raise PermissionError("no more processes")

    monkeypatch.setattr(subroutines.subprocess, "Popen", refuse)
    with subroutines._another_process(FLOAT32):
        pass
