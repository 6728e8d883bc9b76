"""Counterparts of the operations in `intrinsics` and `compile`, for kernels run by Python (`NUMBA_DISABLE_JIT`).

Slow but exact: for stepping through a kernel with a debugger, and for measuring which of its lines the tests cover. A
vector is an array of `LANES` numbers, a tile is an array of rows of vectors, and a pointer knows the memory it points
into, so that reading or writing beyond it is an error here. Each function is documented at its compiled counterpart.
"""

import math
import threading
import time

import numpy as np

from tsl.kernels.target import LANES

_lock = threading.Lock()


class Pointer:
    """A position in memory: `memory` is an array of bytes, `start` the index of the first byte pointed at."""

    def __init__(self, memory, start, dtype):
        self.memory, self.start, self.dtype = memory, start, dtype

    def numbers(self, count):
        """Return a view of the next `count` numbers."""
        stop = self.start + count * self.dtype.itemsize
        if not 0 <= self.start <= stop <= self.memory.size:
            raise IndexError(f"bytes {self.start} to {stop} of {self.memory.size}")
        return self.memory[self.start : stop].view(self.dtype)

    def __getitem__(self, k):
        return shifted(self, k).numbers(1)[0]

    def __setitem__(self, k, number):
        shifted(self, k).numbers(1)[0] = number


def address(array, index):
    """Return a pointer to `array[index]`."""
    owner = array
    while isinstance(owner.base, np.ndarray):
        owner = owner.base
    indices = index if isinstance(index, tuple) else (index,)
    offset = array.__array_interface__["data"][0] - owner.__array_interface__["data"][0]
    start = offset + sum(int(k) * stride for k, stride in zip(indices, array.strides, strict=True))
    return Pointer(owner.reshape(-1).view(np.uint8), start, array.dtype)


def shifted(pointer, count):
    """Return `pointer` moved by `count` elements."""
    return Pointer(pointer.memory, pointer.start + int(count) * pointer.dtype.itemsize, pointer.dtype)


def carray(pointer, shape):
    """Return the memory at `pointer` as an array of this shape."""
    return pointer.numbers(int(np.prod(shape))).reshape(shape)


def load(pointer):
    """Return the `LANES` numbers that start at `pointer`."""
    return pointer.numbers(LANES).copy()


def store(pointer, value):
    """Write the vector `value` to the `LANES` numbers that start at `pointer`."""
    pointer.numbers(LANES)[:] = value


def filled(like, number):
    """Return a vector of the type of `like` with `number` in every lane."""
    return np.full_like(like, number)


def fma(a, b, c):
    """Return `a * b + c`."""
    return a * b + c


def at_most(value, limit):
    """Return the smaller of the two, lane by lane; a NaN in `value` stays."""
    return np.where(value > limit, limit, value)


def at_least(value, limit):
    """Return the larger of the two, lane by lane; a NaN in `value` stays."""
    return np.where(value < limit, limit, value)


def power_of_two(shifted_exponent):
    """Return 2**n, where the low bits of `shifted_exponent` hold the exponent as stored."""
    integers, mantissa = (np.int32, 23) if shifted_exponent.dtype == np.float32 else (np.int64, 52)
    return (shifted_exponent.view(integers) << integers(mantissa)).view(shifted_exponent.dtype)


def tile_load(pointer, row_stride, rows, cols):
    """Return (rows, cols * LANES) numbers from `rows` rows that are `row_stride` numbers apart."""
    return np.array([shifted(pointer, r * row_stride).numbers(cols * LANES) for r in range(rows)])


def tile_store(pointer, row_stride, tile, cols):
    """Write a tile as `tile_load` reads it."""
    for r, values in enumerate(tile):
        shifted(pointer, r * row_stride).numbers(cols * LANES)[:] = values


def tile_fma(tile, a, a_stride, b, cols):
    """Return `tile[r] + a[r * a_stride] * b`."""
    left = np.array([a[r * a_stride] for r in range(len(tile))])
    return tile + left[:, None] * b.numbers(cols * LANES)


def _by_precision(single, double):
    return lambda like: np.full_like(like, single if like.dtype == np.float32 else double)


rounding_shift = _by_precision(1.5 * 2.0**23 + 127.0, 1.5 * 2.0**52 + 1023.0)
largest_argument = _by_precision(88.0, 709.0)
smallest_argument = _by_precision(-87.0, -708.0)


def expm1_over(r):
    """Return (e**r - 1) / r."""
    total = np.zeros_like(r)
    for n in range(7 if r.dtype == np.float32 else 13, 0, -1):
        total = total * r + r.dtype.type(1.0 / math.factorial(n))
    return total


def atomic_load(pointer):
    """Return the number at `pointer`."""
    return int(pointer[0])


def atomic_add(pointer, value):
    """Add to the number at `pointer`; return its previous value."""
    with _lock:
        before = atomic_load(pointer)
        pointer[0] = before + value
    return before


def yield_core():
    """Let other threads run."""
    time.sleep(0)


def float_control():
    """Return 0: Python keeps subnormal numbers."""
    return 0


def set_float_control(word):
    """Do nothing."""


def by_reference(named):
    """Return the named tuple itself."""
    return named


def call(function, *arguments):
    """Call the function and return its result."""
    return function(*arguments)
