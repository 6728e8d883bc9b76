"""How kernels are compiled, and where the machine code is kept between processes.

Numba keeps compiled code on disk, but notices edits only in the file of the function itself, not in the helpers that
were compiled into it. The locators here hand it one stamp over all sources of this package instead, so that code
from other sources is never met again. A cache that cannot be written is no error: the code is compiled anew.
"""

import contextlib
import functools
import hashlib
import pathlib

import numba
from numba.core import caching

# Not "nnan" and "ninf", so that no check for NaN or infinity is optimised away; and not "reassoc", which would reach
# the vector operations too, undo the rounding that the exponential is made of, and let sums differ between rows.
FAST_MATH = {"nsz", "arcp", "contract", "afn"}
OPTIONS = {"nogil": True, "error_model": "numpy"}
# the code that would take apart Python's arguments is a good part of what there is to compile
INNER = OPTIONS | {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}


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
        with contextlib.suppress(RuntimeError):  # no folder can be written
            dispatcher._cache = _KernelCache(function)
    return dispatcher


@functools.cache
def sources_stamp():
    """A hash over the sources of all kernels."""
    digest = hashlib.sha256()
    for path in sorted(pathlib.Path(__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


class _StampedBySources:
    def get_source_stamp(self):
        return sources_stamp()


class _UserProvided(_StampedBySources, caching.UserProvidedCacheLocator):
    """The folder that NUMBA_CACHE_DIR names."""


class _InTree(_StampedBySources, caching.InTreeCacheLocator):
    """Beside the sources."""


class _UserWide(_StampedBySources, caching.UserWideCacheLocator):
    """The user's cache folder, when the sources lie where nothing can be written."""


class _KernelCacheImpl(caching.CompileResultCacheImpl):
    _locator_classes = (_UserProvided, _InTree, _UserWide)


class _KernelCache(caching.FunctionCache):
    _impl_class = _KernelCacheImpl
