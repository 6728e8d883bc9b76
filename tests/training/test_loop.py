"""The training loop, on a linear model in plain NumPy that can be told to fail."""

import math
from contextlib import contextmanager
from types import SimpleNamespace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from tsl.network import Dropout, Loss, Optimizer, OptimizerState, Sequences, Targets
from tsl.training import (
    Callback,
    History,
    Samples,
    Schedule,
    TrainingDivergedWarning,
    TrainingInterruptedWarning,
    TrainingSettings,
    train,
    trainer,
)
from tsl.training import clock as training_clock


class LinearNetwork:
    """Least squares by gradient descent with momentum, where `tsl.network.Network` has an LSTM.

    `before_step` is called with the number of steps taken so far, before each step.
    """

    architecture = SimpleNamespace(every_step=False)

    def __init__(self, n_inputs=2, before_step=lambda step: None):
        self.params = np.zeros(n_inputs)
        self.before_step = before_step
        self.calls = []
        self.evaluations = []

    @contextmanager
    def editing(self):
        yield self.params

    def new_optimizer_state(self):
        return OptimizerState(np.zeros_like(self.params), np.zeros(0))

    def residuals(self, sequences, targets, windows):
        inputs = sequences.rows[sequences.starts[windows]]
        return inputs, inputs @ self.params - targets.rows[targets.starts[windows], 0]

    def evaluate(self, sequences, targets, weights, loss, *, n_threads):
        self.evaluations.append(loss)
        _, errors = self.residuals(sequences, targets, slice(None))
        return np.average(errors**2, weights=weights)

    def train_steps(
        self,
        sequences,
        targets,
        weights,
        batches,
        learning_rates,
        loss,
        optimizer,
        state,
        *,
        dropout,
        memory,
        n_threads,
    ):
        self.calls.append((batches.copy(), learning_rates.copy(), dropout, n_threads))
        losses, norms = np.empty(len(batches)), np.empty(len(batches))
        for k, (batch, rate) in enumerate(zip(batches, learning_rates)):
            self.before_step(state.step)
            windows = batch[batch >= 0]
            share = np.ones(windows.size) if weights is None else weights[windows]
            inputs, errors = self.residuals(sequences, targets, windows)
            gradient = 2 * np.average(inputs * errors[:, None], axis=0, weights=share)
            losses[k] = np.average(errors**2, weights=share)
            norms[k] = np.linalg.norm(gradient)
            if np.isfinite(losses[k]) and np.isfinite(norms[k]):
                state.mean[:] = 0.5 * state.mean + gradient
                self.params -= rate * state.mean
            state.step += 1
        return losses, norms


def make_samples(n=20, seed=0, weights=None, noise=0.1):
    """Noisy y = x0 - 2 x1."""
    rng = np.random.default_rng(seed)
    inputs = rng.normal(size=(n, 2))
    outputs = inputs @ [[1.0], [-2.0]] + noise * rng.normal(size=(n, 1))
    starts = np.arange(n)
    return Samples(Sequences(inputs, starts, np.ones(n, np.int64)), Targets(outputs, starts), weights)


SAMPLES = make_samples()
VALIDATION = make_samples(10, seed=1)


def run(network=None, samples=SAMPLES, *, seed=0, schedule=None, callbacks=(), **options):
    """Train on 20 windows in batches of 6, so 4 steps an epoch; anything of the settings can be given by name."""
    network = network or LinearNetwork()
    arguments = {
        name: options.pop(name)
        for name in ("validation", "state", "history", "verbose", "dropout", "n_threads")
        if name in options
    }
    settings = {"max_iter": 5, "batch_size": 6, "n_iter_no_change": None, **options}
    history = train(
        network,
        samples,
        loss=Loss(),
        optimizer=Optimizer(),
        settings=TrainingSettings(schedule=schedule or Schedule(init=0.05), **settings),
        random_state=np.random.RandomState(seed),
        callbacks=callbacks,
        **arguments,
    )
    return network, history


class FixedPace:
    """Stretches of a given number of steps."""

    def __init__(self, steps):
        self.steps = steps

    def observe(self, steps, seconds):
        pass


@pytest.fixture
def stretch_of(monkeypatch):
    return lambda steps: monkeypatch.setattr(trainer, "Pace", lambda: FixedPace(steps))


@pytest.fixture
def clock(monkeypatch):
    """Seconds, to be changed by the test."""
    now = [0.0]
    monkeypatch.setattr(training_clock, "perf_counter", lambda: now[0])
    return now


def interrupt_at(step):
    """Ctrl-C before step number `step`, once."""

    def before_step(taken):
        if taken == step:
            raise KeyboardInterrupt

    return before_step


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


# Stopped by the rise of the validation loss: its data follow another law, which the way to the training data passes.
OTHER_LAW = SAMPLES._replace(targets=Targets(0.5 * SAMPLES.targets.rows, SAMPLES.targets.starts))


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


# --- callbacks ----------------------------------------------------------------------------------------------


def test_callbacks_come_around_every_epoch_with_its_results():
    log = []

    class Recorder(Callback):
        def on_epoch_begin(self, epoch, history, network):
            log.append(("begin", epoch, history.n_iter, len(network.evaluations)))

        def on_epoch_end(self, epoch, history, network):
            log.append(("end", epoch, history.n_iter, len(network.evaluations)))

    run(callbacks=[Recorder()], validation=VALIDATION, max_iter=2)
    assert log == [("begin", 1, 0, 0), ("end", 1, 1, 1), ("begin", 2, 1, 1), ("end", 2, 2, 2)]


def test_a_callback_can_end_training():
    network, history = run(callbacks=[lambda epoch, history, network: epoch == 3])
    assert (history.n_iter, history.stopped_by) == (3, "callback")
    assert_array_equal(network.params, run(max_iter=3)[0].params)


@pytest.mark.parametrize("hook", ["on_epoch_begin", "on_epoch_end"])
def test_an_exception_of_a_callback_comes_out_with_the_weights_of_the_epoch(hook):
    class Failing(Callback):
        pass

    def fail(epoch, history, network):
        if epoch == (2 if hook == "on_epoch_end" else 3):
            raise RuntimeError("mine")

    failing = Failing()
    setattr(failing, hook, fail)
    network, history = LinearNetwork(), History()
    with pytest.raises(RuntimeError, match="mine"):
        run(network, callbacks=[failing], history=history)
    assert_array_equal(network.params, run(max_iter=2)[0].params)
    assert history.n_iter == 2


def test_callbacks_of_scikit_learn_can_be_bridged():
    callback_module = pytest.importorskip("sklearn.callback")
    log = []

    class Monitor:
        def setup(self, estimator, context):
            log.append("setup")

        def on_fit_task_begin(self, estimator, context):
            log.append(("begin", context.task_name, context.task_id))

        def on_fit_task_end(self, estimator, context, *, fitted_estimator):
            log.append(("end", context.task_name, context.task_id, fitted_estimator.n_iter_))
            return context.task_id == 1

        def teardown(self, estimator, context):
            log.append("teardown")

    class Bridge(Callback):
        def __init__(self, estimator, context):
            self.estimator, self.context = estimator, context

        def on_epoch_begin(self, epoch, history, network):
            self.task = self.context.subcontext("epoch").call_on_fit_task_begin(estimator=self.estimator)

        def on_epoch_end(self, epoch, history, network):
            return self.task.call_on_fit_task_end(
                estimator=self.estimator, reconstruction_attributes=lambda: {"n_iter_": history.n_iter}
            )

    class Estimator(callback_module.CallbackSupportMixin):
        @callback_module.with_callbacks
        def fit(self):
            context = self._init_callback_context(max_subtasks=5).call_on_fit_task_begin(estimator=self)
            _, self.history_ = run(callbacks=[Bridge(self, context)])
            self.n_iter_ = self.history_.n_iter
            context.call_on_fit_task_end(estimator=self, reconstruction_attributes={})

    estimator = Estimator().set_callbacks(Monitor())
    estimator.fit()
    assert estimator.history_.stopped_by == "callback"
    assert log == [
        "setup",
        ("begin", "fit", 0),
        ("begin", "epoch", 0),
        ("end", "epoch", 0, 1),
        ("begin", "epoch", 1),
        ("end", "epoch", 1, 2),
        ("end", "fit", 0, 2),
        "teardown",
    ]


# --- going on -----------------------------------------------------------------------------------------------


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
