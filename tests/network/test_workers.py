"""Threads beside the calling one."""

import threading

import pytest

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
