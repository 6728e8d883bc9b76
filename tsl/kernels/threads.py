"""A barrier for threads that run compiled code without the interpreter lock.

Threads that take part in a stretch of training meet several times a step, too often to go back to Python in between.
They spin for a moment, then offer their core to others, so that more threads than cores stay merely slower.
"""

import ctypes
import os

import llvmlite.binding
import numpy as np
from numba.core import types
from numba.core.extending import intrinsic

from tsl.kernels import interpreted
from tsl.kernels.compile import kernel
from tsl.kernels.target import INTERPRETED
from tsl.kernels.vector import address

SPINS = 2000  # some microseconds: as long as the threads' shares of a phase may differ without a loss


def _system_yield():
    if os.name == "nt":
        return ctypes.windll.kernel32.SwitchToThread
    return ctypes.CDLL(None).sched_yield


# by address under a name of our own, so that machine code from the cache finds it on every system
llvmlite.binding.add_symbol("tsl_yield", ctypes.cast(_system_yield(), ctypes.c_void_p).value)
_yield_core = types.ExternalFunction("tsl_yield", types.int32())

ARRIVED, ROUND, ABORTED = 0, 8, 16  # a cache line apart


def new_barrier():
    """An array that the threads of one team share."""
    return np.zeros(24, np.int64)


@intrinsic
def _atomic_load(typingctx, pointer):
    def codegen(context, builder, signature, args):
        return builder.load_atomic(args[0], "seq_cst", align=8)

    return types.int64(pointer), codegen


@intrinsic
def _atomic_add(typingctx, pointer, value):
    """Add and give the value before."""

    def codegen(context, builder, signature, args):
        return builder.atomic_rmw("add", args[0], args[1], "seq_cst")

    return types.int64(pointer, types.int64), codegen


@kernel
def meet(barrier, n_threads):
    """Wait until all `n_threads` have come here; False when the team was called off."""
    if n_threads == 1:
        return True
    this_round = _atomic_load(address(barrier, ROUND))
    if _atomic_add(address(barrier, ARRIVED), 1) == n_threads - 1:
        _atomic_add(address(barrier, ARRIVED), -n_threads)
        _atomic_add(address(barrier, ROUND), 1)
        return True
    spins = 0
    while _atomic_load(address(barrier, ROUND)) == this_round:
        if _atomic_load(address(barrier, ABORTED)) != 0:
            return False
        spins += 1
        if spins > SPINS:
            _yield_core()
    return True


@kernel
def share(n_tasks, thread, n_threads):
    """The range of tasks that is a thread's own."""
    return n_tasks * thread // n_threads, n_tasks * (thread + 1) // n_threads


if INTERPRETED:
    globals().update(interpreted.OF_THREADS)
