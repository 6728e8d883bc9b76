"""The end of training: early stopping, time limits, Ctrl-C, divergence."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from training_problem import OTHER_LAW, VALIDATION, LinearNetwork, interrupt_at, run

from tsl.network import Loss, OptimizerState, Targets
from tsl.training import (
    Schedule,
    TrainingDivergedWarning,
    TrainingInterruptedWarning,
)

# --- stopping -----------------------------------------------------------------------------------------------


def test_training_stops_when_the_loss_stops_falling():
    _, history = run(max_iter=500, tol=0.5, n_iter_no_change=3)
    assert history.stopped_by == "tol"
    losses = np.array(history.loss)
    lowest = np.minimum.accumulate(losses)
    improved = np.flatnonzero(losses < np.concatenate([[np.inf], lowest[:-1]]) - 0.5)
    assert history.n_iter == improved[-1] + 1 + 3


def test_it_goes_on_for_ever_when_asked():
    _, history = run(max_iter=30, tol=1e9, n_iter_no_change=None)
    assert history.n_iter == 30


def test_early_stopping_restores_the_best_weights():
    seen = {}

    def keep(epoch, history, network):
        seen[epoch] = network.params.copy()

    state = OptimizerState(np.zeros(2), np.zeros(0))
    network, history = run(
        validation=OTHER_LAW,
        early_stopping=True,
        n_iter_no_change=3,
        tol=0.0,
        max_iter=50,
        callbacks=[keep],
        state=state,
    )
    assert history.stopped_by == "early_stopping"
    assert 1 < history.best_iter == np.argmin(history.val_loss) + 1
    assert history.n_iter == history.best_iter + 3
    assert_array_equal(network.params, seen[history.best_iter])
    assert (network.params != seen[history.n_iter]).any()
    assert state.step == 4 * history.best_iter  # the moments are those of the same moment
    assert network.evaluate(*OTHER_LAW, Loss(), n_threads=1) == min(history.val_loss)


def test_early_stopping_restores_the_best_weights_at_the_last_epoch_too():
    network, history = run(validation=OTHER_LAW, early_stopping=True, max_iter=12)
    assert history.stopped_by == "max_iter"
    assert history.best_iter < 12
    assert network.evaluate(*OTHER_LAW, Loss(), n_threads=1) == min(history.val_loss)


def test_validation_alone_keeps_the_last_weights_and_watches_the_training_loss():
    network, history = run(validation=OTHER_LAW, n_iter_no_change=3, tol=0.0, max_iter=12)
    assert history.stopped_by == "max_iter"  # the validation loss rises for more than 3 epochs, the other falls
    assert history.best_iter == np.argmin(history.val_loss) + 1 < 9
    assert network.evaluate(*OTHER_LAW, Loss(), n_threads=1) == history.val_loss[-1]


@pytest.mark.parametrize("early_stopping", [False, True])
def test_the_plateau_schedule_watches_what_stopping_watches(early_stopping):
    schedule = Schedule("plateau", init=0.05, factor=0.1, patience=2)
    _, history = run(
        schedule=schedule, validation=OTHER_LAW, early_stopping=early_stopping, n_iter_no_change=8, max_iter=10
    )
    fallen = [k for k, rate in enumerate(history.learning_rate, start=1) if rate < 0.04]
    # the training loss falls all the time; the validation loss has its minimum at best_iter
    assert fallen[:1] == ([history.best_iter + 3] if early_stopping else [])


def test_time_ends_training_within_an_epoch(stretch_of, clock):
    stretch_of(1)

    def before_step(step):
        clock[0] += 1.0

    network, history = run(LinearNetwork(before_step=before_step), max_time=6.0, validation=VALIDATION)
    assert history.stopped_by == "time"
    assert history.n_steps == [4, 2]
    assert history.val_loss[-1] == network.evaluate(*VALIDATION, Loss(), n_threads=1)
    assert history.seconds == [4.0, 2.0]


def test_one_stretch_is_taken_even_when_there_is_no_time(stretch_of):
    stretch_of(1)
    _, history = run(max_time=0.0)
    assert history.n_steps == [1]


def test_no_epoch_leaves_the_network_as_it_was():
    network, history = run(max_iter=0, validation=VALIDATION, early_stopping=True)
    assert_array_equal(network.params, [0.0, 0.0])
    assert (history.n_iter, history.best_iter, history.stopped_by) == (0, 0, "max_iter")


def test_the_cosine_comes_down_in_time(stretch_of, clock):
    stretch_of(1)

    def before_step(step):
        clock[0] += 5.0 if step == 0 else 1.0  # as if it had to be compiled first

    schedule = Schedule("cosine", init=1e-3, warmup=0.0)
    network, history = run(LinearNetwork(before_step=before_step), schedule=schedule, max_time=15.0, max_iter=100)
    assert history.stopped_by == "time"
    rates = np.concatenate([call[1] for call in network.calls])
    # 10 s are left after the first step, for 10 of all 400 steps; the second one is taken when none of them has passed
    shares = [0.0, 1 / 400, *(np.arange(1, 10) / 10)]
    assert_allclose(rates, 1e-3 * (1 + np.cos(np.pi * np.array(shares))) / 2)
    assert history.learning_rate == [rates[3], rates[7], rates[10]]


def test_a_time_limit_that_is_not_reached_changes_nothing(stretch_of, clock):
    stretch_of(1)
    schedule = Schedule("cosine", init=1e-3)
    network, history = run(schedule=schedule, max_time=1.0)
    assert_array_equal(network.params, run(schedule=schedule)[0].params)
    assert history.stopped_by == "max_iter"


# --- Ctrl-C -------------------------------------------------------------------------------------------------


def test_ctrl_c_keeps_the_validated_best_weights(stretch_of):
    stretch_of(1)
    best, reference = run(validation=OTHER_LAW, early_stopping=True, max_iter=9)
    network = LinearNetwork(before_step=interrupt_at(4 * 8 + 2))
    with pytest.warns(
        TrainingInterruptedWarning,
        match=f"interrupted in epoch 9: it has ended, with the weights as they were after epoch {reference.best_iter}",
    ):
        _, history = run(network, validation=OTHER_LAW, max_iter=20)
    assert history.stopped_by == "interrupt"
    assert history.best_iter == reference.best_iter < 8
    assert history.n_steps == [4] * 8 + [2]  # the cut epoch is in the history, but not validated
    assert math.isnan(history.val_loss[-1])
    assert_array_equal(network.params, best.params)


def test_ctrl_c_keeps_a_cut_epoch_whose_training_loss_is_lowest(stretch_of):
    stretch_of(1)
    seen = []
    network = LinearNetwork()
    network.before_step = lambda step: (seen.append(network.params.copy()), interrupt_at(10)(step))
    with pytest.warns(TrainingInterruptedWarning, match="with the weights as they were after epoch 3"):
        _, history = run(network)
    assert history.n_steps == [4, 4, 2]
    assert history.loss[2] < history.loss[1] < history.loss[0]
    assert_array_equal(network.params, seen[10])


def test_ctrl_c_drops_epochs_whose_training_loss_was_rising(stretch_of):
    stretch_of(1)
    seen = []

    def raise_rate(epoch, history, network):
        seen.append(network.params.copy())
        if epoch == 3:
            network.params += 5.0  # as one bad step would

    with pytest.warns(TrainingInterruptedWarning, match="in epoch 4: .* after epoch 3"):
        network, history = run(LinearNetwork(before_step=interrupt_at(14)), callbacks=[raise_rate])
    assert history.loss[3] > history.loss[2]
    assert history.best_iter == 3
    assert_array_equal(network.params, seen[2])


def test_ctrl_c_before_any_result_keeps_the_last_weights():
    with pytest.warns(TrainingInterruptedWarning, match="in epoch 1: it has ended, with the last weights"):
        network, history = run(LinearNetwork(before_step=interrupt_at(0)))
    assert (history.n_iter, history.best_iter, history.stopped_by) == (0, 0, "interrupt")
    assert_array_equal(network.params, [0.0, 0.0])


def test_ctrl_c_in_a_callback():
    def press(epoch, history, network):
        if epoch == 2:
            raise KeyboardInterrupt

    with pytest.warns(TrainingInterruptedWarning, match="after epoch 2"):
        network, history = run(callbacks=[press])
    assert history.n_steps == [4, 4]
    assert_array_equal(network.params, run(max_iter=2)[0].params)


def test_ctrl_c_in_validation():
    class Pressed(LinearNetwork):
        def evaluate(self, *args, **options):
            if len(self.evaluations) == 1:
                raise KeyboardInterrupt
            return super().evaluate(*args, **options)

    with pytest.warns(TrainingInterruptedWarning, match="in epoch 2: .* after epoch 1"):
        network, history = run(Pressed(), validation=VALIDATION)
    assert history.n_steps == [4, 4]
    assert math.isnan(history.val_loss[1])
    assert_array_equal(network.params, run(max_iter=1)[0].params)


# --- divergence ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("steps", [1, 3, 1000])
@pytest.mark.parametrize("validation", [None, VALIDATION])
def test_divergence_goes_back_to_weights_known_to_be_good(stretch_of, steps, validation):
    stretch_of(steps)
    seen = [np.zeros(2)]

    def break_down(epoch, history, network):
        seen.append(network.params.copy())
        if epoch == 3:
            network.params[:] = 1e200  # whose square is infinite

    with np.errstate(over="ignore"), pytest.warns(TrainingDivergedWarning, match="not finite in epoch 4.* A lower"):
        network, history = run(callbacks=[break_down], validation=validation)
    assert history.stopped_by == "divergence"
    assert history.n_steps == [4, 4, 4, 1]  # up to the step that shows it, wherever the stretch ends
    assert history.loss[3] == math.inf
    assert math.isnan(history.val_loss[3])
    assert len(seen) == 5  # callbacks see the last epoch
    # the validation loss is that of the end of epoch 3, the training loss that of the way there
    assert_array_equal(network.params, seen[3 if validation else 2])


def test_divergence_at_once_goes_back_to_the_start(stretch_of):
    stretch_of(1)
    network = LinearNetwork()
    network.params[:] = 0.25
    network.before_step = lambda step: network.params.fill(np.nan) if step == 2 else None
    with pytest.warns(TrainingDivergedWarning, match="in epoch 1: .* after epoch 0"):
        _, history = run(network)
    assert_array_equal(network.params, [0.25, 0.25])
    assert history.n_steps == [3]
    assert math.isnan(history.loss[0])
    assert history.best_iter == 0


def test_a_gradient_that_is_not_finite_is_divergence():
    class Steep(LinearNetwork):
        def train_steps(self, *args, **options):
            losses, norms = super().train_steps(*args, **options)
            return losses, norms + np.inf

    with pytest.warns(TrainingDivergedWarning, match="the loss, its gradient or the weights are not finite"):
        _, history = run(Steep())
    assert history.n_steps == [1]
    assert math.isfinite(history.loss[0])


@pytest.mark.parametrize("broken", [np.nan, -np.inf, 1e30])
def test_weights_that_the_last_step_broke_are_not_kept(broken):
    def break_down(epoch, history, network):
        if epoch == 3:
            network.params[1] = broken

    with pytest.warns(TrainingDivergedWarning, match="weights are not finite in epoch 3: .* after epoch 2"):
        network, history = run(max_iter=3, callbacks=[break_down])
    assert history.stopped_by == "divergence"
    assert np.isfinite(network.params).all()


def test_a_validation_loss_that_is_not_finite_is_no_divergence():
    rows = VALIDATION.targets.rows.copy()
    rows[0] = np.nan
    _, history = run(validation=VALIDATION._replace(targets=Targets(rows, VALIDATION.targets.starts)))
    assert history.stopped_by == "max_iter"
    assert history.best_iter == 0
