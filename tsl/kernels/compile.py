"""How kernels are compiled."""

import numba

from tsl.kernels.cache import KernelCache

# Not "nnan" and "ninf", so that no check for NaN or infinity is optimised away; and not "reassoc", which would reach
# the vector operations too, undo the rounding that the exponential is made of, and let sums differ between rows.
FAST_MATH = {"nsz", "arcp", "contract", "afn"}
OPTIONS = {"nogil": True, "error_model": "numpy"}
# the code that would take apart Python's arguments is a good part of what there is to compile
INNER = OPTIONS | {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}

ENTRY_POINTS = []  # all of them, as each is decorated


def kernel(function):
    """Compile `function` when another kernel first uses it; it cannot be called from Python."""
    return numba.njit(fastmath=FAST_MATH, **INNER)(function)


def unordered_kernel(function):
    """The same for a function whose sums may be taken in any order, so that they run on whole vectors."""
    return numba.njit(fastmath=FAST_MATH | {"reassoc"}, **INNER)(function)


def entry_point(function):
    """Compile `function` when Python first calls it; runs without the interpreter lock, is kept on disk."""
    dispatcher = numba.njit(fastmath=FAST_MATH, **OPTIONS)(function)
    if hasattr(dispatcher, "_cache"):  # absent when NUMBA_DISABLE_JIT leaves plain functions
        dispatcher._cache = KernelCache(function)
    ENTRY_POINTS.append(dispatcher)
    return dispatcher
