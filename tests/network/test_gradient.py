"""Gradients of the compiled network, compared with the NumPy reference and central differences; losses and dropout."""

import numpy as np
import pytest
from network_problem import (
    LOSSES,
    PRECISIONS,
    SHAPES,
    assert_close,
    make_problem,
    shape_name,
    share_small_work,
    some_windows,
    twin_forward,
    twin_gradient,
)
from numpy.testing import assert_allclose, assert_array_equal
from reference import central_difference

from tsl.network import Dropout, Loss, Sequences

# central differences of step 1e-6 are good to about 1e-9 of the loss, which is of order 1
CLOSE = {"rtol": 1e-6, "atol": 1e-8}
DROPOUT = Dropout(outputs=0.4, recurrent=0.3, seed=5)


def gradient_of(problem, loss, **options):
    network, sequences, targets, weights, initial = problem[:5]
    return network.gradient(sequences, targets, weights, loss, initial=initial, **options)


def assert_equals_twin(problem, loss, gradient, **masks):
    """Hold a `Gradient` in every part against the twin's."""
    network = problem.network
    dtype, one_hot = network.params.dtype, network.architecture.one_hot
    value, expected = twin_gradient(problem, loss, **masks)
    assert_allclose(gradient.loss, value, rtol=100 * np.finfo(dtype).eps)
    for name, grad in network.named(gradient.params).items():
        assert_close(grad, expected[name], dtype, name)
    if one_hot:
        assert gradient.inputs.size == 0
    else:
        assert_close(gradient.inputs, expected["x"], dtype)
    for grads, kind in [(gradient.hidden, "h0"), (gradient.cell, "c0")]:
        for grad, twins in zip(grads, expected[kind], strict=True):
            assert_close(grad, twins, dtype, kind)


# --- against the twin -------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", PRECISIONS)
@pytest.mark.parametrize("shape", SHAPES, ids=shape_name)
def test_every_gradient_equals_the_twins(shape, dtype):
    problem = make_problem(dtype, **shape)
    loss = LOSSES["squared_error"]
    assert_equals_twin(problem, loss, gradient_of(problem, loss))


@pytest.mark.parametrize("dtype", PRECISIONS)
@pytest.mark.parametrize("every_step", [False, True])
@pytest.mark.parametrize("name", LOSSES)
def test_every_loss_equals_the_twins(name, every_step, dtype):
    problem = make_problem(dtype, loss=name, every_step=every_step, batch=7)
    assert_equals_twin(problem, LOSSES[name], gradient_of(problem, LOSSES[name]))
    unweighted = problem._replace(weights=None)
    assert_equals_twin(unweighted, LOSSES[name], gradient_of(unweighted, LOSSES[name]))


def test_long_windows_and_many_of_them():
    """More steps and rows than any block that work is cut into; errors grow with the 150 steps' sums."""
    problem = make_problem(np.float64, hidden_sizes=(17,), batch=150, n_steps=150)
    assert_equals_twin(problem, LOSSES["huber"], gradient_of(problem, LOSSES["huber"]))


@pytest.mark.parametrize("dtype", PRECISIONS)
def test_log_loss_of_extreme_outputs_is_finite(dtype):
    problem = make_problem(dtype, loss="log_loss")
    with problem.network.editing() as params:
        problem.network.named(params)["head.b_out"][:] = [1e3, -1e3, 0, 1e4, -1e4, 5]
    assert_equals_twin(problem, LOSSES["log_loss"], gradient_of(problem, LOSSES["log_loss"]))


def test_errors_of_exactly_zero_have_no_gradient():
    """The kink of the absolute error and of the pinball loss: the subgradient 0 is taken."""
    for loss in (LOSSES["absolute_error"], Loss("quantile", quantiles=(0.3,))):
        problem = make_problem()
        with problem.network.editing() as params:
            params[:] = 0
        targets = problem.targets._replace(rows=np.zeros_like(problem.targets.rows))
        gradient = gradient_of(problem._replace(targets=targets), loss)
        assert gradient.loss == 0
        assert_array_equal(gradient.params, 0)


# --- against central differences, with dropout too --------------------------------------------------------


@pytest.mark.parametrize("dropout", [Dropout(), DROPOUT], ids=["whole", "dropout"])
@pytest.mark.parametrize(
    ("bidirectional", "every_step", "name"),
    [
        (False, False, "squared_error"),
        (False, True, "quantile"),
        (True, False, "huber"),
        (True, True, "log_loss"),
        (True, True, "absolute_error"),
        (False, True, "poisson"),
        (True, False, "negative_binomial"),
    ],
)
def test_gradient_matches_central_differences(bidirectional, every_step, name, dropout):
    problem = make_problem(
        hidden_sizes=(3, 2),
        n_inputs=2,
        batch=3,
        bidirectional=bidirectional,
        every_step=every_step,
        loss=name,
    )
    # windows that do not overlap, so that an entry of the rows is an entry of one window
    starts = np.array([0, 5, 9])
    problem = problem._replace(sequences=problem.sequences._replace(starts=starts, lengths=np.array([5, 4, 6])))
    gradient = gradient_of(problem, LOSSES[name], dropout=dropout, step=3)

    def loss():
        return gradient_of(problem, LOSSES[name], dropout=dropout, step=3).loss

    with problem.network.editing() as params:
        expected = central_difference(loss, params)
    assert_allclose(gradient.params, expected, **CLOSE)
    d_rows = central_difference(loss, problem.sequences.rows)
    for b, (start, length) in enumerate(zip(*problem.sequences[1:3], strict=True)):
        assert_allclose(gradient.inputs[b, :length], d_rows[start : start + length], **CLOSE)
        assert_array_equal(gradient.inputs[b, length:], 0)
    for grads, states in zip((gradient.hidden, gradient.cell), problem.initial, strict=True):
        for grad, state in zip(grads, states, strict=True):
            assert_allclose(grad, central_difference(loss, state), **CLOSE)


# --- dropout ----------------------------------------------------------------------------------------------
# With one window, gradients of matrices are outer products, which show what entered the product.


def is_scaled_mask(mask, rate):
    return np.all(np.isclose(mask, 0, atol=1e-9) | np.isclose(mask, 1 / (1 - rate)))


def test_dropout_of_the_heads_inputs():
    problem = make_problem(hidden_sizes=(40,), n_outputs=1, batch=1)
    hidden = twin_forward(problem)[1]["features"][0]
    masks = []
    for step in range(50):
        gradient = gradient_of(problem, LOSSES["squared_error"], dropout=Dropout(outputs=0.4, seed=1), step=step)
        named = problem.network.named(gradient.params)
        masks.append(named["head.w_out"][:, 0] / named["head.b_out"][0] / hidden)
        assert is_scaled_mask(masks[-1], 0.4)
        assert_equals_twin(
            problem, LOSSES["squared_error"], gradient, dropout_masks=[np.round(masks[-1] * 0.6)[None] / 0.6]
        )
    dropped = np.array(masks) < 0.5
    # shares of 2,000 fair draws have a deviation of 0.011, those of 50 one of 0.07: allow 4 of them
    assert abs(dropped.mean() - 0.4) < 0.044
    assert np.all(abs(dropped.mean(axis=0) - 0.4) < 0.28)


def test_dropout_between_layers():
    problem = make_problem(hidden_sizes=(17, 3), batch=1, n_steps=1)
    # the head's inputs are dropped too: take a draw that leaves all three
    for step in range(100):
        gradient = gradient_of(problem, LOSSES["squared_error"], dropout=Dropout(outputs=0.3, seed=1), step=step)
        named = problem.network.named(gradient.params)
        if np.all(named["head.w_out"] != 0):
            break
    kept = np.any(named["lstm_1.w_in"] != 0, axis=1)
    assert 0 < kept.sum() < 17
    masks = [kept[None, None] / 0.7, np.full((1, 3), 1 / 0.7)]
    assert_equals_twin(problem, LOSSES["squared_error"], gradient, dropout_masks=masks)


@pytest.mark.parametrize("bidirectional", [False, True])
def test_recurrent_dropout_leaves_out_the_same_units_at_every_step(bidirectional):
    problem = make_problem(hidden_sizes=(17, 16), batch=1, bidirectional=bidirectional)
    gradient = gradient_of(problem, LOSSES["squared_error"], dropout=Dropout(recurrent=0.4, seed=2))
    named = problem.network.named(gradient.params)
    # a unit that enters at any one of the 6 steps has a row of the gradient that is not 0
    masks = [np.any(named[name] != 0, axis=1)[None] / 0.6 for name in named if name.endswith("w_rec")]
    for mask in masks:
        assert 0 < np.count_nonzero(mask) < mask.size
    assert_equals_twin(problem, LOSSES["squared_error"], gradient, rec_masks=masks)


def test_masks_differ_between_steps_of_a_window():
    """Without memory and with equal inputs all steps are alike, but for their masks."""
    problem = make_problem(hidden_sizes=(40,), batch=1, every_step=True)
    with problem.network.editing() as params:
        named = problem.network.named(params)
        named["lstm_0.w_rec"][:] = 0
        named["lstm_0.bias"][40:80] = -100  # forget all
    problem.sequences.rows[:] = 1
    problem.targets.rows[:] = 0
    whole = gradient_of(problem, LOSSES["squared_error"]).inputs[0]
    assert_allclose(whole, np.broadcast_to(whole[0], whole.shape), rtol=1e-10)
    dropped = gradient_of(problem, LOSSES["squared_error"], dropout=Dropout(outputs=0.5)).inputs[0]
    assert len(np.unique(np.round(dropped[:, 0], 9))) == 6


@pytest.mark.parametrize("dropout", [Dropout(outputs=0.5), Dropout(recurrent=0.5)])
def test_masks_differ_between_windows_of_a_batch(dropout):
    problem = make_problem(hidden_sizes=(40,), batch=3, ragged=False)
    sequences, initial = some_windows(problem, [0, 0, 0])
    same_target = problem.targets._replace(starts=np.zeros(3, np.int64))
    alike = problem._replace(sequences=sequences, initial=initial, targets=same_target, weights=None)
    d_inputs = gradient_of(alike, LOSSES["squared_error"]).inputs
    assert_array_equal(d_inputs[0], d_inputs[1])
    d_inputs = gradient_of(alike, LOSSES["squared_error"], dropout=dropout).inputs
    for one, other in [(0, 1), (0, 2), (1, 2)]:
        assert np.any(d_inputs[one] != d_inputs[other])


@pytest.mark.parametrize("rates", [{"outputs": 0.5}, {"recurrent": 0.5}])
def test_masks_come_from_seed_and_step_alone(rates):
    problem = make_problem(hidden_sizes=(17, 5))

    def draw(seed, step):
        return gradient_of(problem, LOSSES["huber"], dropout=Dropout(**rates, seed=seed), step=step).params

    assert_array_equal(draw(1, 2), draw(1, 2))
    assert np.any(draw(1, 2) != draw(1, 3))
    assert np.any(draw(1, 2) != draw(2, 2))


def test_dropout_of_zero_changes_nothing():
    problem = make_problem(hidden_sizes=(17, 5))
    whole = gradient_of(problem, LOSSES["huber"])
    assert_array_equal(gradient_of(problem, LOSSES["huber"], dropout=Dropout(seed=9), step=4).params, whole.params)


# --- what gradients must not depend on --------------------------------------------------------------------


@pytest.mark.parametrize("dtype", PRECISIONS)
@pytest.mark.parametrize(("batch", "every_step", "one_hot"), [(1, False, False), (7, True, True), (150, True, False)])
def test_gradients_are_the_same_for_any_number_of_threads(dtype, batch, every_step, one_hot, monkeypatch):
    share_small_work(monkeypatch)
    problem = make_problem(
        dtype, hidden_sizes=(17, 5), bidirectional=True, batch=batch, every_step=every_step, one_hot=one_hot
    )
    expected = gradient_of(problem, LOSSES["huber"], dropout=DROPOUT, n_threads=1)
    for n_threads in (2, 3):
        gradient = gradient_of(problem, LOSSES["huber"], dropout=DROPOUT, n_threads=n_threads)
        assert gradient.loss == expected.loss
        assert_array_equal(gradient.params, expected.params)
        assert_array_equal(gradient.inputs, expected.inputs)
        for grad, other in zip(gradient.hidden + gradient.cell, expected.hidden + expected.cell, strict=True):
            assert_array_equal(grad, other)


def test_gradients_add_up_over_windows():
    """The gradient of a weighted mean is the weighted mean of each window's own."""
    problem = make_problem(hidden_sizes=(17, 5), batch=5)
    whole = gradient_of(problem, LOSSES["squared_error"])
    total = np.zeros_like(whole.params)
    for b in range(5):
        sequences, initial = some_windows(problem, [b])
        targets = problem.targets._replace(starts=problem.targets.starts[[b]])
        own = problem._replace(sequences=sequences, targets=targets, weights=None, initial=initial)
        total += problem.weights[b] * gradient_of(own, LOSSES["squared_error"]).params
    assert_close(total / problem.weights.sum(), whole.params, np.float64)


def test_windows_that_share_rows_keep_gradients_apart():
    problem = make_problem(batch=2, ragged=False, n_steps=4)
    sequences = Sequences(problem.sequences.rows, np.array([0, 2]), np.array([4, 4]))
    x = np.stack([problem.sequences.rows[:4], problem.sequences.rows[2:6]])
    overlapping = problem._replace(sequences=sequences, x=x)
    gradient = gradient_of(overlapping, LOSSES["squared_error"])
    assert_equals_twin(overlapping, LOSSES["squared_error"], gradient)
