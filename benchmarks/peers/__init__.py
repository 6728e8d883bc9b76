"""The rivals: the packages each needs, and the environment to set before any of them is imported."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from benchmarks.isa import in_force, xla_flags


class Candidate(NamedTuple):
    """One way of doing a job."""

    name: str
    once: Callable[[], object]
    """Does the job `units` times and returns when it is done."""
    units: int = 1


@dataclass(frozen=True)
class Peer:
    """How a rival is started: `module` in this folder, and the `packages` whose versions are reported."""

    module: str
    packages: tuple[str, ...]
    environment: dict[str, str] = field(default_factory=dict)


PEERS = {
    "tsl": Peer("tsl", ("numpy", "numba", "llvmlite")),
    "torch": Peer("torch", ("torch",)),
    "jax": Peer("jax", ("jax", "jaxlib")),
    "keras-tf": Peer("keras", ("keras", "tensorflow"), {"KERAS_BACKEND": "tensorflow"}),
    "keras-jax": Peer("keras", ("keras", "jax", "jaxlib"), {"KERAS_BACKEND": "jax"}),
    "onnxruntime": Peer("onnxruntime", ("onnxruntime", "onnx")),
}


def environment(rival: str, n_threads: int) -> dict[str, str]:
    """Return the environment variables for a rival's process: number of threads for each library, no GPU, no log
    output.

    Variables that limit a rival to an instruction set are inherited from this process, except XLA's flags.
    """
    n = str(n_threads)
    xla = f"--xla_cpu_multi_thread_eigen={'true' if n_threads > 1 else 'false'}"
    return {
        "OMP_NUM_THREADS": n,
        "MKL_NUM_THREADS": n,
        "OPENBLAS_NUM_THREADS": n,
        "NUMBA_NUM_THREADS": n,
        "TF_NUM_INTRAOP_THREADS": n,
        "TF_NUM_INTEROP_THREADS": n,
        "NPROC": n,  # the size of XLA's pool of threads on a processor
        "XLA_FLAGS": xla + xla_flags(in_force()),
        "JAX_PLATFORMS": "cpu",
        "CUDA_VISIBLE_DEVICES": "",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        **PEERS[rival].environment,
    }
