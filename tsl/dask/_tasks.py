"""Tasks on the series of replicas: the interface of a cluster, and lazy tasks without one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from tsl.dask._extra import compute, delayed
from tsl.forecasting.model.rounds import TaskRunner


class Tasks(Protocol):
    """Runs tasks of replicas; a promise of a result can be an argument of other tasks."""

    n_threads: int | None = None
    n_at_once: int = 1

    def submit(self, function: Callable[..., Any], *args: Any, replica: int | None = None, name: str) -> Any:
        """Return a promise of the result of a task."""

    def together(self) -> TaskRunner:
        """Return a runner for tasks that depend on each other."""
        return self

    def shared(self, value: Any) -> Any:
        """Return a promise of a value that many tasks take."""

    def begin(self, frames: Sequence[Any]) -> list[Any]:
        """Return promises of delayed frames."""
        return list(frames)

    def finish(self, promises: Sequence[Any]) -> None:
        """Wait for tasks whose results stay on the workers, and raise the first of their errors."""

    def results(self, promises: Sequence[Any]) -> list[Any]:
        """Return the results."""

    def spread(self, function: Callable[..., Any], items: Sequence[Any], *args: Any, name: str) -> list[Any]:
        """Return promises of a task for the item of each replica."""
        return [self.submit(function, item, *args, replica=k, name=name) for k, item in enumerate(items)]

    def each(self, function: Callable[..., Any], items: Sequence[Any], *args: Any, name: str) -> list[Any]:
        """Return the results of a task for the item of each replica."""
        return self.results(self.spread(function, items, *args, name=name))


class Lazily(Tasks):
    """Tasks that run whenever a result is needed, in the scheduler that Dask uses at that time."""

    def submit(self, function: Callable[..., Any], *args: Any, replica: int | None = None, name: str) -> Any:
        """Return a delayed result."""
        return delayed(function, pure=False)(*args)

    def shared(self, value: Any) -> Any:
        """Return a delayed value."""
        return delayed(value, traverse=False)

    def finish(self, promises: Sequence[Any]) -> None:
        """Run the tasks once, for their errors."""
        self.each(_nothing, promises, name="check")

    def results(self, promises: Sequence[Any]) -> list[Any]:
        """Return the results."""
        return list(compute(*promises))


def _nothing(value: Any) -> None:
    return None
