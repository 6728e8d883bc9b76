"""The clock of a training run that may be interrupted."""

import pytest

from tsl.training.clock import Clock


@pytest.mark.usefixtures("clock")
def test_nothing_has_passed_before_the_first_step():
    assert Clock().share(10.0, 5.0) == 0.0


def test_the_first_step_is_left_out_of_the_share(clock):
    timer = Clock()
    clock[0] = 4.0
    timer.step_ended(4.0)
    timer.step_ended(6.0)  # not the first
    assert timer.share(10.0, 7.0) == 0.5
    assert [timer.is_over(10.0, now) for now in (9.9, 10.0)] == [False, True]
    assert not timer.is_over(None, 1e9)


def test_time_between_runs_does_not_count(clock):
    timer = Clock()
    timer.step_ended(2.0)
    clock[0] = 3.0
    state = timer.state()
    clock[0] = 100.0
    again = Clock()
    again.restore(state)
    assert again.state() == state
    assert again.share(12.0, 102.0) == timer.share(12.0, 5.0)
