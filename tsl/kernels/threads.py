"""Threads that run compiled code without the interpreter lock: barriers, and the treatment of subnormal numbers.

The threads of a team wait for each other several times per training step, too often to return to Python in between.
They spin for a moment, then yield their core to others, so that having more threads than cores is merely slower.
"""

from typing import Any, NamedTuple

import numpy as np

from tsl.kernels.compile import entry_point, kernel
from tsl.kernels.primitives import address, atomic_add, atomic_load, float_control, set_float_control, yield_core
from tsl.kernels.target import X86

SPINS = 2000  # a few microseconds: about how much the threads' shares of a phase may differ without a loss
ARRIVED, ROUND, ABORTED = 0, 8, 16  # a cache line apart
# Bits that set subnormal numbers to 0: one for results and one for operands; on Arm, one for both.
FLUSH_SUBNORMALS = (1 << 15 | 1 << 6) if X86 else 1 << 24


class Member(NamedTuple):
    """One thread of a team."""

    barrier: Any  # from `new_barrier`, shared by the whole team
    thread: int  # its number, from 0
    n_threads: int


def new_barrier():
    """Return a barrier for one team of threads."""
    return np.zeros(24, np.int64)


@kernel
def barrier_wait(member):
    """Wait until all threads of the team have arrived; return False if the team was aborted."""
    if member.n_threads == 1:
        return True
    barrier = member.barrier
    this_round = atomic_load(address(barrier, ROUND))
    if atomic_add(address(barrier, ARRIVED), 1) == member.n_threads - 1:
        atomic_add(address(barrier, ARRIVED), -member.n_threads)
        atomic_add(address(barrier, ROUND), 1)
        return True
    spins = 0
    while atomic_load(address(barrier, ROUND)) == this_round:
        if atomic_load(address(barrier, ABORTED)) != 0:
            return False
        spins += 1
        if spins > SPINS:
            yield_core()
    return True


@kernel
def partition(n_tasks, member):
    """Return the range of tasks that belong to one thread."""
    n_threads = member.n_threads
    return n_tasks * member.thread // n_threads, n_tasks * (member.thread + 1) // n_threads


@entry_point
def flush_subnormals():
    """Treat subnormal numbers as 0 in this thread; return the argument for `restore_float_control` to undo this.

    Weights that a penalty shrinks, and gradients that vanish over long windows, end up among these numbers, which
    processors handle many times slower.
    """
    before = float_control()
    set_float_control(before | FLUSH_SUBNORMALS)
    return before


@entry_point
def restore_float_control(before):
    """Undo `flush_subnormals`."""
    set_float_control(before)
