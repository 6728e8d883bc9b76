"""How kernels are compiled, saved to disk and called: what tsl changes in Numba's compiler.

Only this file and `intrinsics` depend on Numba's internals.
"""

import collections
import functools
import gc
import sys

import llvmlite
import numba
import numpy as np
from llvmlite import ir
from numba import config, types
from numba.core import caching, cgutils
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import Compiler, CompileResult
from numba.core.serialize import dumps
from numba.core.typing.templates import AttributeTemplate
from numba.extending import infer_getattr, intrinsic, lower_getattr_generic, models, register_model

from tsl.kernels.cache import MachineCode
from tsl.kernels.target import INTERPRETED

# Not "nnan" and "ninf", so that no check for NaN or infinity is optimised away; and not "reassoc", which would apply to
# the vector operations too, undo the rounding that the exponential relies on, and let sums differ between rows.
FAST_MATH = {"nsz", "arcp", "contract", "afn"}
OPTIONS = {"nogil": True, "error_model": "numpy"}
# the code that would unpack Python's arguments is a large part of what would have to be compiled
NO_WRAPPERS = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}

ENTRY_POINTS = []  # all of them and all subroutines, in the order they are decorated
_defined = collections.Counter()  # kernels by name


# --- Numba's compiler and cache ---------------------------------------------------------------------------------


class _LinkedLibrary(JITCodeLibrary):
    """Code that is only ever linked into an entry point, where it is optimised and becomes machine code.

    Numba would also do both for every kernel separately. That takes a quarter of the compile time; and the process
    that compiled them would run these copies instead of those in the entry points, which it saves to disk for all
    later processes: up to three times slower, and with different rounding.
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
        """Leave out the Python objects of the code: it has none, and there is no machine code to register them with."""


class _LinkedCompiler(Compiler):
    """The usual compiler steps, with a `_LinkedLibrary` for the result."""

    def __init__(self, typingctx, targetctx, library, *others):
        if library is None:
            library = _LinkedLibrary(targetctx.codegen(), "kernel")
        super().__init__(typingctx, targetctx, library, *others)


class _EntryCompiler(Compiler):
    """The usual compiler steps, with Python's garbage collector off.

    The compiler creates millions of small objects and keeps most of them, so the collector, which scans all of them
    again and again, takes a fifth of the time and finds almost nothing.
    """

    def compile_extra(self, function):
        was_enabled = gc.isenabled()
        gc.disable()
        try:
            return super().compile_extra(function)
        finally:
            if was_enabled:
                gc.enable()


class KernelCache(caching.FunctionCache):
    """Machine code of one entry point, in a dispatcher's `_cache`; `MachineCode` reads and writes the files."""

    def __init__(self, function, *, slow=False):  # the parent's would look for a single writable folder
        self._py_func = function
        name = f"{function.__module__.rpartition('.')[2]}.{function.__qualname__}"
        self._files = MachineCode(name, slow=slow)
        self.enable()

    @property
    def cache_path(self):
        """The preferred folder for machine code."""
        return str(self._files.preferred_folder)

    def flush(self):
        """Discard the code that was made from these sources."""
        self._files.flush()

    def holds(self, signature, codegen):
        """Return whether there is code for a signature on disk."""
        return self._enabled and self._files.holds(self._key(signature, codegen))

    def _load_overload(self, signature, target_context):
        def rebuild(code):
            return CompileResult._rebuild(target_context, *code)

        return self._files.load(self._key(signature, target_context.codegen()), rebuild, look=self._enabled)

    def _save_overload(self, signature, result):
        if self._enabled and not result.library.has_dynamic_globals:
            key = self._key(signature, result.codegen)
            self._files.save(key, dumps((key, result._reduce())))

    def _key(self, signature, codegen):
        """Return everything the code depends on; the parent knows the signature, the processor and the function."""
        versions = (numba.__version__, llvmlite.__version__, sys.implementation.cache_tag)
        settings = (int(config.OPT), config.BOUNDSCHECK, config.DEBUGINFO_DEFAULT)
        return (self._files.stamp, versions, settings, self._index_key(signature, codegen))


# --- decorators -------------------------------------------------------------------------------------------------

INNER = OPTIONS | NO_WRAPPERS | {"pipeline_class": _LinkedCompiler}
ENTRY = OPTIONS | {"pipeline_class": _EntryCompiler}


def kernel(function):
    """Compile `function` when another kernel first uses it; it cannot be called from Python."""
    return numba.njit(fastmath=FAST_MATH, **INNER)(_with_own_name(function))


def unordered_kernel(function):
    """Compile as `kernel` does, but let sums be taken in any order, so that they can be vectorised."""
    return numba.njit(fastmath=FAST_MATH | {"reassoc"}, **INNER)(_with_own_name(function))


def _with_own_name(function):
    """Return a kernel with a name of its own: the second and further ones that one function defines are numbered.

    Machine code of two entry points is linked by the names of the kernels in it, even if it comes from different
    processes. Numba tells kernels of one name apart only by how many functions the process had compiled before.
    """
    name = f"{function.__module__}.{function.__qualname__}"
    _defined[name] += 1
    if _defined[name] > 1:
        function.__qualname__ += f"_{_defined[name]}"
    return function


def entry_point(function=None, *, slow=False):
    """Compile `function` when Python first calls it; it runs without the interpreter lock and is saved to disk.

    `slow` is for functions that take more than about two seconds to compile: the user is told.
    """
    if function is None:
        return functools.partial(entry_point, slow=slow)
    if INTERPRETED:
        return np.errstate(all="ignore")(function)  # compiled code does not report overflow either
    return _kept_on_disk(numba.njit(fastmath=FAST_MATH, **ENTRY)(function), slow=slow)


def _kept_on_disk(dispatcher, *, slow):
    dispatcher._cache = KernelCache(dispatcher.py_func, slow=slow)
    ENTRY_POINTS.append(dispatcher)
    return dispatcher


def compile_for(dispatcher, arguments):
    """Compile an entry point, or load it from disk, for a call with arguments like these."""
    dispatcher.compile(tuple(map(numba.typeof, arguments)))


class Subroutine:
    """A kernel with its own machine code, which entry points `call` by its address.

    It is compiled only once, no matter what calls it, and another process may compile it while this one compiles its
    callers. It takes named tuples by reference and returns a bool.
    """

    def __init__(self, function):
        self._addresses = {}
        self._function = function
        if not INTERPRETED:
            dispatcher = numba.njit(fastmath=FAST_MATH, **ENTRY, **NO_WRAPPERS)(function)
            self._dispatcher = _kept_on_disk(dispatcher, slow=True)

    def address(self, dtype, *arguments):
        """Return the address of the code for arguments like these; their types follow from `dtype`."""
        if INTERPRETED:
            return self._function
        if dtype not in self._addresses:
            signature = self._signature(arguments)
            self._dispatcher.compile(signature)
            compiled = self._dispatcher.overloads[signature]
            self._addresses[dtype] = compiled.library.get_pointer_to_function(compiled.fndesc.llvm_func_name)
        return self._addresses[dtype]

    def is_compiled(self, dtype, *arguments):
        """Return whether it is already compiled, in memory or on disk."""
        return dtype in self._addresses or self._dispatcher._cache.holds(
            self._signature(arguments), self._dispatcher.targetctx.codegen()
        )

    def _signature(self, arguments):
        return tuple(Reference(numba.typeof(one)) if isinstance(one, tuple) else numba.typeof(one) for one in arguments)


# --- calls by address, and named tuples by reference ------------------------------------------------------------


@intrinsic
def call(typingctx, address, *arguments):
    """Return what the `Subroutine` at an address returns."""
    # whichever integer types a caller has: there is only one version of the code
    kinds = tuple(types.int64 if isinstance(one, types.Integer) and one.signed else one for one in arguments)

    def codegen(context, builder, signature, args):
        pointer = context.call_conv.get_function_type(types.boolean, kinds).as_pointer()
        function, values = builder.inttoptr(args[0], pointer), cgutils.unpack_tuple(builder, args[1], len(kinds))
        _, returned = context.call_conv.call_function(builder, function, types.boolean, kinds, values)
        return returned

    return types.boolean(address, types.Tuple(kinds)), codegen


class Reference(types.Type):
    """Numba type of the address of a named tuple, whose fields are its attributes.

    Numba passes a tuple as its contents: an array as its seven parts, a tuple of arrays as a hundred numbers, unpacked
    and packed again at each call. Passing an address instead halves the amount of code to compile.
    """

    def __init__(self, referent):
        self.referent = referent
        super().__init__(name=f"Reference({referent})")

    @property
    def key(self):
        """Identity of the type."""
        return self.referent


@register_model(Reference)
class _ReferenceModel(models.PrimitiveModel):
    def __init__(self, dmm, fe_type):
        super().__init__(dmm, fe_type, dmm[fe_type.referent].get_value_type().as_pointer())


@infer_getattr
class _Fields(AttributeTemplate):
    key = Reference

    def generic_resolve(self, reference, name):
        named = reference.referent
        return named.types[named.fields.index(name)] if name in named.fields else None


@lower_getattr_generic(Reference)
def _field(context, builder, reference, value, name):
    index = reference.referent.fields.index(name)
    zero = ir.Constant(ir.IntType(32), 0)
    field = builder.load(builder.gep(value, [zero, ir.Constant(ir.IntType(32), index)], inbounds=True))
    kind = reference.referent.types[index]
    if isinstance(kind, types.Array):  # a view that owns nothing, so that no references are counted
        array = context.make_array(kind)(context, builder, field)
        array.meminfo = ir.Constant(array.meminfo.type, None)
        return array._getvalue()
    return field


@intrinsic
def by_reference(typingctx, named):
    """Return the address of a copy of a named tuple, valid until the calling function returns.

    The arrays in it stay the caller's.
    """

    def codegen(context, builder, signature, args):
        copied = cgutils.alloca_once(builder, args[0].type)
        builder.store(args[0], copied)
        return copied

    return Reference(named)(named), codegen
