"""Where the tasks of replicas run, and tasks that are sent together."""

from operator import add
from types import SimpleNamespace

import numpy as np
import pytest

pytest.importorskip("distributed")
from distributed import get_worker

from tsl.dask._cluster import Cluster


def address():
    return get_worker().address


def fail(number):
    raise ArithmeticError(f"got {number}")


def test_neighbours_are_on_the_same_worker(client):
    cluster = Cluster(client, 8)
    workers = sorted(client.scheduler_info(n_workers=-1)["workers"])
    assert cluster.n_at_once == 2
    assert [cluster.home(k)["workers"] for k in range(8)] == [[workers[0]]] * 4 + [[workers[1]]] * 4
    for runner in (cluster, cluster.together()):
        found = runner.results([runner.submit(address, replica=k, name="where") for k in (0, 3, 4, 7)])
        assert found == [workers[0], workers[0], workers[1], workers[1]]


def test_workers_have_replicas_in_proportion_to_their_threads():
    workers = {"b": {"nthreads": 3}, "a": {"nthreads": 1}}
    cluster = Cluster(SimpleNamespace(scheduler_info=lambda n_workers: {"workers": workers}), 8)
    assert cluster.n_at_once == 4
    assert [cluster.home(k)["workers"][0] for k in range(8)] == ["a"] * 2 + ["b"] * 6


def test_tasks_that_are_sent_together_depend_on_each_other(client):
    cluster = Cluster(client, 2)
    known = cluster.submit(add, 1, 2, name="known")  # already sent
    graph = cluster.together()
    first = graph.submit(add, known, 10, replica=1, name="first")
    both = graph.submit(max, [first, known], name="both")
    assert graph.results([both, first]) == [13, 13]


def test_an_error_among_tasks_sent_together_is_raised(client):
    graph = Cluster(client, 2).together()
    failed = graph.submit(fail, graph.submit(add, 1, 2, name="first"), name="fail")
    with pytest.raises(ArithmeticError, match="got 3"):
        graph.results([graph.submit(add, failed, 1, name="last")])


def test_weights_of_any_size_are_sent_without_a_warning(client):
    cluster, weights = Cluster(client, 2), np.zeros(2_000_000)  # 16 MB; a warning would be an error
    graph = cluster.together()
    assert cluster.results([cluster.submit(np.size, weights, name="size")]) == [2_000_000]
    assert graph.results([graph.submit(np.size, weights, name="size")]) == [2_000_000]
