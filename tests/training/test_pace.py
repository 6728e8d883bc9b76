"""Compiled calls of about a tenth of a second, whatever a step costs."""

import pytest

from tsl.training.pace import MAX_GROWTH, Pace


def run(pace, step_seconds, calls, *, overhead=0.0, first=0.0):
    """Sizes of one stretch after another, and how long the last one takes."""
    sizes = []
    for call in range(calls):
        sizes.append(pace.steps)
        seconds = overhead + pace.steps * step_seconds + (first if call == 0 else 0.0)
        pace.observe(pace.steps, seconds)
    return sizes, seconds


@pytest.mark.parametrize("step_seconds", [1e-5, 1e-4, 3e-3, 0.04])
def test_stretches_become_a_tenth_of_a_second(step_seconds):
    # 8**5 steps are more than the 10**4 of the shortest step here; the first two calls are spent on compiling
    sizes, seconds = run(Pace(0.1), step_seconds, calls=8, first=12.0)
    assert sizes[:2] == [1, 1]
    assert seconds == pytest.approx(0.1, abs=step_seconds + 1e-9)


def test_a_step_longer_than_that_is_a_stretch():
    assert run(Pace(0.1), 2.5, calls=4)[0] == [1] * 4


def test_one_measurement_is_not_trusted_too_far():
    pace = Pace(0.1)
    pace.observe(1, 0.0)
    assert pace.steps == MAX_GROWTH


def test_slower_steps_make_stretches_shorter_at_once():
    pace = Pace(0.1)
    run(pace, 1e-4, calls=8)
    pace.observe(pace.steps, 10.0)
    assert pace.steps == 10  # a thousand steps took 10 s


def test_the_short_rest_of_an_epoch_teaches_nothing():
    pace = Pace(0.1)
    run(pace, 1e-4, calls=8)
    assert pace.steps == 1000
    pace.observe(3, 0.01)
    assert pace.steps == 1000
    pace.observe(3, 0.3)  # unless it was slow
    assert pace.steps == 1
