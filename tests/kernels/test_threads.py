"""The barrier, and training in several threads and processes at once."""

import concurrent.futures
import multiprocessing
import sys
import threading

import numba
import numpy as np
import pytest
from network_problem import share_small_work
from numpy.testing import assert_array_equal

from tsl.kernels import threads
from tsl.kernels.primitives import float_control, set_float_control
from tsl.kernels.target import ARM64, INTERPRETED, X86
from tsl.network import Architecture, Loss, Network, Optimizer, Sequences, Targets


@numba.njit(nogil=True)
def count_together(barrier, counts, thread, n_threads, rounds):
    """Every thread counts, then sees that all others have counted as far; returns rounds that went right."""
    right = 0
    member = threads.Member(barrier, thread, n_threads)
    for i in range(rounds):
        counts[thread, 0] = i + 1
        if not threads.barrier_wait(member):
            return right
        right += counts[:, 0].min() == i + 1
        if not threads.barrier_wait(member):
            return right
    return right


@pytest.mark.parametrize("n_threads", [1, 2, 5])  # 5: more than the cores of most machines that run this
def test_threads_wait_for_each_other_in_every_round(n_threads):
    barrier, counts = threads.new_barrier(), np.zeros((n_threads, 8), np.int64)
    with concurrent.futures.ThreadPoolExecutor(n_threads) as pool:
        calls = [pool.submit(count_together, barrier, counts, k, n_threads, 200) for k in range(n_threads)]
        assert [call.result(timeout=60) for call in calls] == [200] * n_threads


def test_a_team_that_is_called_off_does_not_wait():
    barrier = threads.new_barrier()
    caller = threading.Timer(0.05, lambda: barrier.__setitem__(threads.ABORTED, 1))
    caller.start()
    # the second thread never comes
    assert count_together(barrier, np.zeros((2, 8), np.int64), 0, 2, 10) == 0
    caller.join()


@numba.njit
def control_words():
    """The register before, while subnormal numbers are 0, and after."""
    before = float_control()
    set_float_control(before | threads.FLUSH_SUBNORMALS)
    within = float_control()
    set_float_control(before)
    return before, within, float_control()


@pytest.mark.skipif(INTERPRETED or not (X86 or ARM64), reason="the register is not known here, or Python computes")
def test_the_register_of_a_thread_can_be_set_and_put_back():
    before, within, after = control_words()
    assert within == before | threads.FLUSH_SUBNORMALS != before
    assert after == before


def trained(seed, n_threads=2):
    """Parameters after a few steps."""
    random = np.random.RandomState(seed)
    network = Network(Architecture(3, (20, 9), 2), random_state=random)
    sequences = Sequences(random.normal(size=(60, 3)).astype(np.float32), np.arange(50), np.full(50, 10))
    targets = Targets(random.normal(size=(50, 2)).astype(np.float32), np.arange(50))
    batches = random.permutation(50).reshape(5, 10)
    network.train_steps(
        sequences,
        targets,
        None,
        np.tile(batches, (20, 1)),
        np.full(100, 1e-2),
        Loss(),
        Optimizer(),
        network.new_optimizer_state(),
        n_threads=n_threads,
    )
    return network.params


@pytest.fixture
def always_share(monkeypatch):
    share_small_work(monkeypatch)


@pytest.mark.usefixtures("always_share")
def test_concurrent_training_equals_training_alone():
    alone = [trained(seed) for seed in range(4)]
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        together = list(pool.map(trained, range(4)))
    for one, other in zip(alone, together, strict=True):
        assert_array_equal(one, other)


def _train_in_child(connection):
    connection.send(trained(0))
    connection.close()


@pytest.mark.skipif(sys.platform != "linux", reason="fork is the start method of Linux alone")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")  # Python 3.12 warns of forks beside threads
@pytest.mark.usefixtures("always_share")
def test_training_after_a_fork_equals_training_before_it():
    before = trained(0)
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    child = context.Process(target=_train_in_child, args=(sender,))
    child.start()
    assert receiver.poll(60), "the child did not finish"
    assert_array_equal(receiver.recv(), before)
    child.join()
