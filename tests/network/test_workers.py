"""Threads alongside the calling one."""

import contextlib
import threading

import numpy as np
import pytest

from tsl.kernels.target import ARM64, INTERPRETED, X86
from tsl.kernels.threads import ABORTED, new_barrier
from tsl.network.workers import in_threads


def test_every_thread_has_its_number_and_the_first_is_the_calling_one():
    found = {}
    in_threads(lambda thread: found.update({thread: threading.get_ident()}), 3)
    assert sorted(found) == [0, 1, 2]
    assert found[0] == threading.get_ident()
    assert len(set(found.values())) == 3


@pytest.mark.parametrize("failing", [0, 1])
def test_an_error_in_any_thread_calls_off_the_team_and_comes_out(failing):
    barrier, ran = new_barrier(), []

    def run(thread):
        ran.append(thread)
        if thread == failing:
            raise RuntimeError("mine")

    with pytest.raises(RuntimeError, match="mine"):
        in_threads(run, 2, barrier)
    assert sorted(ran) == [0, 1]
    assert barrier[ABORTED] == 1


def test_calls_from_within_a_thread_do_not_wait_for_each_other():
    found = []
    in_threads(lambda outer: in_threads(lambda inner: found.append((outer, inner)), 2), 2)
    assert sorted(found) == [(0, 0), (0, 1), (1, 0), (1, 1)]


@pytest.mark.skipif(INTERPRETED or not (X86 or ARM64), reason="the register is not known here, or Python computes")
@pytest.mark.parametrize("failing", [False, True])
def test_subnormal_numbers_are_zero_in_the_threads_and_nowhere_else(failing):
    subnormal, found = np.full(16, 1e-40, np.float32), {}

    def run(thread):
        found[thread] = np.count_nonzero(subnormal * np.float32(0.5))
        if failing:
            raise RuntimeError("mine")

    with pytest.raises(RuntimeError, match="mine") if failing else contextlib.nullcontext():
        in_threads(run, 2)
    assert found == {0: 0, 1: 0}
    assert np.count_nonzero(subnormal * np.float32(0.5)) == 16
