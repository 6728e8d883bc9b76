"""Training of a linear model: epochs, steps, history, streams, continued training, progress."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from training_problem import SAMPLES, VALIDATION, LinearNetwork, make_samples, run

from tsl.network import Dropout, Loss, Optimizer, Sequences, Targets
from tsl.training import (
    History,
    Samples,
    Schedule,
    TrainingSettings,
    train,
)

# --- epochs and steps ---------------------------------------------------------------------------------------


def test_it_learns():
    network, history = run(max_iter=50)
    assert_allclose(network.params, [1.0, -2.0], atol=0.1)  # noise of 0.1 over the root of 20 windows, four times
    assert history.stopped_by == "max_iter"
    assert history.n_iter == 50
    assert history.loss[-1] < 0.02  # twice the noise's variance


def test_every_epoch_reads_every_window_once_in_a_new_order():
    network, _ = run(max_iter=3)
    batches = np.concatenate([call[0] for call in network.calls]).reshape(3, 24)
    for epoch in batches:
        assert_array_equal(np.sort(epoch), [-1] * 4 + list(range(20)))
    assert (batches[0] != batches[1]).any()
    assert (batches[1] != batches[2]).any()


def test_without_shuffle_the_order_is_kept():
    network, _ = run(max_iter=2, shuffle=False)
    batches = np.concatenate([call[0] for call in network.calls]).reshape(2, 24)
    assert_array_equal(batches, [[*range(20), -1, -1, -1, -1]] * 2)


def test_a_batch_is_at_most_all_windows():
    network, history = run(batch_size=1000, max_iter=2)
    assert history.n_steps == [1, 1]
    assert network.calls[0][0].shape == (1, 20)


def test_same_seed_same_network():
    assert_array_equal(run(seed=3)[0].params, run(seed=3)[0].params)
    assert (run(seed=3)[0].params != run(seed=4)[0].params).any()


@pytest.mark.parametrize("name", ["constant", "step", "cosine", "plateau"])
@pytest.mark.parametrize("steps", [2, 3, 1000])
def test_results_do_not_depend_on_where_stretches_are_cut(stretch_of, steps, name):
    def result():
        schedule = Schedule(name, init=0.1, every=2, patience=1)
        network, history = run(schedule=schedule, validation=VALIDATION, early_stopping=True, tol=0.01, max_iter=8)
        return network, history

    stretch_of(1)
    one, one_history = result()
    stretch_of(steps)
    many, many_history = result()
    assert len(one.calls) == 8 * 4
    assert len(many.calls) == 8 * math.ceil(4 / steps)  # never beyond the end of an epoch
    assert_array_equal(many.params, one.params)
    assert many_history.loss == one_history.loss
    assert many_history.val_loss == one_history.val_loss
    assert many_history.grad_norm == one_history.grad_norm
    assert many_history.learning_rate == one_history.learning_rate


def test_stretches_grow_from_one_step():
    network, _ = run(max_iter=2)
    # least squares takes microseconds: 1, then up to 8 times as many, which is the rest of the epoch
    assert [len(call[0]) for call in network.calls[:2]] == [1, 3]


def test_options_reach_the_network():
    network, _ = run(dropout=Dropout(outputs=0.5, seed=9), n_threads=2, validation=VALIDATION, max_iter=1)
    assert all(call[2:] == (Dropout(outputs=0.5, seed=9), 2) for call in network.calls)
    assert network.evaluations == [Loss()]
    assert run(max_iter=1)[0].calls[0][2:] == (Dropout(), 1)


def test_every_step_has_its_learning_rate():
    network, _ = run(schedule=Schedule("cosine", init=1e-3, warmup=0.0), max_iter=2)
    rates = np.concatenate([call[1] for call in network.calls])
    assert_allclose(rates, 1e-3 * (1 + np.cos(np.pi * np.arange(8) / 8)) / 2)


def test_windows_of_weight_zero_are_as_good_as_absent():
    weights = np.ones(20)
    weights[15:] = 0.0
    some = make_samples(20)
    fewer = Samples(
        Sequences(some.sequences.rows, some.sequences.starts[:15], some.sequences.lengths[:15]),
        Targets(some.targets.rows, some.targets.starts[:15]),
    )
    weighted, weighted_history = run(samples=some._replace(weights=weights))
    without, history = run(samples=fewer)
    assert_allclose(weighted.params, without.params, rtol=1e-12)
    assert_allclose(weighted_history.loss, history.loss, rtol=1e-12)


def test_no_samples_is_an_error():
    with pytest.raises(ValueError, match="samples has no window with a weight above 0"):
        run(samples=make_samples(0))


@pytest.mark.parametrize("validation", [None, make_samples(0)])
def test_early_stopping_without_validation_data_is_an_error(validation):
    with pytest.raises(ValueError, match="early_stopping=True needs validation data"):
        run(early_stopping=True, validation=validation)


# --- history ------------------------------------------------------------------------------------------------


def test_the_history_holds_what_happened():
    samples = make_samples(weights=np.linspace(1.0, 2.0, 20))
    network, history = run(
        LinearNetwork(), samples, schedule=Schedule("step", init=0.0, every=1), max_iter=2, validation=VALIDATION
    )
    # at a rate of 0 all steps see the same parameters, so an epoch's mean loss is that of all windows together
    assert_allclose(history.loss, [network.evaluate(*samples, Loss(), n_threads=1)] * 2)
    assert_allclose(history.val_loss, [network.evaluate(*VALIDATION, Loss(), n_threads=1)] * 2)
    assert history.n_steps == [4, 4]
    assert history.learning_rate == [0.0, 0.0]
    assert all(norm > 0 for norm in history.grad_norm)
    assert history.best_iter == 1


def test_the_learning_rate_of_an_epoch_is_that_of_its_last_step():
    _, history = run(schedule=Schedule("step", init=0.08, factor=0.5, every=2), max_iter=4)
    assert history.learning_rate == [0.08, 0.08, 0.04, 0.04]
    network, history = run(schedule=Schedule("cosine", init=0.08), max_iter=2)
    assert history.learning_rate == [np.concatenate([call[1] for call in network.calls])[k] for k in (3, 7)]


def test_without_validation_data_its_loss_is_not_a_number():
    _, history = run(max_iter=2)
    assert all(math.isnan(loss) for loss in history.val_loss)


def test_seconds_are_those_of_steps_and_validation(clock):
    def before_step(step):
        clock[0] += 1.0

    def after_epoch(epoch, history, network):
        clock[0] += 100.0

    _, history = run(LinearNetwork(before_step=before_step), max_iter=2, callbacks=[after_epoch])
    assert history.seconds == [4.0, 4.0]


# --- streams ------------------------------------------------------------------------------------------------


class CountingNetwork(LinearNetwork):
    """Its states count the steps since they were zero."""

    def __init__(self):
        super().__init__()
        self.carried = []

    def zero_states(self, batch_size):
        return np.zeros((2, batch_size, 1))

    def train_steps(self, *args, carried, batches, **options):
        for _ in batches:
            self.carried.append(carried.copy())
            carried += 1.0
        return super().train_steps(*args, batches=batches, **options)


@pytest.mark.parametrize("steps", [1, 3, 1000])
def test_states_are_carried_through_an_epoch(stretch_of, steps):
    stretch_of(steps)
    network, _ = run(CountingNetwork(), carry_states=True, shuffle=False, max_iter=2)
    assert network.carried[0].shape == (2, 6, 1)
    assert [states.max() for states in network.carried] == [0.0, 1.0, 2.0, 3.0] * 2
    assert [states.min() for states in network.carried] == [0.0, 1.0, 2.0, 3.0] * 2


def test_shuffled_windows_cannot_carry_states():
    with pytest.raises(ValueError, match="carry_states=True needs shuffle=False"):
        run(CountingNetwork(), carry_states=True)


def test_samples_can_be_given_anew_for_each_epoch():
    given = [make_samples(seed=k, weights=np.linspace(1.0, 2.0 + k, 20)) for k in range(3)]
    drawn = iter(given)
    network, history = run(samples=lambda: next(drawn), schedule=Schedule(init=0.0), max_iter=3)
    assert next(drawn, None) is None
    # at a rate of 0 an epoch's mean loss is that of all its windows together, each by its weight in that epoch
    assert_allclose(history.loss, [network.evaluate(*samples, Loss(), n_threads=1) for samples in given])


def test_validation_can_be_a_function():
    losses = [3.0, 1.0, 2.0, 2.0, 2.0]
    given = iter(losses)
    _, history = run(validation=lambda: next(given), early_stopping=True, n_iter_no_change=2, max_iter=9)
    assert history.val_loss == losses[:4]
    assert (history.best_iter, history.stopped_by) == (2, "early_stopping")


# --- continued training -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["constant", "step", "plateau"])
def test_two_runs_are_one_long_run(name):
    schedule = Schedule(name, init=0.05, every=3, patience=2)
    whole, whole_history = run(schedule=schedule, tol=0.3, max_iter=7)

    network, history, random_state = LinearNetwork(), History(), np.random.RandomState(0)
    state = network.new_optimizer_state()
    for max_iter in (2, 1, 4):
        result = train(
            network,
            SAMPLES,
            loss=Loss(),
            optimizer=Optimizer(),
            settings=TrainingSettings(
                schedule=schedule, tol=0.3, max_iter=max_iter, batch_size=6, n_iter_no_change=None
            ),
            random_state=random_state,
            state=state,
            history=history,
        )
        assert result is history
    assert_array_equal(network.params, whole.params)
    assert history.loss == whole_history.loss
    assert history.learning_rate == whole_history.learning_rate
    assert history.best_iter == whole_history.best_iter
    assert state.step == 7 * 4


def test_stopping_starts_anew():
    network, history = run(max_iter=500, n_iter_no_change=2)
    assert history.stopped_by == "tol"
    n_iter = history.n_iter
    numbers = []
    run(network, history=history, max_iter=500, n_iter_no_change=2, callbacks=[lambda epoch, *_: numbers.append(epoch)])
    # the first epoch of a run is always an improvement, so two more are wanted
    assert history.n_iter >= n_iter + 3
    assert numbers == list(range(n_iter + 1, history.n_iter + 1))
    assert history.best_iter > n_iter


# --- progress -----------------------------------------------------------------------------------------------


def test_progress_is_written_to_stderr_when_asked(capsys):
    run(verbose=2, max_iter=2, validation=VALIDATION)
    out, err = capsys.readouterr()
    assert out == ""
    assert [line.split("  ")[0] for line in err.splitlines()] == ["epoch 1/2", "epoch 2/2"]
    assert "validation" in err


def test_nothing_is_written_unless_asked(capsys):
    run()
    assert capsys.readouterr() == ("", "")


def test_an_exception_leaves_no_line_unfinished(capsys):
    def fail(epoch, history, network):
        if epoch == 3:
            raise RuntimeError

    with pytest.raises(RuntimeError):
        run(verbose=1, callbacks=[fail])
    assert capsys.readouterr().err.splitlines()[-1].startswith("epoch 3/5")
