"""What stands in for the vector operations where `NUMBA_DISABLE_JIT` leaves kernels to the Python interpreter.

Slow, and right: for looking into a kernel with a debugger, and for measuring which of its lines tests reach. A vector
is an array of `LANES` numbers, a tile an array of rows of vectors, and a pointer knows the memory it points into, so
that reading and writing beyond it is an error here. What each function does is said where its compiled twin is.
"""

import math
import threading
import time

import numpy as np

from tsl.kernels.target import LANES


class Pointer:
    """A place in memory: `memory` is an array of bytes, `place` the first of those pointed at."""

    def __init__(self, memory, place, dtype):
        self.memory, self.place, self.dtype = memory, place, dtype

    def numbers(self, count):
        """A view of the next `count` numbers."""
        stop = self.place + count * self.dtype.itemsize
        if not 0 <= self.place <= stop <= self.memory.size:
            raise IndexError(f"bytes {self.place} to {stop} of {self.memory.size}")
        return self.memory[self.place : stop].view(self.dtype)

    def __getitem__(self, k):
        return shifted(self, k).numbers(1)[0]

    def __setitem__(self, k, number):
        shifted(self, k).numbers(1)[0] = number


def address(array, index):
    """Pointer to `array[index]`."""
    owner = array
    while isinstance(owner.base, np.ndarray):
        owner = owner.base
    indices = index if isinstance(index, tuple) else (index,)
    start = array.__array_interface__["data"][0] - owner.__array_interface__["data"][0]
    place = start + sum(int(k) * stride for k, stride in zip(indices, array.strides, strict=True))
    return Pointer(owner.reshape(-1).view(np.uint8), place, array.dtype)


def shifted(pointer, count):
    """`pointer` moved by `count` elements."""
    return Pointer(pointer.memory, pointer.place + int(count) * pointer.dtype.itemsize, pointer.dtype)


def carray(pointer, shape):
    """What lies at `pointer` as an array of this shape."""
    return pointer.numbers(int(np.prod(shape))).reshape(shape)


def load(pointer):
    """The `LANES` numbers that start at `pointer`."""
    return pointer.numbers(LANES).copy()


def store(pointer, value):
    """Write the vector `value` to the `LANES` places that start at `pointer`."""
    pointer.numbers(LANES)[:] = value


def filled(like, number):
    """A vector of the type of `like` with `number` in every lane."""
    return np.full_like(like, number)


def fma(a, b, c):
    """`a * b + c`."""
    return a * b + c


def at_most(value, limit):
    """The smaller of both, lane by lane; a NaN in `value` stays."""
    return np.where(value > limit, limit, value)


def at_least(value, limit):
    """The larger of both, lane by lane; a NaN in `value` stays."""
    return np.where(value < limit, limit, value)


def power_of_two(shifted_exponent):
    """2**n, where the low bits of `shifted_exponent` hold the exponent as it is stored."""
    integers, mantissa = (np.int32, 23) if shifted_exponent.dtype == np.float32 else (np.int64, 52)
    return (shifted_exponent.view(integers) << integers(mantissa)).view(shifted_exponent.dtype)


def tile_load(pointer, row_stride, rows, cols):
    """(rows, cols * LANES) numbers of `rows` rows that lie `row_stride` numbers apart."""
    return np.array([shifted(pointer, r * row_stride).numbers(cols * LANES) for r in range(rows)])


def tile_store(pointer, row_stride, tile, cols):
    """Write a tile as `tile_load` reads it."""
    for r, values in enumerate(tile):
        shifted(pointer, r * row_stride).numbers(cols * LANES)[:] = values


def tile_fma(tile, a, a_stride, b, cols):
    """`tile[r] + a[r * a_stride] * b`."""
    left = np.array([a[r * a_stride] for r in range(len(tile))])
    return tile + left[:, None] * b.numbers(cols * LANES)


def atomic_load(pointer):
    """The number at `pointer`."""
    return int(pointer[0])


def atomic_add(pointer, value):
    """Add and give the value before."""
    with _lock:
        before = atomic_load(pointer)
        pointer[0] = before + value
    return before


def expm1_over(r):
    """(e**r - 1) / r."""
    total = np.zeros_like(r)
    for n in range(7 if r.dtype == np.float32 else 13, 0, -1):
        total = total * r + r.dtype.type(1.0 / math.factorial(n))
    return total


def _by_precision(single, double):
    return lambda like: np.full_like(like, single if like.dtype == np.float32 else double)


_lock = threading.Lock()

OF_VECTOR = {
    twin.__name__: twin
    for twin in (
        address,
        at_least,
        at_most,
        carray,
        filled,
        fma,
        load,
        power_of_two,
        shifted,
        store,
        tile_fma,
        tile_load,
        tile_store,
    )
}
OF_ACTIVATIONS = {
    "_rounding_shift": _by_precision(1.5 * 2.0**23 + 127.0, 1.5 * 2.0**52 + 1023.0),
    "_largest_argument": _by_precision(88.0, 709.0),
    "_smallest_argument": _by_precision(-87.0, -708.0),
    "_expm1_over": expm1_over,
}
OF_THREADS = {"_atomic_load": atomic_load, "_atomic_add": atomic_add, "_yield_core": lambda: time.sleep(0)}
