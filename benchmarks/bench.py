"""What a suite works with: rivals that take turns, and a place for the numbers."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from typing import Any

from benchmarks.machine import describe
from benchmarks.measure import Result, plan_turns, table, turns
from benchmarks.pool import RivalError, Worker

PAUSE = 0.05  # seconds between turns: threads that spin for new work have gone to sleep by then


@dataclass(frozen=True)
class Options:
    """The command line."""

    peers: tuple[str, ...] = ()
    n_threads: int = 1
    quick: bool = False
    only: str = ""


class Bench:
    """A run of one suite; leave its ``with`` block to end the rivals' processes."""

    def __init__(self, suite: str, options: Options) -> None:
        self.suite, self.options = suite, options
        self.machine = describe(options.n_threads, quick=options.quick)
        self.records: list[dict[str, Any]] = []
        self._workers: dict[str, Worker] = {}
        self._absent: set[str] = set()

    def __enter__(self) -> Bench:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """End the rivals' processes; a later comparison starts them anew."""
        for worker in self._workers.values():
            worker.close()
        self._workers.clear()

    @property
    def rivals(self) -> tuple[str, ...]:
        """tsl and the peers that were asked for."""
        return ("tsl", *self.options.peers)

    def cases(self, cases: dict[str, Any]) -> dict[str, Any]:
        """The cases whose name holds ``--only``."""
        return {name: case for name, case in cases.items() if self.options.only in name}

    def compare(
        self,
        name: str,
        job: dict[str, Any],
        *,
        rivals: tuple[str, ...] | None = None,
        budget: float = 12.0,
        **numbers: Any,
    ) -> dict[str, Result]:
        """Let all rivals do `job` in turns, for `budget` seconds or 3 turns each, and keep the record under `name`.

        `numbers` are kept beside it. Rivals that cannot do it are not in the result.
        """
        results: dict[str, Result] = {}
        each, failed = {}, {}
        for rival in rivals or self.rivals:
            try:
                ready = self._ask(rival, do="prepare", job=job)
            except RivalError as error:
                failed[rival] = str(error)
                self._excuse(rival, name, str(error))
                continue
            results[rival] = Result([], ready["candidate"], ready["candidates"])
            each[rival] = ready["seconds"]
        counts, n_turns = plan_turns(each, 0.0 if self.options.quick else budget)
        for rival in turns(list(counts), n_turns):
            if rival not in results:
                continue
            time.sleep(PAUSE)
            try:
                results[rival].seconds += self._ask(rival, do="run", n=counts[rival])["seconds"]
            except RivalError as error:
                del results[rival]
                failed[rival] = str(error)
                self._excuse(rival, name, str(error))
        by_rival = {rival: result.as_dict() for rival, result in results.items()}
        self.record(name, job=job, rivals=by_rival, failed=failed, **numbers)
        return results

    def record(self, name: str, **numbers: Any) -> None:
        """Keep numbers for ``--json``."""
        self.records.append({"case": name, **numbers})

    def say(self, text: str = "") -> None:
        """Print, at once."""
        print(text, flush=True)

    def table(self, title: str, header: list[str], rows: list[list[str]]) -> None:
        """Print a table."""
        self.say(f"\n{title}\n{table(header, rows)}")

    def as_dict(self) -> dict[str, Any]:
        """All of it, for JSON."""
        return {
            "suite": self.suite,
            "options": asdict(self.options),
            "machine": self.machine,
            "results": self.records,
        }

    def _ask(self, rival: str, **request: Any) -> dict[str, Any]:
        if rival in self._absent:
            raise RivalError("not installed")
        if rival not in self._workers:
            worker = self._workers[rival] = Worker(rival, self.options.n_threads)
            try:
                self.machine["versions"] |= worker.ask(do="hello")["versions"]
            except RivalError:
                self._workers.pop(rival).close()
                self._absent.add(rival)
                raise
        try:
            return self._workers[rival].ask(**request)
        except RivalError as error:
            if error.ended:
                self._workers.pop(rival).close()
            raise

    def _excuse(self, rival: str, name: str, reason: str) -> None:
        if reason != "not installed":  # said once, when it was first asked for
            self.say(f"{rival} is left out of {name}: {reason}")
