"""What the kernels are compiled for, if they are: what the processor can do, and the tile sizes that follow from it."""

import llvmlite.binding as llvm
from numba.core import config


def _features():
    """Names of the instruction sets to compile for, as Numba itself will see them."""
    if config.CPU_FEATURES is not None:
        return {name[1:] for name in config.CPU_FEATURES.split(",") if name.startswith("+")}
    if config.CPU_NAME not in (None, "host"):
        return set()
    try:
        found = {name for name, present in llvm.get_host_cpu_features().items() if present}
    except RuntimeError:  # LLVM does not know this processor
        return set()
    return found if config.ENABLE_AVX else {name for name in found if not name.startswith("avx")}


def _tile_sizes(features):
    """Lanes of float32 in one register, and the heights of tiles, largest first.

    A tile of `rows` x 4 vectors must leave registers for 4 weights and 1 broadcast number: 24 + 5 of the 32
    of AVX-512, 12 + 4 of the 16 of AVX2 and of SSE2.
    """
    if "avx512f" in features:
        return 16, (6, 4, 1)
    if "avx2" in features:
        return 8, (3, 2, 1)
    return 4, (3, 2, 1)


LANES, ROW_TILES = _tile_sizes(_features())
INTERPRETED = bool(config.DISABLE_JIT)  # Python runs the kernels, and nothing is compiled
