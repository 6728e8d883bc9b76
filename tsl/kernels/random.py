"""Counter-based random numbers: the n-th number of a key is a hash of both, so that threads need not share a state."""

import numpy as np

from tsl.kernels.compile import kernel

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_30, _27, _31 = np.uint64(30), np.uint64(27), np.uint64(31)


@kernel
def splitmix64(key, counter):
    """Return the 64-bit random number with the index `counter` of `key` (SplitMix64; Steele, Lea & Flood 2014)."""
    z = np.uint64(key) + np.uint64(counter) * _GOLDEN
    z = (z ^ (z >> _30)) * _MIX_1
    z = (z ^ (z >> _27)) * _MIX_2
    return z ^ (z >> _31)


@kernel
def drop(values, key, start, rate):
    """Set each of the 1-D `values` to zero with probability `rate`, and scale the others by 1 / (1 - rate).

    The i-th value uses the number `start + i` of `key`, so that the same call on gradients drops the same entries.
    """
    threshold = np.uint64(rate * 2.0**64)
    scale = values.dtype.type(1.0 / (1.0 - rate))
    zero = values.dtype.type(0.0)
    for i in range(values.size):
        values[i] = values[i] * scale if splitmix64(key, start + i) >= threshold else zero
