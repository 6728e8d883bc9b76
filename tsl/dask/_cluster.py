"""The cluster: its client, its workers, and tasks on them."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any
from uuid import uuid4

import llvmlite.binding
import numpy as np

from tsl._version import __version__
from tsl.dask._extra import annotate, config, delayed, distributed
from tsl.dask._sizes import register_sizes
from tsl.dask._tasks import Tasks
from tsl.network import warm_up

# A graph contains the weights, which Dask would otherwise warn of from 10 MB on
ANY_SIZE = {"distributed.admin.large-graph-warning-threshold": "1 TiB"}


class ProcessorWarning(UserWarning):
    """Workers have different kinds of processors: the last bits of results may depend on where tasks run."""


def connected(client: Any) -> Any:
    """Return the client, by default that of this process.

    Raises
    ------
    TypeError
        If it is not a Dask client.
    ValueError
        If there is none, it is closed, or it has no workers.
    """
    if client is None:
        try:
            client = distributed.get_client()
        except ValueError:
            raise ValueError(
                "client must be a running client of Dask, and there is none: distributed.Client() starts one with "
                "workers on this machine"
            ) from None
    if not isinstance(client, distributed.Client):
        raise TypeError(f"client must be a distributed.Client or None, got a {type(client).__name__}")
    if client.status != "running":
        raise ValueError(f"client must be a running client of Dask, got one that is {client.status}")
    if not client.scheduler_info(n_workers=-1)["workers"]:
        raise ValueError("client must have workers, got none: client.wait_for_workers(1) waits for the first")
    return client


class Preloaded(distributed.WorkerPlugin):
    """Prepares a worker when it starts, and refuses one with another version of tsl."""

    idempotent = True

    def __init__(self) -> None:
        self.version = __version__
        self.name = f"tsl {__version__}"

    def setup(self, worker: Any) -> None:
        """Check the version, register sizes of values with Dask, and compile or load the kernels.

        Raises
        ------
        RuntimeError
            If the worker has another version of tsl than the client.
        """
        if __version__ != self.version:
            raise RuntimeError(f"worker {worker.address} has tsl {__version__}, the client has {self.version}")
        register_sizes()
        warm_up(np.float32)


def prepare_workers(client: Any) -> None:
    """Compile all kernels on all workers, including those that join later, and check that the workers are alike.

    Raises
    ------
    ValueError
        If a worker has another version of tsl than the client.

    Warns
    -----
    ProcessorWarning
        If they have different kinds of processors.
    """
    found = client.run(_version_and_processor)
    other = {address: version for address, (version, _) in found.items() if version != __version__}
    if other:
        address, version = min(other.items())
        raise ValueError(
            f"all workers must have tsl {__version__}, as the client has, got {version} on {address}"
            + (f" and another on {len(other) - 1} more" if len(other) > 1 else "")
        )
    processors = sorted({processor for _, processor in found.values()})
    if len(processors) > 1:
        warnings.warn(
            f"workers have processors of several kinds, {', '.join(processors)}: the last bits of a result may depend "
            "on which worker ran a task",
            ProcessorWarning,
            stacklevel=3,
        )
    client.register_plugin(Preloaded())


def _version_and_processor() -> tuple[str, str]:
    return __version__, llvmlite.binding.get_host_cpu_name()


class Cluster(Tasks):
    """Runs the tasks of replicas on the workers of a cluster: a `tsl.forecasting.model.rounds.Runner`.

    Tasks are pure, so that Dask can run one again, with the same result, after a worker has died. A task goes to the
    worker that holds the data of its replica, and elsewhere only if that worker is gone. Neighbouring replicas are on
    the same worker, and their number is proportional to its threads.

    Parameters
    ----------
    client : distributed.Client
    n_replicas : int
    """

    n_threads: int | None = 1
    """Threads per task: a worker with several threads runs as many tasks at once."""

    def __init__(self, client: Any, n_replicas: int) -> None:
        self.client, self._n_replicas = client, n_replicas
        workers = sorted(client.scheduler_info(n_workers=-1)["workers"].items())
        self._threads = [address for address, worker in workers for _ in range(worker["nthreads"])]
        self.n_at_once = len(self._threads)

    def home(self, replica: int | None) -> dict[str, Any]:
        """Return where Dask should run the tasks of a replica."""
        if replica is None or not self._threads:
            return {}
        thread = replica * len(self._threads) // self._n_replicas
        return {"workers": [self._threads[thread]], "allow_other_workers": True}

    def submit(self, function: Callable[..., Any], *args: Any, replica: int | None = None, name: str) -> Any:
        """Return a future for the result of a task."""
        with config.set(ANY_SIZE):
            return self.client.submit(function, *args, key=_key(name), pure=False, **self.home(replica))

    def together(self) -> Graph:
        """Return a runner for tasks that depend on each other."""
        return Graph(self)

    def shared(self, value: Any) -> Any:
        """Return a future for a value that many tasks take; it is sent to each worker only once."""
        return self.submit(_same, value, name="send model")

    def begin(self, frames: Sequence[Any]) -> list[Any]:
        """Return futures for delayed frames."""
        return self.client.compute(list(frames))

    def finish(self, promises: Sequence[Any]) -> None:
        """Wait for tasks whose results stay on the workers, and raise the first of their errors."""
        distributed.wait(list(promises))
        for future in promises:
            if future.status == "error":
                future.result()

    def results(self, promises: Sequence[Any]) -> list[Any]:
        """Return the results of futures."""
        return self.client.gather(list(promises))


class Graph:
    """Tasks that depend on each other, sent as one graph: this takes half as long as one by one.

    Parameters
    ----------
    cluster : Cluster
    """

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    def submit(self, function: Callable[..., Any], *args: Any, replica: int | None = None, name: str) -> Any:
        """Return a delayed result."""
        with annotate(**self._cluster.home(replica)):
            return delayed(function, pure=False)(*args, dask_key_name=_key(name))

    def results(self, promises: Sequence[Any]) -> list[Any]:
        """Run the tasks, and return the results."""
        with config.set(ANY_SIZE):
            futures = self._cluster.client.compute(list(promises), optimize_graph=False)
        return self._cluster.results(futures)


def _key(name: str) -> str:
    return f"{name}-{uuid4().hex}"


def _same(value: Any) -> Any:
    return value
