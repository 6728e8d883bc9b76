"""The rivals: what each needs to be installed and set, before anything of it is imported."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from benchmarks.isa import in_force, xla_flags


class Candidate(NamedTuple):
    """One way of doing a job."""

    name: str
    once: Callable[[], object]
    """Does the job `units` times, and comes back when it is done."""
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
    """Variables for the process of a rival: the number of threads in each library's own words, no GPU, no chatter.

    What holds a rival to an instruction set is inherited from this process, but for XLA's flags.
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
