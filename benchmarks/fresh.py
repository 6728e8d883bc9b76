"""Measurements that need a process of their own: what is imported, compiled or allocated there must be new."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from typing import Any

from benchmarks.peers import environment

ROOT = pathlib.Path(__file__).parent.parent
CACHES = ("NUMBA_CACHE_DIR", "XDG_CACHE_HOME", "LOCALAPPDATA")
TIMEOUT = 600.0  # seconds; a rival that hangs must not stop a suite for ever
MARK = "\x1e"  # between what a library prints and the result


class FreshError(Exception):
    """A function failed in its process: with the last line of what that wrote to stderr."""


def call(
    function: str,
    *args: Any,
    rival: str = "tsl",
    n_threads: int = 1,
    root: pathlib.Path = ROOT,
    timeout: float = TIMEOUT,
) -> Any:
    """Return what `function`, named as "module:function", returns in a new process: anything that JSON can hold.

    `root` is the folder that these benchmarks, and a tsl beside them, are imported from: see `new_installation`.
    """
    command = [sys.executable, "-m", "benchmarks.fresh", function, json.dumps(args)]
    settings = os.environ | environment(rival, n_threads)
    if root != ROOT:
        settings |= dict.fromkeys(CACHES, str(root / "cache"))
    options: dict[str, Any] = {"capture_output": True, "text": True, "check": False}
    try:
        done = subprocess.run(command, env=settings, cwd=root, timeout=timeout, **options)
    except subprocess.TimeoutExpired:
        raise FreshError(f"no answer within {timeout:.0f} s") from None
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines() or [f"exit status {done.returncode}"]
        raise FreshError(lines[-1])
    return json.loads(done.stdout.rpartition(MARK)[2])


@contextlib.contextmanager
def new_installation() -> Iterator[pathlib.Path]:
    """Yield a folder with a copy of tsl that nothing was compiled for yet, not even Python's own bytecode."""
    tsl = pathlib.Path(importlib.util.find_spec("tsl").origin).parent
    with tempfile.TemporaryDirectory() as folder:
        for package in (tsl, ROOT / "benchmarks"):
            shutil.copytree(package, pathlib.Path(folder, package.name), ignore=shutil.ignore_patterns("__pycache__"))
        yield pathlib.Path(folder)


def main(function: str, args: str) -> None:
    """Call it here, and write the result behind whatever it has printed."""
    module, _, name = function.partition(":")
    result = getattr(importlib.import_module(module), name)(*json.loads(args))
    print(MARK + json.dumps(result))


if __name__ == "__main__":
    main(*sys.argv[1:])
