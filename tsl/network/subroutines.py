"""Addresses of the subroutines that entry points call; those not yet compiled are compiled here.

The first training run on a machine has so much to compile that another process does part of it at the same time.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsl.kernels.backward import backward_pass
from tsl.kernels.cache import writable_folder
from tsl.kernels.forward import forward_pass
from tsl.kernels.layout import Batch, KernelData, Layout, LossPlan, Training, Workspace
from tsl.kernels.target import INTERPRETED
from tsl.kernels.train_step import update_pass
from tsl.network.plans import ALONE, NO_DROPOUT, NO_UPDATE

COMPILED_WITHIN = 120.0  # seconds; after that, this process compiles it
NO_BATCH = Batch(np.zeros(0, np.int64), 0, 0, 0, 0, np.uint64(0))  # an example of its type

_one_at_a_time = threading.Lock()


def forward_address(layout: Layout, packed: NDArray[Any], work: Workspace) -> Any:
    """Return the address of `forward_pass` for arrays of this precision."""
    return forward_pass.address(packed.dtype, layout, packed, work, NO_DROPOUT, NO_BATCH, ALONE)


def gradient_addresses(
    layout: Layout, training: Training, work: Workspace, data: KernelData, loss: LossPlan
) -> list[Any]:
    """Return the addresses of `backward_pass` and `update_pass` for arrays of this precision."""
    examples = _examples(layout, training, work, data, loss)
    return [subroutine.address(training.params.dtype, *arguments) for subroutine, arguments in examples.items()]


def _examples(layout, training, work, data, loss):
    return {
        backward_pass: (layout, training, work, data, NO_BATCH, loss, 0.0, NO_DROPOUT, False, ALONE),
        update_pass: (layout, training, data, NO_BATCH, NO_UPDATE, NO_DROPOUT, 0.0, 0, 0, ALONE),
    }


@contextmanager
def compiled_meanwhile(
    layout: Layout, training: Training, work: Workspace, data: KernelData, loss: LossPlan
) -> Iterator[bool]:
    """Let another process compile the subroutines of `gradient_addresses` during a ``with`` block.

    Yield whether there is anything to compile; if so, this process should do its own part in the block.
    """
    examples = _examples(layout, training, work, data, loss)
    dtype = training.params.dtype
    if INTERPRETED or all(subroutine.is_compiled(dtype, *arguments) for subroutine, arguments in examples.items()):
        yield False
        return
    with _one_at_a_time, _another_process(dtype):
        yield True


@contextmanager
def _another_process(dtype: np.dtype) -> Iterator[None]:
    """Let another process compile gradients for the cache, if there is a core for it, and wait for it.

    If there is none, or the process does not finish in time, this process has to compile them.
    """
    process = _start(dtype) if _can_start() else None
    try:
        yield
        if process is not None:
            with suppress(subprocess.TimeoutExpired):
                process.wait(COMPILED_WITHIN)
    finally:
        if process is not None:
            process.kill()
            process.wait()


def _can_start() -> bool:
    """Return whether there are two usable cores, a Python interpreter and a folder for the compiled code."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    is_python = os.path.basename(sys.executable or "").startswith("python") and not hasattr(sys, "frozen")
    limit = os.environ.get("NUMBA_NUM_THREADS", "")
    return min(cores, int(limit) if limit.isdigit() else cores) > 1 and is_python and writable_folder() is not None


def _start(dtype: np.dtype) -> subprocess.Popen[bytes] | None:
    """Start a process that finds the same modules as this one; return None if the system does not allow it."""
    command = f"from tsl.network.warmup import compile_gradients; compile_gradients({dtype.name!r})"
    modules = os.pathsep.join(path or os.getcwd() for path in sys.path)
    try:
        return subprocess.Popen(
            [sys.executable, "-P", "-c", command],
            env=os.environ | {"PYTHONPATH": modules, "TSL_QUIET": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
    except OSError:
        return None
