"""Measurements in a fresh process, in which nothing has been imported, compiled or allocated yet."""

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
TIMEOUT = 600.0  # seconds; a rival that hangs must not stop a suite forever
MARK = "\x1e"  # separates the output of libraries from the result


class FreshError(Exception):
    """A function failed in its process; the message is the last line of its stderr."""


def call(
    function: str,
    *args: Any,
    rival: str = "tsl",
    n_threads: int = 1,
    root: pathlib.Path = ROOT,
    timeout: float = TIMEOUT,
) -> Any:
    """Return the result of `function`, named as "module:function", in a new process: anything that JSON can hold.

    `root` is the folder from which these benchmarks, and a copy of tsl if any, are imported: see `new_installation`.
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
    """Yield a folder with a copy of tsl for which nothing has been compiled yet, not even Python's own bytecode."""
    tsl = pathlib.Path(importlib.util.find_spec("tsl").origin).parent
    with tempfile.TemporaryDirectory() as folder:
        for package in (tsl, ROOT / "benchmarks"):
            shutil.copytree(package, pathlib.Path(folder, package.name), ignore=shutil.ignore_patterns("__pycache__"))
        yield pathlib.Path(folder)


def main(function: str, args: str) -> None:
    """Call the function in this process, and write the result after its output."""
    module, _, name = function.partition(":")
    result = getattr(importlib.import_module(module), name)(*json.loads(args))
    print(MARK + json.dumps(result))


if __name__ == "__main__":
    main(*sys.argv[1:])
