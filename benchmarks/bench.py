"""The runner of a suite: rivals that take turns, and a record of the results."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from benchmarks.isa import NATIVE, not_held
from benchmarks.machine import describe, look_for_higher_limits
from benchmarks.measure import OVER, Result, plan_turns, share_in_words, table, turns
from benchmarks.pool import RivalError, Worker

PAUSE = 0.05  # seconds between turns, so that threads spinning for work go to sleep


@dataclass(frozen=True)
class Options:
    """The command-line options."""

    peers: tuple[str, ...] = ()
    n_threads: int = 1
    quick: bool = False
    only: str = ""
    data: str | None = None
    seeds: int = 3
    isa: str = NATIVE


class Bench:
    """A run of one suite; leave its ``with`` block to end the rivals' processes."""

    def __init__(self, suite: str, options: Options) -> None:
        self.suite, self.options = suite, options
        self.machine = describe(options.n_threads, quick=options.quick)
        self.machine["not_held"] = not_held(self.rivals, self.machine["isa"])
        self.records: list[dict[str, Any]] = []
        self.faults: list[dict[str, Any]] = []
        self._n_told = 0  # of the faults
        self._workers: dict[str, Worker] = {}
        self._absent: set[str] = set()

    def __enter__(self) -> Bench:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """End the rivals' processes; a later comparison starts them again."""
        for worker in self._workers.values():
            worker.close()
        self._workers.clear()

    @property
    def rivals(self) -> tuple[str, ...]:
        """tsl and the requested peers."""
        return ("tsl", *self.options.peers)

    def cases(self, cases: dict[str, Any]) -> dict[str, Any]:
        """Return the cases whose name contains ``--only``."""
        return {name: case for name, case in cases.items() if self.options.only in name}

    def compare(
        self,
        name: str,
        job: dict[str, Any],
        *,
        rivals: tuple[str, ...] | None = None,
        budget: float = 8.0,
        **numbers: Any,
    ) -> dict[str, Result]:
        """Let all rivals do `job` in turns, for `budget` seconds or 3 turns each, and record the results under `name`.

        `numbers` are recorded with them. Rivals that cannot do the job are not in the result.
        """
        failed: dict[str, str] = {}
        ready = self._prepare(rivals or self.rivals, job, failed)
        results = {rival: Result([], kept["candidate"], kept["candidates"]) for rival, kept in ready.items()}
        each = {rival: kept["seconds"] for rival, kept in ready.items()}
        counts, n_turns = plan_turns(each, 0.0 if self.options.quick else budget)
        for rival in turns(list(counts), n_turns):
            if rival in results:
                time.sleep(PAUSE)
                answer = self._try(rival, failed, lambda worker, n=counts[rival]: worker.ask(do="run", n=n))
                if answer is None:
                    del results[rival]
                else:
                    results[rival].seconds += answer["seconds"]
        for rival, reason in failed.items():
            self.say(f"{rival} is left out of {name}: {reason}")
        self._look_for_a_higher_limit()
        by_rival = {rival: result.as_dict() for rival, result in results.items()}
        self.record(name, job=job, rivals=by_rival, failed=failed, **numbers)
        return results

    def _look_for_a_higher_limit(self) -> None:
        """Measure the multiply-adds again: a busy moment makes the limit too low, but nothing makes it too high."""
        look_for_higher_limits(self.machine, 0.01 if self.options.quick else 0.3)

    def share(self, name: str, rival: str, gflops: float, n_threads: int) -> str:
        """Return the share of the limit in words; a share above 100 % is recorded as a measurement error."""
        share = gflops / self.machine["gflops_limit"][n_threads]
        if share > 1.0:
            self.faults.append({"case": name, "rival": rival, "share_of_limit": share})
        return share_in_words(share)

    def label(self, rival: str) -> str:
        """Return the rival's name for a table, marked if it is not limited to the instruction set of the others."""
        return f"{rival} (not held)" if rival in self.machine["not_held"] else rival

    def _prepare(self, rivals: tuple[str, ...], job: dict[str, Any], failed: dict[str, str]) -> dict[str, Any]:
        """Compile in parallel, then let each rival by itself choose its fastest form."""
        self._start(rivals)
        rivals = tuple(rival for rival in rivals if rival in self._workers)
        for rival in rivals:
            self._workers[rival].send(do="compile", job=job)
        compiled = [rival for rival in rivals if self._try(rival, failed, Worker.receive) is not None]
        ready = {rival: self._try(rival, failed, lambda worker: worker.ask(do="choose")) for rival in compiled}
        return {rival: kept for rival, kept in ready.items() if kept is not None}

    def _start(self, rivals: tuple[str, ...]) -> None:
        """Start the missing processes in parallel."""
        new = [rival for rival in rivals if rival not in self._workers and rival not in self._absent]
        for rival in new:
            self._workers[rival] = Worker(rival, self.options.n_threads)
            self._workers[rival].send(do="hello")
        for rival in new:
            absent: dict[str, str] = {}
            answer = self._try(rival, absent, Worker.receive)
            if answer is None:
                self.say(f"{rival} is left out: {absent[rival]}")
                self._absent.add(rival)
                if rival in self._workers:
                    self._workers.pop(rival).close()
            else:
                self.machine["versions"] |= answer["versions"]

    def _try(
        self, rival: str, failed: dict[str, str], call: Callable[[Worker], dict[str, Any]]
    ) -> dict[str, Any] | None:
        """Return the result of `call`, or None with the reason in `failed`."""
        try:
            return call(self._workers[rival])
        except RivalError as error:
            failed[rival] = str(error)
            if error.ended:
                self._workers.pop(rival).close()
            return None

    def record(self, name: str, **numbers: Any) -> None:
        """Keep numbers for ``--json``."""
        self.records.append({"case": name, **numbers})

    def say(self, text: str = "") -> None:
        """Print immediately."""
        print(text, flush=True)

    def table(self, title: str, header: list[str], rows: list[list[str]]) -> None:
        """Print a table, followed by what is wrong with the shares in it."""
        self.say(f"\n{title}\n{table(header, rows)}")
        if len(self.faults) > self._n_told:
            self.say(f"{OVER} A share above 100 % is a fault of the measurement: the limit was measured too low.")
            self._n_told = len(self.faults)

    def as_dict(self) -> dict[str, Any]:
        """Return all results, for JSON."""
        return {
            "suite": self.suite,
            "options": asdict(self.options),
            "machine": self.machine,
            "faults": self.faults,
            "results": self.records,
        }
