"""Threads that run compiled code without the interpreter lock: how they meet, and how they treat tiny numbers.

The threads of a team wait for each other several times a training step, too often to go back to Python in between.
They spin for a moment, then offer their core to others, so that more threads than cores are merely slower.
"""

from typing import Any, NamedTuple

import numpy as np

from tsl.kernels.compile import entry_point, kernel
from tsl.kernels.primitives import address, atomic_add, atomic_load, float_control, set_float_control, yield_core
from tsl.kernels.target import X86

SPINS = 2000  # some microseconds: as long as the parts of a phase may differ without a loss
ARRIVED, ROUND, ABORTED = 0, 8, 16  # a cache line apart
# Bits by which subnormal numbers become 0: those that are results and those that are read, on Arm one for both.
FLUSH_SUBNORMALS = (1 << 15 | 1 << 6) if X86 else 1 << 24


class Member(NamedTuple):
    """One thread of a team."""

    barrier: Any  # from `new_barrier`, the same for all of the team
    thread: int  # its number, from 0 on
    n_threads: int


def new_barrier():
    """Return a barrier for one team of threads."""
    return np.zeros(24, np.int64)


@kernel
def barrier_wait(member):
    """Wait until all threads of the team have come here; return False if the team was called off."""
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
    """Let subnormal numbers be 0 in this thread; return what `restore_float_control` takes to undo it.

    Weights that a penalty shrinks, and gradients that fade over long windows, end among these numbers, which a
    processor works on many times slower.
    """
    before = float_control()
    set_float_control(before | FLUSH_SUBNORMALS)
    return before


@entry_point
def restore_float_control(before):
    """Undo `flush_subnormals`."""
    set_float_control(before)
