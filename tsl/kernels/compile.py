"""How kernels are compiled."""

import functools
import gc

import numba
import numpy as np
from numba.core import cgutils, types
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import Compiler
from numba.core.extending import intrinsic

from tsl.kernels.cache import KernelCache
from tsl.kernels.reference import Reference
from tsl.kernels.target import INTERPRETED

# Not "nnan" and "ninf", so that no check for NaN or infinity is optimised away; and not "reassoc", which would reach
# the vector operations too, undo the rounding that the exponential is made of, and let sums differ between rows.
FAST_MATH = {"nsz", "arcp", "contract", "afn"}
OPTIONS = {"nogil": True, "error_model": "numpy"}
# the code that would take apart Python's arguments is a good part of what there is to compile
NO_WRAPPERS = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}

ENTRY_POINTS = []  # all of them, and all subroutines, as each is decorated


class _LinkedLibrary(JITCodeLibrary):
    """Code that is only ever linked into an entry point, where it is optimised and becomes machine code.

    Numba would do both for every kernel by itself as well. That takes a quarter of the time to compile; and the process
    that has compiled would run these copies in place of those in the entry points, which it keeps on disk for all
    later processes: up to three times slower, and rounded elsewhere.
    """

    def _optimize_final_module(self):
        pass

    def _finalize_final_module(self):
        self._finalize_dynamic_globals()
        self._finalized = True

    @property
    def codegen(self):
        return self

    def set_env(self, name, environment):
        """Leave out the Python objects of the code: it has none, and there is no machine code to tell of them."""


class _LinkedCompiler(Compiler):
    """The usual steps, with a `_LinkedLibrary` for the result."""

    def __init__(self, typingctx, targetctx, library, *others):
        if library is None:
            library = _LinkedLibrary(targetctx.codegen(), "kernel")
        super().__init__(typingctx, targetctx, library, *others)


class _EntryCompiler(Compiler):
    """The usual steps, without looking for garbage meanwhile.

    A compiler makes millions of small objects and keeps most of them, so that Python's collector, which looks through
    all there are ever again, takes a fifth of the time and finds next to nothing.
    """

    def compile_extra(self, function):
        was_enabled = gc.isenabled()
        gc.disable()
        try:
            return super().compile_extra(function)
        finally:
            if was_enabled:
                gc.enable()


INNER = OPTIONS | NO_WRAPPERS | {"pipeline_class": _LinkedCompiler}


def kernel(function):
    """Compile `function` when another kernel first uses it; it cannot be called from Python."""
    return numba.njit(fastmath=FAST_MATH, **INNER)(function)


def unordered_kernel(function):
    """The same for a function whose sums may be taken in any order, so that they run on whole vectors."""
    return numba.njit(fastmath=FAST_MATH | {"reassoc"}, **INNER)(function)


def entry_point(function=None, *, slow=False):
    """Compile `function` when Python first calls it; runs without the interpreter lock, is kept on disk.

    `slow` is for one that takes more than about two seconds to compile: whoever waits is told.
    """
    if function is None:
        return functools.partial(entry_point, slow=slow)
    if INTERPRETED:
        return np.errstate(all="ignore")(function)  # compiled code says nothing of overflow either
    dispatcher = numba.njit(fastmath=FAST_MATH, pipeline_class=_EntryCompiler, **OPTIONS)(function)
    dispatcher._cache = KernelCache(function, slow=slow)
    ENTRY_POINTS.append(dispatcher)
    return dispatcher


def compile_for(dispatcher, arguments):
    """Compile an entry point, or load it from disk, for a call with such arguments."""
    dispatcher.compile(tuple(map(numba.typeof, arguments)))


class Subroutine:
    """A kernel with machine code of its own, which entry points call by its address.

    It is compiled once, whatever calls it, and may be compiled in another process while this one compiles its callers.
    It takes named tuples by reference and returns a bool.
    """

    def __init__(self, function):
        self._addresses = {}
        self._function = function
        if INTERPRETED:
            return
        self._dispatcher = numba.njit(fastmath=FAST_MATH, pipeline_class=_EntryCompiler, **OPTIONS, **NO_WRAPPERS)(
            function
        )
        self._dispatcher._cache = KernelCache(function, slow=True)
        ENTRY_POINTS.append(self._dispatcher)

    def address(self, dtype, *arguments):
        """Where the code is that is called with such arguments; their types follow from `dtype`."""
        if INTERPRETED:
            return self._function
        if dtype not in self._addresses:
            signature = self._signature(arguments)
            self._dispatcher.compile(signature)
            compiled = self._dispatcher.overloads[signature]
            self._addresses[dtype] = compiled.library.get_pointer_to_function(compiled.fndesc.llvm_func_name)
        return self._addresses[dtype]

    def is_compiled(self, dtype, *arguments):
        """Whether it need not be compiled any more: it is at hand, or on disk."""
        return dtype in self._addresses or self._dispatcher._cache.holds(
            self._signature(arguments), self._dispatcher.targetctx.codegen()
        )

    def _signature(self, arguments):
        return tuple(Reference(numba.typeof(one)) if isinstance(one, tuple) else numba.typeof(one) for one in arguments)


@intrinsic
def call(typingctx, address, *arguments):
    """What the subroutine at an address returns."""
    # whatever integers a caller has: there is one version of the code
    kinds = tuple(types.int64 if isinstance(one, types.Integer) and one.signed else one for one in arguments)

    def codegen(context, builder, signature, args):
        pointer = context.call_conv.get_function_type(types.boolean, kinds).as_pointer()
        function, values = builder.inttoptr(args[0], pointer), cgutils.unpack_tuple(builder, args[1], len(kinds))
        _, returned = context.call_conv.call_function(builder, function, types.boolean, kinds, values)
        return returned

    return types.boolean(address, types.Tuple(kinds)), codegen


if INTERPRETED:

    def call(function, *arguments):
        """What it returns."""
        return function(*arguments)
