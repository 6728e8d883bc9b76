"""Learning rates, compared with values worked out by hand."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from tsl.training import Schedule
from tsl.training.schedules import LearningRates


def rates_of_epochs(schedule, losses, *, steps_per_epoch=1, max_iter=None, past=(), tol=0.0):
    """The rates of one epoch after another, `losses` being what the epochs end with."""
    rates = LearningRates(
        schedule, steps_per_epoch=steps_per_epoch, max_iter=max_iter or len(losses), tol=tol, past=past
    )
    epochs = []
    for loss in losses:
        epochs.append(rates.epoch())
        rates.epoch_ended(loss)
    return np.array(epochs)


def test_constant_is_constant():
    epochs = rates_of_epochs(Schedule("constant", init=0.3), [1.0, 2.0], steps_per_epoch=3)
    assert epochs.dtype == np.float64
    assert_allclose(epochs, np.full((2, 3), 0.3))


def test_step_falls_after_every_so_many_epochs():
    epochs = rates_of_epochs(Schedule("step", init=0.8, factor=0.5, every=2), [1.0] * 5, steps_per_epoch=2)
    assert_allclose(epochs[:, 0], [0.8, 0.8, 0.4, 0.4, 0.2])
    assert_allclose(epochs[:, 1], epochs[:, 0])


def test_cosine_warms_up_then_falls_along_half_a_wave():
    schedule = Schedule("cosine", init=2.0, warmup=0.2, final=0.1)
    epochs = rates_of_epochs(schedule, [1.0] * 5, steps_per_epoch=2)
    # 10 steps, 2 of them rising: 2 * 1/2, 2 * 2/2; then 2 * (0.1 + 0.9 * (1 + cos(pi * k / 8)) / 2) for k = 0 .. 7
    cosines = np.cos(np.pi * np.arange(8) / 8)
    expected = [1.0, 2.0, *(2.0 * (0.1 + 0.9 * (1 + cosines) / 2))]
    assert_allclose(epochs.ravel(), expected)
    # half-way down, k = 4: 2 * (0.1 + 0.45)
    assert epochs.ravel()[6] == pytest.approx(1.1)


def test_cosine_without_warmup_starts_at_the_top():
    assert_allclose(rates_of_epochs(Schedule("cosine", init=1.0, warmup=0.0), [1.0] * 2).ravel(), [1.0, 0.5])


def test_cosine_that_only_warms_up_ends_at_the_top():
    assert_allclose(rates_of_epochs(Schedule("cosine", init=1.0, warmup=1.0), [1.0] * 2).ravel(), [0.5, 1.0])


def test_cosine_keeps_up_with_the_time():
    rates = LearningRates(Schedule("cosine", init=2.0, warmup=0.0), steps_per_epoch=4, max_iter=2)
    rates.epoch()
    epoch = rates.epoch()
    by_steps = epoch.copy()
    rates.keep_up(epoch, slice(0, 2), 0.3)  # steps 4 and 5 of 8: further on than 0.3
    assert_allclose(epoch, by_steps)
    rates.keep_up(epoch, slice(1, 9), 0.75)  # step 5, and those after it in the epoch, become steps 6, 7 and the end
    assert_allclose(epoch, [by_steps[0], *(1 + np.cos(np.pi * np.array([6, 7, 8]) / 8))])


@pytest.mark.parametrize("name", ["constant", "step", "plateau"])
def test_other_schedules_have_no_end_to_be_in_time_for(name):
    rates = LearningRates(Schedule(name, init=2.0), steps_per_epoch=4, max_iter=2)
    epoch = rates.epoch()
    rates.keep_up(epoch, slice(0, 4), 0.9)
    assert_allclose(epoch, 2.0)


def test_plateau_falls_after_epochs_without_improvement():
    schedule = Schedule("plateau", init=1.0, factor=0.1, patience=2, min_rate=0.05)
    #         lowest so far: 5, 4, then two epochs (4, 4.5) without progress, then two more, then it is at the minimum
    losses = [5.0, 4.0, 4.0, 4.5, 4.2, 4.1, 9.9, 9.9, 9.9]
    epochs = rates_of_epochs(schedule, losses).ravel()
    assert_allclose(epochs, [1.0, 1.0, 1.0, 1.0, 0.1, 0.1, 0.05, 0.05, 0.05])


def test_plateau_wants_improvements_of_tol():
    schedule = Schedule("plateau", init=1.0, factor=0.5, patience=1)
    losses = [1.0, 0.95, 0.7, 0.7]  # 0.05 is less than 0.1; 0.25 is more
    assert_allclose(rates_of_epochs(schedule, losses, tol=0.1).ravel(), [1.0, 1.0, 0.5, 0.5])


def test_plateau_counts_a_loss_that_is_not_a_number():
    schedule = Schedule("plateau", init=1.0, factor=0.5, patience=1)
    assert_allclose(rates_of_epochs(schedule, [1.0, np.nan, 0.5, 0.4]).ravel(), [1.0, 1.0, 0.5, 0.5])


def test_plateau_never_raises_the_rate():
    schedule = Schedule("plateau", init=1e-8, factor=0.5, patience=1, min_rate=1e-6)
    assert_allclose(rates_of_epochs(schedule, [1.0, 1.0, 1.0]).ravel(), [1e-8] * 3)


@pytest.mark.parametrize(
    "schedule",
    [Schedule("step", init=1.0, every=3), Schedule("plateau", init=1.0, patience=3), Schedule("constant")],
    ids=lambda schedule: schedule.name,
)
def test_a_second_run_goes_on_where_the_first_ended(schedule):
    losses = [3.0, 2.0, 2.0, 2.0, 2.0, 1.0, 1.0, 1.0, 1.0, 1.0]
    whole = rates_of_epochs(schedule, losses)
    parts = [rates_of_epochs(schedule, losses[:4]), rates_of_epochs(schedule, losses[4:], past=losses[:4])]
    assert_allclose(np.concatenate(parts), whole, rtol=0)


def test_cosine_spans_each_run():
    schedule = Schedule("cosine", init=1.0, warmup=0.0)
    again = rates_of_epochs(schedule, [1.0] * 4, past=[1.0] * 3)
    assert_allclose(again, rates_of_epochs(schedule, [1.0] * 4), rtol=0)


def test_an_unknown_name_is_an_error_that_says_which_there_are():
    with pytest.raises(ValueError, match=r"learning_rate='linear'.*'constant', 'step', 'cosine', 'plateau'"):
        Schedule("linear")
