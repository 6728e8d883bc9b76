"""Measurements that need a process of their own: what is imported, compiled or allocated there must be new."""

from __future__ import annotations

import importlib
import json
import os
import pathlib
import subprocess
import sys
from typing import Any

from benchmarks.peers import environment

ROOT = pathlib.Path(__file__).parent.parent
TIMEOUT = 600.0  # seconds; a rival that hangs must not stop a suite for ever
MARK = "\x1e"  # between what a library prints and the result


class FreshError(Exception):
    """A function failed in its process: with the last line of what that wrote to stderr."""


def call(function: str, *args: Any, rival: str = "tsl", n_threads: int = 1, **variables: str) -> Any:
    """What `function`, named as "module:function", returns in a new process: anything that JSON can hold.

    `variables` are added to the environment that `rival` is given.
    """
    command = [sys.executable, "-m", "benchmarks.fresh", function, json.dumps(args)]
    settings = os.environ | environment(rival, n_threads) | variables
    done = subprocess.run(command, env=settings, cwd=ROOT, capture_output=True, text=True, timeout=TIMEOUT, check=False)
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines() or [f"exit status {done.returncode}"]
        raise FreshError(lines[-1])
    return json.loads(done.stdout.rpartition(MARK)[2])


def main(function: str, args: str) -> None:
    """Call it here, and write the result behind whatever it has printed."""
    module, _, name = function.partition(":")
    result = getattr(importlib.import_module(module), name)(*json.loads(args))
    print(MARK + json.dumps(result))


if __name__ == "__main__":
    main(*sys.argv[1:])
