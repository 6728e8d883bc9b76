"""Exponential, logistic function and hyperbolic tangent of vectors, here and for a simpler processor."""

import os
import subprocess
import sys

import numba
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from tsl.kernels import activations
from tsl.kernels.compile import FAST_MATH
from tsl.kernels.primitives import address, load, store
from tsl.kernels.target import LANES

PRECISIONS = [np.float32, np.float64]


def compiled(function):
    """`function` of a vector as a function of an array."""

    @numba.njit(fastmath=FAST_MATH)
    def run(x, out):
        for k in range(0, x.size, LANES):
            store(address(out, k), function(load(address(x, k))))

    def by_array(x):
        assert x.size % LANES == 0
        out = np.empty_like(x)
        run(x, out)
        return out

    return by_array


expm1, exp, sigmoid, tanh = map(compiled, [activations.expm1, activations.exp, activations.sigmoid, activations.tanh])


def arguments(dtype, largest):
    """Both signs, evenly and close to 0: 1,024 numbers, which LANES divides."""
    small = np.geomspace(1e-6, largest, 256)
    return np.concatenate([small, -small, np.linspace(-largest, largest, 512)]).astype(dtype)


@pytest.mark.parametrize("dtype", PRECISIONS)
@pytest.mark.parametrize(
    ("ours", "exact", "largest"),
    [
        (expm1, np.expm1, 80.0),
        (exp, np.exp, 80.0),
        (sigmoid, lambda x: 1 / (1 + np.exp(-x)), 80.0),
        (tanh, np.tanh, 80.0),
    ],
    ids=["expm1", "exp", "sigmoid", "tanh"],
)
def test_relative_error(ours, exact, largest, dtype):
    x = arguments(dtype, largest)
    # 16 units in the last place. For x = 80, 115 times the rounding of ln(2), 2e-17, are 12 of float64's
    few = 16 * np.finfo(dtype).eps
    # what is left of e**x for x far below 0 is a difference to 1
    assert_allclose(ours(x), exact(x.astype(np.float64)), rtol=few, atol=few if exact is np.exp else 0)


@pytest.mark.parametrize("dtype", PRECISIONS)
def test_extremes_saturate_and_nan_stays(dtype):
    x = np.full(LANES * 4, np.nan, dtype)
    x[:4] = [-np.inf, np.finfo(dtype).min, np.finfo(dtype).max, np.inf]
    assert_allclose(sigmoid(x)[:4], [0, 0, 1, 1], atol=np.finfo(dtype).eps)
    assert_array_equal(tanh(x)[:4], [-1, -1, 1, 1])
    assert np.all(np.isfinite(exp(x)[:4]))
    for function in (expm1, exp, sigmoid, tanh):
        assert np.isnan(function(x)[4:]).all()


@pytest.mark.long
def test_same_on_a_processor_without_fused_multiply_add():
    """There, a compiler that may reorder sums can undo the rounding that these functions are built on."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", "error or extremes", __file__]
    plain = dict(os.environ, NUMBA_CPU_NAME="generic", NUMBA_CPU_FEATURES="")
    found = subprocess.run(command, env=plain, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout
