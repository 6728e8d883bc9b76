"""The logistic function and the hyperbolic tangent of vectors, accurate to about 1e-7 (float32) or 1e-15 (float64)."""

import math

from tsl.kernels.compile import kernel
from tsl.kernels.primitives import (
    at_least,
    at_most,
    expm1_over,
    filled,
    fma,
    largest_argument,
    power_of_two,
    rounding_shift,
    smallest_argument,
)

LOG2_E = 1.0 / math.log(2.0)
LN2_HIGH = 0.693359375  # few enough bits that n * LN2_HIGH is exact
LN2_LOW = -2.121944400546905827679e-4  # the rest of ln(2), to more digits than a difference of floats has


@kernel
def expm1(x):
    """Return e**x - 1 without cancellation near 0; the result stays finite."""
    x = at_least(at_most(x, largest_argument(x)), smallest_argument(x))
    shift = rounding_shift(x)
    shifted_exponent = fma(x, filled(x, LOG2_E), shift)
    n = shifted_exponent - shift
    r = fma(n, filled(x, -LN2_LOW), fma(n, filled(x, -LN2_HIGH), x))
    scale = power_of_two(shifted_exponent)
    return fma(scale * r, expm1_over(r), scale - filled(x, 1.0))


@kernel
def exp(x):
    """Return e**x; the result stays finite."""
    return expm1(x) + filled(x, 1.0)


@kernel
def sigmoid(x):
    """Return 1 / (1 + e**-x)."""
    return filled(x, 1.0) / (filled(x, 2.0) + expm1(filled(x, 0.0) - x))


@kernel
def tanh(x):
    """Return (e**2x - 1) / (e**2x + 1)."""
    m = expm1(x + x)
    return m / (m + filled(x, 2.0))
