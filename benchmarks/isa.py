"""The instruction set that a run is limited to, ``--isa``: how it is set, and which rivals ignore it.

The variables must be set before NumPy, Numba or any peer is imported, so the command restarts itself with them, and
all processes that it starts inherit them.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable

NATIVE = "native"
NAMES = {"avx2": "AVX2"}
NEEDED = {"avx2": ("avx2", "fma")}  # in LLVM's words
HELD = {
    "avx2": {
        "NUMBA_CPU_NAME": "haswell",
        "NUMBA_CPU_FEATURES": "+sse3,+ssse3,+sse4.1,+sse4.2,+popcnt,+cx16,+sahf,"
        "+avx,+avx2,+fma,+f16c,+bmi,+bmi2,+lzcnt,+movbe",
        # The names changed in NumPy 2.4; a version reports names that it does not know in an ImportWarning, which
        # Python does not show.
        "NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512F AVX512CD AVX512_SKX AVX512_CLX AVX512_CNL AVX512_ICL AVX512_SPR",
        "OPENBLAS_CORETYPE": "Haswell",
        "ATEN_CPU_CAPABILITY": "avx2",
        "ONEDNN_MAX_CPU_ISA": "AVX2",  # in PyTorch and TensorFlow
        "MKL_ENABLE_INSTRUCTIONS": "AVX2",  # on Intel processors; on others MKL does not use AVX-512
    }
}
# XLA can run without YNNPACK, but nobody with AVX2 would choose that: training steps of JAX then took up to 1.45 times
# as long as with its AVX-512. A peer that is too fast is the safer error.
_YNNPACK = "the matrix products of XLA's YNNPACK go by the processor alone; all else is held"
NOT_HELD = {
    "jax": _YNNPACK,
    "keras-jax": _YNNPACK,
    "keras-tf": _YNNPACK,
    "onnxruntime": "its kernels go by the processor alone",
}
"""Rivals that use AVX-512 if the processor has it, whatever is set, and why."""


def in_force() -> str:
    """Return the instruction set that the environment of this process sets."""
    return next((isa for isa, settings in HELD.items() if settings.items() <= os.environ.items()), NATIVE)


def run_held(isa: str, arguments: list[str]) -> int:
    """Run the command again in a process limited to `isa`; return its exit status."""
    command = [sys.executable, "-m", "benchmarks", *arguments]
    return subprocess.run(command, env=os.environ | HELD[isa], check=False).returncode


def has(isa: str) -> bool:
    """Return whether this processor has an instruction set."""
    return isa == NATIVE or host_features().issuperset(NEEDED[isa])


def not_held(rivals: Iterable[str], isa: str) -> dict[str, str]:
    """Return those of `rivals` that use more than `isa` on this processor, and why."""
    if isa == NATIVE or "avx512f" not in host_features():
        return {}
    return {rival: NOT_HELD[rival] for rival in rivals if rival in NOT_HELD}


def xla_flags(isa: str) -> str:
    """Return the XLA flags for `isa`, which begin with a space if there are any."""
    return f" --xla_cpu_max_isa={NAMES[isa]}" if isa in NAMES else ""


def host_features() -> set[str]:
    """Return the features of the processor, by LLVM's names; none if LLVM does not know it."""
    import llvmlite.binding as llvm  # not before the timing of `startup` starts

    try:
        return {name for name, present in llvm.get_host_cpu_features().items() if present}
    except RuntimeError:
        return set()
