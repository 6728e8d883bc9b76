"""The operations that kernels are built from, written as LLVM instructions with Numba's extension API.

`Vector(dtype, LANES)` is an LLVM vector: arithmetic on it is one machine instruction, or as many as the processor
needs for that many lanes. A *tile* is a tuple of `rows * cols` vectors that stays in registers; all matrix products
are built from `tile_fma`.

The flags of the calling kernel apply to these intrinsics too. `kernel` does not allow sums to be reordered, so
sums along `k` are taken in the order written, in the same way for every row. They use `fmuladd`, never `fma`: on a
processor without the instruction, `fma` becomes a library call.

Each operation has a counterpart of the same name in `interpreted`; kernels import either from `primitives`. Only this
file and `compile` depend on Numba's internals.
"""

import ctypes
import math
import operator
import os

import llvmlite.binding
from llvmlite import ir
from numba import carray as carray  # has a counterpart too
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, models, overload, register_model

from tsl.kernels.target import ARM64, LANES, X86

# Adding 1.5 * 2**mantissa_bits rounds to an integer, held in the low bits; here it includes the exponent bias.
EXPONENT_SHIFT = (1.5 * 2.0**23 + 127.0, 1.5 * 2.0**52 + 1023.0)
EXPM1_TERMS = (7, 13)  # of the Taylor series, for float32 and float64


class Vector(types.Type):
    """Numba type of `lanes` numbers of type `dtype` in one register."""

    def __init__(self, dtype, lanes):
        self.dtype = dtype
        self.lanes = lanes
        super().__init__(name=f"Vector({dtype}, {lanes})")

    @property
    def key(self):
        """Identity of the type."""
        return self.dtype, self.lanes


@register_model(Vector)
class _VectorModel(models.PrimitiveModel):
    def __init__(self, dmm, fe_type):
        scalar = ir.FloatType() if fe_type.dtype == types.float32 else ir.DoubleType()
        super().__init__(dmm, fe_type, ir.VectorType(scalar, fe_type.lanes))


def _vector_pointer(context, builder, pointer, vector):
    return builder.bitcast(pointer, context.get_value_type(vector).as_pointer())


def _load(context, builder, pointer, vector):
    # aligned only to its elements: rows may start anywhere
    return builder.load(_vector_pointer(context, builder, pointer, vector), align=vector.dtype.bitwidth // 8)


def _store(context, builder, value, pointer, vector):
    builder.store(value, _vector_pointer(context, builder, pointer, vector), align=vector.dtype.bitwidth // 8)


def _splat(builder, scalar, lanes):
    kind = ir.VectorType(scalar.type, lanes)
    single = builder.insert_element(ir.Constant(kind, ir.Undefined), scalar, ir.Constant(ir.IntType(32), 0))
    zeros = ir.Constant(ir.VectorType(ir.IntType(32), lanes), [0] * lanes)
    return builder.shuffle_vector(single, ir.Constant(kind, ir.Undefined), zeros)


def _constant(kind, number):
    return ir.Constant(kind, [ir.Constant(kind.element, number)] * kind.count)


def _fmuladd(builder, a, b, c):
    kind = a.type
    suffix = f"v{kind.count}f{32 if isinstance(kind.element, ir.FloatType) else 64}"
    signature = ir.FunctionType(kind, [kind, kind, kind])
    function = cgutils.get_or_insert_function(builder.module, signature, f"llvm.fmuladd.{suffix}")
    return builder.call(function, [a, b, c])


# --- addresses --------------------------------------------------------------------------------------------------


@intrinsic
def address(typingctx, array, index):
    """Return a pointer to `array[index]`; `index`, one or several non-negative integers, is not checked."""
    indices = index if isinstance(index, types.BaseTuple) else types.UniTuple(index, 1)

    def codegen(context, builder, signature, args):
        structure = context.make_array(array)(context, builder, args[0])
        if isinstance(index, types.BaseTuple):
            values = cgutils.unpack_tuple(builder, args[1], len(indices))
        else:
            values = [args[1]]
        values = [context.cast(builder, value, kind, types.intp) for value, kind in zip(values, indices, strict=True)]
        return cgutils.get_item_pointer(context, builder, array, structure, values, wraparound=False)

    return types.CPointer(array.dtype)(array, index), codegen


@intrinsic
def shifted(typingctx, pointer, count):
    """Return `pointer` moved by `count` elements."""

    def codegen(context, builder, signature, args):
        return builder.gep(args[0], [context.cast(builder, args[1], count, types.intp)])

    return pointer(pointer, count), codegen


# --- single vectors ---------------------------------------------------------------------------------------------


@intrinsic
def load(typingctx, pointer):
    """Return the `LANES` numbers that start at `pointer`."""
    vector = Vector(pointer.dtype, LANES)
    return vector(pointer), lambda context, builder, signature, args: _load(context, builder, args[0], vector)


@intrinsic
def store(typingctx, pointer, value):
    """Write the vector `value` to the `LANES` numbers that start at `pointer`."""

    def codegen(context, builder, signature, args):
        _store(context, builder, args[1], args[0], value)
        return context.get_dummy_value()

    return types.void(pointer, value), codegen


@intrinsic
def filled(typingctx, like, number):
    """Return a vector of the type of `like` with `number`, rounded to that type, in every lane."""

    def codegen(context, builder, signature, args):
        return _splat(builder, context.cast(builder, args[1], number, like.dtype), like.lanes)

    return like(like, number), codegen


@intrinsic
def fma(typingctx, a, b, c):
    """Return `a * b + c`, rounded only once if the processor supports it."""
    return a(a, b, c), lambda context, builder, signature, args: _fmuladd(builder, *args)


@intrinsic
def at_most(typingctx, value, limit):
    """Return the smaller of the two, lane by lane; a NaN in `value` stays."""

    def codegen(context, builder, signature, args):
        return builder.select(builder.fcmp_ordered(">", args[0], args[1]), args[1], args[0])

    return value(value, limit), codegen


@intrinsic
def at_least(typingctx, value, limit):
    """Return the larger of the two, lane by lane; a NaN in `value` stays."""

    def codegen(context, builder, signature, args):
        return builder.select(builder.fcmp_ordered("<", args[0], args[1]), args[1], args[0])

    return value(value, limit), codegen


@intrinsic
def power_of_two(typingctx, shifted_exponent):
    """Return 2**n, where `shifted_exponent` is n + `EXPONENT_SHIFT`: its low bits hold the exponent as stored."""
    bits, mantissa = (32, 23) if shifted_exponent.dtype == types.float32 else (64, 52)

    def codegen(context, builder, signature, args):
        kind = ir.VectorType(ir.IntType(bits), shifted_exponent.lanes)
        integers = builder.bitcast(args[0], kind)
        exponents = builder.shl(integers, ir.Constant(kind, [mantissa] * shifted_exponent.lanes))
        return builder.bitcast(exponents, args[0].type)

    return shifted_exponent(shifted_exponent), codegen


def _arithmetic(name):
    @intrinsic
    def combine(typingctx, a, b):
        return a(a, b), lambda context, builder, signature, args: getattr(builder, name)(*args)

    def typed(a, b):
        if isinstance(a, Vector) and a == b:
            return lambda a, b: combine(a, b)
        return None

    return typed


overload(operator.add)(_arithmetic("fadd"))
overload(operator.sub)(_arithmetic("fsub"))
overload(operator.mul)(_arithmetic("fmul"))
overload(operator.truediv)(_arithmetic("fdiv"))


# --- tiles ------------------------------------------------------------------------------------------------------


def _tile(pointer, rows, cols):
    return types.UniTuple(Vector(pointer.dtype, LANES), rows.literal_value * cols.literal_value)


@intrinsic(prefer_literal=True)
def tile_load(typingctx, pointer, row_stride, rows, cols):
    """Return `rows * cols` vectors: `cols` adjacent ones from each of `rows` rows, `row_stride` numbers apart."""
    tile = _tile(pointer, rows, cols)
    vector = tile.dtype

    def codegen(context, builder, signature, args):
        start, stride = args[0], context.cast(builder, args[1], row_stride, types.intp)
        values = []
        for r in range(rows.literal_value):
            row = builder.gep(start, [builder.mul(stride, ir.Constant(stride.type, r))])
            for c in range(cols.literal_value):
                pointer_c = builder.gep(row, [ir.Constant(stride.type, c * LANES)])
                values.append(_load(context, builder, pointer_c, vector))
        return context.make_tuple(builder, tile, values)

    return tile(pointer, row_stride, rows, cols), codegen


@intrinsic(prefer_literal=True)
def tile_store(typingctx, pointer, row_stride, tile, cols):
    """Write a tile as `tile_load` reads it."""
    rows, vector = tile.count // cols.literal_value, tile.dtype

    def codegen(context, builder, signature, args):
        start, stride = args[0], context.cast(builder, args[1], row_stride, types.intp)
        values = cgutils.unpack_tuple(builder, args[2], tile.count)
        for r in range(rows):
            row = builder.gep(start, [builder.mul(stride, ir.Constant(stride.type, r))])
            for c in range(cols.literal_value):
                pointer_c = builder.gep(row, [ir.Constant(stride.type, c * LANES)])
                _store(context, builder, values[r * cols.literal_value + c], pointer_c, vector)
        return context.get_dummy_value()

    return types.void(pointer, row_stride, tile, cols), codegen


@intrinsic(prefer_literal=True)
def tile_fma(typingctx, tile, a, a_stride, b, cols):
    """Return `tile[r, c] + a[r * a_stride] * b[c]`: one step of a product, `b` being `cols` adjacent vectors."""
    n_cols, vector = cols.literal_value, tile.dtype
    rows = tile.count // n_cols

    def codegen(context, builder, signature, args):
        values = cgutils.unpack_tuple(builder, args[0], tile.count)
        stride = context.cast(builder, args[2], a_stride, types.intp)

        def number(r):
            pointer = builder.gep(args[1], [builder.mul(stride, ir.Constant(stride.type, r))])
            return _splat(builder, builder.load(pointer), LANES)

        def weights(c):
            return _load(context, builder, builder.gep(args[3], [ir.Constant(stride.type, c * LANES)]), vector)

        def add_product(r, c, left, right):
            k = r * n_cols + c
            values[k] = _fmuladd(builder, left, right, values[k])

        # The smaller set of factors stays in registers while the others are loaded one at a time, so that a tile takes
        # rows * cols + min(rows, cols) + 1 registers. With one more than the processor has, a sum would go to memory
        # and back for each k.
        if rows < n_cols:
            kept = [number(r) for r in range(rows)]
            for c in range(n_cols):
                factor = weights(c)
                for r in range(rows):
                    add_product(r, c, kept[r], factor)
        else:
            kept = [weights(c) for c in range(n_cols)]
            for r in range(rows):
                factor = number(r)
                for c in range(n_cols):
                    add_product(r, c, factor, kept[c])
        return context.make_tuple(builder, tile, values)

    return tile(tile, a, a_stride, b, cols), codegen


# --- constants and series of the exponential --------------------------------------------------------------------


def _by_precision(single, double):
    """Return an intrinsic that returns a vector filled with one of two constants."""

    @intrinsic
    def constant(typingctx, like):
        number = single if like.dtype == types.float32 else double
        return like(like), lambda context, builder, signature, args: _constant(args[0].type, number)

    return constant


rounding_shift = _by_precision(*EXPONENT_SHIFT)
largest_argument = _by_precision(88.0, 709.0)
smallest_argument = _by_precision(-87.0, -708.0)


@intrinsic
def expm1_over(typingctx, r):
    """Return (e**r - 1) / r for abs(r) <= ln(2) / 2, by its Taylor series."""
    n_terms = EXPM1_TERMS[0] if r.dtype == types.float32 else EXPM1_TERMS[1]

    def codegen(context, builder, signature, args):
        kind = args[0].type
        total = _constant(kind, 1.0 / math.factorial(n_terms))
        for n in range(n_terms - 1, 0, -1):
            total = _fmuladd(builder, total, args[0], _constant(kind, 1.0 / math.factorial(n)))
        return total

    return r(r), codegen


# --- threads ----------------------------------------------------------------------------------------------------


@intrinsic
def atomic_load(typingctx, pointer):
    """Return the number at `pointer`."""

    def codegen(context, builder, signature, args):
        return builder.load_atomic(args[0], "seq_cst", align=8)

    return types.int64(pointer), codegen


@intrinsic
def atomic_add(typingctx, pointer, value):
    """Add to the number at `pointer`; return its previous value."""

    def codegen(context, builder, signature, args):
        return builder.atomic_rmw("add", args[0], args[1], "seq_cst")

    return types.int64(pointer, types.int64), codegen


@intrinsic
def float_control(typingctx):
    """Return the register that controls rounding and subnormal numbers in this thread; 0 if it is not known."""

    def codegen(context, builder, signature, args):
        word, kind = ir.IntType(32), ir.IntType(64)
        if X86:
            place = cgutils.alloca_once(builder, word)
            builder.call(_x86_control(builder, "st"), [builder.bitcast(place, cgutils.voidptr_t)])
            return builder.zext(builder.load(place), kind)
        if ARM64:
            signature = ir.FunctionType(kind, [])
            return builder.call(cgutils.get_or_insert_function(builder.module, signature, "llvm.aarch64.get.fpcr"), [])
        return ir.Constant(kind, 0)

    return types.int64(), codegen


@intrinsic
def set_float_control(typingctx, word):
    """Set the register that `float_control` reads."""

    def codegen(context, builder, signature, args):
        if X86:
            place = cgutils.alloca_once_value(builder, builder.trunc(args[0], ir.IntType(32)))
            builder.call(_x86_control(builder, "ld"), [builder.bitcast(place, cgutils.voidptr_t)])
        elif ARM64:
            signature = ir.FunctionType(ir.VoidType(), [ir.IntType(64)])
            function = cgutils.get_or_insert_function(builder.module, signature, "llvm.aarch64.set.fpcr")
            builder.call(function, [args[0]])
        return context.get_dummy_value()

    return types.void(types.int64), codegen


def _x86_control(builder, which):
    """Return the instruction that stores ("st") or loads ("ld") the register at an address."""
    signature = ir.FunctionType(ir.VoidType(), [cgutils.voidptr_t])
    return cgutils.get_or_insert_function(builder.module, signature, f"llvm.x86.sse.{which}mxcsr")


def _system_yield():
    return ctypes.windll.kernel32.SwitchToThread if os.name == "nt" else ctypes.CDLL(None).sched_yield


# by address, under our own name, so that machine code from the cache finds it on every system
llvmlite.binding.add_symbol("tsl_yield", ctypes.cast(_system_yield(), ctypes.c_void_p).value)
yield_core = types.ExternalFunction("tsl_yield", types.int32())
