"""The multiply-add limit is measured as described, and the best of several measurements is kept."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from benchmarks import limit
from benchmarks import machine as machine_module
from benchmarks.machine import headline, look_for_higher_limits
from tsl.kernels.target import LANES


def test_every_chain_takes_every_step():
    sums = np.arange(limit.CHAINS * LANES, dtype=np.float32)
    expected = sums.copy()
    for _ in range(5):
        expected = expected * np.float32(0.5) + np.float32(3.0)
    limit.multiply_adds(sums, np.float32(0.5), np.float32(3.0), 5)
    assert_allclose(sums, expected, rtol=1e-6)  # a fused multiply-add rounds once where NumPy rounds twice


@pytest.mark.skipif(LANES < 8, reason="the instructions are those of AVX2 and AVX-512")
def test_no_chain_leaves_the_registers():
    limit.register_loop(1, 0.001)
    (code,) = limit.multiply_adds.inspect_asm().values()
    lines = code.splitlines()
    fused = [k for k, line in enumerate(lines) if "vfmadd" in line]
    assert len(fused) >= limit.CHAINS
    between = lines[fused[0] : fused[-1] + 1]
    assert [line for line in between if "(" in line] == []  # as each address has it, those on the stack too


def test_both_measures_give_numbers_and_leave_the_threads_as_they_were():
    threads = [library["num_threads"] for library in limit._blas().info()]
    measured = limit.measure_limits(1, 0.002)
    assert set(measured) == {"register loop", "sgemm"}
    assert measured["register loop"] > 0
    assert (measured["sgemm"] > 0) == bool(limit.blas_name())
    assert [library["num_threads"] for library in limit._blas().info()] == threads


def test_library_whose_threads_are_not_known_does_not_count(monkeypatch):
    monkeypatch.setattr(limit, "blas_name", lambda: "")
    assert limit.sgemm(1, 0.001) == 0.0


def test_larger_measure_counts_and_the_best_of_each_is_kept(monkeypatch):
    found = iter([{"register loop": 50.0, "sgemm": 60.0}, {"register loop": 70.0, "sgemm": 40.0}])
    monkeypatch.setattr(machine_module, "measure_limits", lambda n_threads, seconds: next(found))
    machine = {"gflops_limit": {}, "gflops_measured": {2: {}}}
    look_for_higher_limits(machine, 0.01)
    assert machine["gflops_limit"] == {2: 60.0}
    look_for_higher_limits(machine, 0.01)
    assert machine == {"gflops_limit": {2: 70.0}, "gflops_measured": {2: {"register loop": 70.0, "sgemm": 60.0}}}


def test_headline_says_both_measures():
    machine = machine_module.describe(1, quick=True) | {
        "gflops_limit": {1: 60.0},
        "gflops_measured": {1: {"register loop": 50.0, "sgemm": 60.0}},
        "blas": "openblas Haswell",
    }
    text = headline(machine)
    assert "Multiply-add limit on 1 thread, float32: 60 GFLOP/s (register loop 50, sgemm 60)." in text
    assert "openblas Haswell" in text
