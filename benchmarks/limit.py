"""The machine's limit of float32 multiply-adds, from two measurements that share no code with tsl's kernels."""

from __future__ import annotations

import concurrent.futures
import functools
import pathlib
import time
from collections.abc import Callable

import numba
import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.core.extending import intrinsic
from threadpoolctl import ThreadpoolController

from tsl.kernels.target import LANES

# Two multiply-adds start in each cycle, and each takes four or five cycles, so eight to ten sums must be in flight.
# With the two other operands, 12 take 14 of the 16 registers of AVX2.
CHAINS = 12
STEPS = 1000  # of each chain, per unit of work
SIZE, SMALL = 1536, 128  # rows and columns of the matrices, usually and if there is little time
TRIES = 10


def measure_limits(n_threads: int, seconds: float) -> dict[str, float]:
    """Measure GFLOP/s on `n_threads` in about `seconds`, by name of the measurement; the larger one is the limit.

    A chain of multiply-adds that never leaves the registers cannot be slowed down by loads or spills; a library's
    matrix product is an independent check.
    """
    return {
        "register loop": register_loop(n_threads, seconds / 2),
        "sgemm": sgemm(n_threads, seconds / 2),
    }


# --- a loop in registers ------------------------------------------------------------------------------------------


@intrinsic
def _run_chains(typingctx, sums, factor, addend, n_steps):
    """Return `n_steps` times `sum * factor + addend` for `CHAINS` vectors of the array `sums`."""

    def codegen(context, builder, signature, args):
        vector = ir.VectorType(ir.FloatType(), LANES)
        pointer = context.make_array(sums)(context, builder, args[0]).data
        places = [builder.gep(pointer, [ir.Constant(ir.IntType(64), k * LANES)]) for k in range(CHAINS)]
        places = [builder.bitcast(place, vector.as_pointer()) for place in places]
        registers = [cgutils.alloca_once_value(builder, builder.load(place, align=4)) for place in places]
        multiplier, constant = (_splat(builder, number, vector) for number in args[1:3])
        kind = ir.FunctionType(vector, [vector] * 3)
        multiply_add = cgutils.get_or_insert_function(builder.module, kind, f"llvm.fmuladd.v{LANES}f32")
        with cgutils.for_range(builder, args[3]):
            for register in registers:
                builder.store(builder.call(multiply_add, [builder.load(register), multiplier, constant]), register)
        for register, place in zip(registers, places):
            builder.store(builder.load(register), place, align=4)
        return context.get_dummy_value()

    return types.void(sums, types.float32, types.float32, types.intp), codegen


def _splat(builder, number, vector):
    undefined = ir.Constant(vector, ir.Undefined)
    single = builder.insert_element(undefined, number, ir.Constant(ir.IntType(32), 0))
    return builder.shuffle_vector(single, undefined, ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES))


@numba.njit(nogil=True)
def multiply_adds(sums, factor, addend, n_steps):
    """Update the array `sums` (CHAINS * LANES) in place, `n_steps` times."""
    _run_chains(sums, factor, addend, n_steps)


def register_loop(n_threads: int, seconds: float) -> float:
    """Return GFLOP/s of multiply-adds on operands in registers, on `n_threads`: the best of several tries."""

    def work(n: int) -> None:
        # different starts, or the compiler might merge the chains; they converge to 2, so that nothing overflows
        multiply_adds(np.arange(CHAINS * LANES, dtype=np.float32), np.float32(0.5), np.float32(1.0), n * STEPS)

    work(1)
    n = max(1, int(100 * seconds / TRIES / _seconds(lambda: work(100))))
    flops = 2.0 * CHAINS * LANES * STEPS * n * n_threads
    with concurrent.futures.ThreadPoolExecutor(n_threads) as pool:
        fastest = min(_seconds(lambda: list(pool.map(work, [n] * n_threads))) for _ in range(TRIES))
    return flops / fastest / 1e9


# --- a product of matrices ----------------------------------------------------------------------------------------


def sgemm(n_threads: int, seconds: float) -> float:
    """Return GFLOP/s of NumPy's matrix product on `n_threads`, the best of several tries; 0 if its BLAS is unknown."""
    if not blas_name():
        return 0.0
    size = SIZE if seconds >= 0.1 else SMALL
    left, right = (np.full((size, size), number, np.float32) for number in (0.5, 2.0))
    product = np.empty_like(left)
    with _blas().limit(limits=n_threads):
        np.matmul(left, right, out=product)
        fastest = spent = _seconds(lambda: np.matmul(left, right, out=product))
        while spent < seconds:
            taken = _seconds(lambda: np.matmul(left, right, out=product))
            fastest, spent = min(fastest, taken), spent + taken
    return 2.0 * size**3 / fastest / 1e9


def blas_name() -> str:
    """Return NumPy's BLAS library and the processor that its kernels are for, or "" if unknown."""
    libraries = _blas().info()
    own = [library for library in libraries if "numpy" in pathlib.Path(library["filepath"]).as_posix()] or libraries
    return f"{own[0]['internal_api']} {own[0].get('architecture') or ''}".strip() if own else ""


@functools.cache
def _blas() -> ThreadpoolController:
    return ThreadpoolController().select(user_api="blas")


def _seconds(function: Callable[[], object]) -> float:
    start = time.perf_counter()
    function()
    return time.perf_counter() - start
