"""Worker processes, one per rival, driven over pipes with one line of JSON each way."""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
import select
import subprocess
import sys
import tempfile
from typing import Any

from benchmarks.peers import environment


class RivalError(Exception):
    """A rival cannot do a job: its error message, and whether its process has ended."""

    def __init__(self, reason: str, *, ended: bool = False) -> None:
        super().__init__(reason)
        self.ended = ended


class Worker:
    """A process in which one rival works; between `send` and `receive` it works in parallel with others."""

    def __init__(self, rival: str, n_threads: int) -> None:
        self.rival = rival
        self._errors = tempfile.TemporaryFile("w+")  # noqa: SIM115 (lives as long as the process)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.worker", rival, str(n_threads)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            cwd=pathlib.Path(__file__).parents[1],
            env=os.environ | environment(rival, n_threads),
        )

    def send(self, **request: Any) -> None:
        """Send a request."""
        with contextlib.suppress(BrokenPipeError):  # `receive` reports that the process has ended
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()

    def receive(self, timeout: float = 300.0) -> dict[str, Any]:
        """Wait for the answer to the oldest request; raises `RivalError`."""
        if not select.select([self._process.stdout], [], [], timeout)[0]:
            self._process.kill()
            raise RivalError(f"no answer within {timeout:.0f} s", ended=True)
        answer = self._process.stdout.readline()
        if not answer:
            raise RivalError(f"the process ended: {self._last_words()}", ended=True)
        reply = json.loads(answer)
        if "error" in reply:
            raise RivalError(reply["error"])
        return reply

    def ask(self, **request: Any) -> dict[str, Any]:
        """Send a request and wait for its answer; raises `RivalError`."""
        self.send(**request)
        return self.receive()

    def close(self) -> None:
        """End the process."""
        with contextlib.suppress(BrokenPipeError, subprocess.TimeoutExpired):
            self._process.communicate(timeout=5)
        self._process.kill()
        self._process.wait()
        self._errors.close()

    def _last_words(self) -> str:
        self._process.wait(timeout=5)
        self._errors.seek(0)
        lines = self._errors.read().strip().splitlines()
        return lines[-1] if lines else f"exit status {self._process.returncode}"
