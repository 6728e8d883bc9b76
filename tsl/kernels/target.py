"""The processor that kernels are compiled for, and the tile sizes that suit its registers."""

import llvmlite.binding as llvm
from numba import config

TRIPLE = llvm.get_process_triple()
X86, ARM64 = TRIPLE.startswith("x86_64"), TRIPLE.startswith(("aarch64", "arm64"))


def _features():
    """Return the names of the instruction sets to compile for, as Numba itself reads them."""
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
    """Return the lanes of float32 in one register, and the heights of tiles of 4 and of 2 vectors, largest first.

    The sums of a tile, the factors that stay in registers during the multiplication and the one loaded in between must
    fit into the registers (see `tile_fma`), or sums would go to memory and back for each `k`. And there should be at
    least eight sums, preferably ten: two multiply-adds start in each cycle, and each takes four or five cycles.
    """
    if "avx512f" in features:  # 24 + 4 + 1 of 32 registers; 12 + 2 + 1
        return 16, (6, 4, 1), (6, 4, 1)
    if "avx2" in features:  # 12 + 3 + 1 of 16; 12 + 2 + 1
        return 8, (3, 2, 1), (6, 4, 1)
    if ARM64:  # 24 + 4 + 1 of 32; 12 + 2 + 1
        return 4, (6, 4, 1), (6, 4, 1)
    return 4, (2, 1, 1), (4, 2, 1)  # SSE2 needs one more register to multiply: 8 + 2 + 2 of 16; 8 + 2 + 2


LANES, GATE_TILES, DENSE_TILES = _tile_sizes(_features())
INTERPRETED = bool(config.DISABLE_JIT)  # Python runs the kernels, and nothing is compiled
