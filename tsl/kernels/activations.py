"""The logistic function and the hyperbolic tangent of vectors, to about 1e-7 (float32) or 1e-15 (float64)."""

import math

from llvmlite import ir
from numba.core import types
from numba.core.extending import intrinsic

from tsl.kernels import interpreted
from tsl.kernels.compile import kernel
from tsl.kernels.target import INTERPRETED
from tsl.kernels.vector import at_least, at_most, filled, fma, power_of_two

LOG2_E = 1.0 / math.log(2.0)
LN2_HIGH = 0.693359375  # few enough bits that n * LN2_HIGH is exact
LN2_LOW = -2.121944400546905827679e-4  # what is left of ln(2), to more digits than a difference of floats has
# Adding 1.5 * 2**mantissa_bits rounds to an integer, which the low bits then hold; here with the bias of exponents.
EXPONENT_SHIFT = (1.5 * 2.0**23 + 127.0, 1.5 * 2.0**52 + 1023.0)


def _by_precision(single, double):
    """An intrinsic that gives a vector filled with one of two constants."""

    @intrinsic
    def constant(typingctx, like):
        number = single if like.dtype == types.float32 else double

        def codegen(context, builder, signature, args):
            kind = context.get_value_type(like)
            return ir.Constant(kind, [ir.Constant(kind.element, number)] * like.lanes)

        return like(like), codegen

    return constant


_rounding_shift = _by_precision(*EXPONENT_SHIFT)
_largest_argument = _by_precision(88.0, 709.0)
_smallest_argument = _by_precision(-87.0, -708.0)


@intrinsic
def _expm1_over(typingctx, r):
    """(e**r - 1) / r for abs(r) <= ln(2) / 2, by its Taylor series."""
    n_terms = 7 if r.dtype == types.float32 else 13

    def codegen(context, builder, signature, args):
        kind = context.get_value_type(r)

        def constant(n):
            return ir.Constant(kind, [ir.Constant(kind.element, 1.0 / math.factorial(n))] * r.lanes)

        suffix = f"v{r.lanes}f{r.dtype.bitwidth}"
        fmuladd = builder.module.declare_intrinsic(
            f"llvm.fmuladd.{suffix}", fnty=ir.FunctionType(kind, [kind, kind, kind])
        )
        total = constant(n_terms)
        for n in range(n_terms - 1, 0, -1):
            total = builder.call(fmuladd, [total, args[0], constant(n)])
        return total

    return r(r), codegen


@kernel
def expm1(x):
    """e**x - 1 without cancellation near 0; the result stays finite."""
    x = at_least(at_most(x, _largest_argument(x)), _smallest_argument(x))
    shift = _rounding_shift(x)
    shifted_exponent = fma(x, filled(x, LOG2_E), shift)
    n = shifted_exponent - shift
    r = fma(n, filled(x, -LN2_LOW), fma(n, filled(x, -LN2_HIGH), x))
    scale = power_of_two(shifted_exponent)
    return fma(scale * r, _expm1_over(r), scale - filled(x, 1.0))


@kernel
def exp(x):
    """e**x; the result stays finite."""
    return expm1(x) + filled(x, 1.0)


@kernel
def sigmoid(x):
    """1 / (1 + e**-x)."""
    return filled(x, 1.0) / (filled(x, 2.0) + expm1(filled(x, 0.0) - x))


@kernel
def tanh(x):
    """(e**2x - 1) / (e**2x + 1)."""
    m = expm1(x + x)
    return m / (m + filled(x, 2.0))


if INTERPRETED:
    globals().update(interpreted.OF_ACTIVATIONS)
