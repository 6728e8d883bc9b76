"""Networks that read codes through learned vectors, and dropout of recurrent weights."""

from dataclasses import replace

import numpy as np
import pytest
from network_problem import LOSSES, PRECISIONS, assert_close, make_problem, share_small_work
from numpy.testing import assert_allclose, assert_array_equal
from reference import central_difference

from tsl.network import CodeWriter, Dropout, Network, Optimizer, Sequences

FORMS = [
    {"hidden_sizes": (5,)},
    {"hidden_sizes": (33, 7), "n_inputs": 41, "every_step": True, "batch": 9},
    {"hidden_sizes": (6, 5), "bidirectional": True},
]
SIZES = [1, 4, 35]  # numbers in a vector: fewer and more than a register holds


def embedded(problem, size):
    """The problem with vectors of codes, and the one-hot network that it must equal, with the product of both."""
    network = Network(
        replace(problem.network.architecture, n_embedded=size),
        dtype=problem.network.dtype,
        random_state=np.random.RandomState(1),
    )
    plain = problem.network
    weights = network.named()
    with plain.editing() as params:
        for name, array in plain.named(params).items():
            reads_codes = name.startswith("lstm_0") and name.endswith("w_in")
            array[:] = weights["embedding.w"] @ weights[name] if reads_codes else weights[name]
    return network, plain


@pytest.mark.parametrize("dtype", PRECISIONS)
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("form", FORMS)
def test_vectors_of_codes_are_a_product_of_two_matrices(form, size, dtype):
    problem = make_problem(dtype, one_hot=True, loss="log_loss", **({"n_inputs": 6} | form))
    network, plain = embedded(problem, size)
    sequences, targets, weights = problem.sequences, problem.targets, problem.weights
    initial, loss = problem.initial, LOSSES["log_loss"]
    assert_close(network.forward(sequences, initial=initial), plain.forward(sequences, initial=initial), dtype)

    found = network.gradient(sequences, targets, weights, loss, initial=initial)
    twin = plain.gradient(sequences, targets, weights, loss, initial=initial)
    assert_allclose(found.loss, twin.loss, rtol=100 * np.finfo(dtype).eps)
    grads, expected = network.named(found.params), plain.named(twin.params)
    vectors, d_vectors = network.named()["embedding.w"], 0.0
    for name in grads:
        if name.startswith("lstm_0") and name.endswith("w_in"):
            assert_close(grads[name], vectors.T @ expected[name], dtype, name)
            d_vectors = d_vectors + expected[name] @ network.named()[name].T
        elif name != "embedding.w":
            assert_close(grads[name], expected[name], dtype, name)
    assert_close(grads["embedding.w"], d_vectors, dtype, "embedding.w")


def test_threads_make_no_difference_to_any_bit(monkeypatch):
    share_small_work(monkeypatch)
    problem = make_problem(np.float32, one_hot=True, loss="log_loss", n_inputs=41, hidden_sizes=(70,), batch=9)
    network, _ = embedded(problem, 20)
    dropout, found = Dropout(weights=0.4, outputs=0.2, recurrent=0.2, seed=3), []
    for n_threads in (1, 2, 3):
        copy = Network(network.architecture)
        with copy.editing() as params:
            params[:] = network.params
        rates = np.full(5, 0.01)
        copy.train_steps(
            problem.sequences,
            problem.targets,
            None,
            np.tile(np.arange(9), (5, 1)),
            rates,
            LOSSES["log_loss"],
            Optimizer("adamw", alpha=0.1),
            copy.new_optimizer_state(),
            dropout=dropout,
            n_threads=n_threads,
        )
        found.append(copy.params)
    assert not np.array_equal(found[0], network.params)
    assert_array_equal(found[0], found[1])
    assert_array_equal(found[0], found[2])


def test_writes_with_vectors_of_codes():
    problem = make_problem(np.float32, one_hot=True, loss="log_loss", n_inputs=6, every_step=True)
    network, plain = embedded(problem, 4)
    draws = np.random.default_rng(0).random((30, 2))
    codes, scores = CodeWriter(network, 2).write(np.zeros((2, 6)), draws)
    twin_codes, twin_scores = CodeWriter(plain, 2).write(np.zeros((2, 6)), draws)
    assert_array_equal(codes, twin_codes)
    assert_close(scores, twin_scores, np.float32)


# --- dropout of weights -----------------------------------------------------------------------------------


@pytest.mark.parametrize("form", [FORMS[0], FORMS[2], {"one_hot": True, "n_inputs": 6, "every_step": True}])
def test_gradient_under_dropout_of_weights_matches_finite_differences(form):
    problem = make_problem(np.float64, loss="log_loss", **form)
    network, loss = problem.network, LOSSES["log_loss"]
    arguments = problem.sequences, problem.targets, problem.weights, loss
    options = {"initial": problem.initial, "dropout": Dropout(weights=0.4, seed=5), "step": 2}
    found = network.gradient(*arguments, **options)
    with network.editing() as params:
        expected = central_difference(lambda: network.gradient(*arguments, **options).loss, params)
    # central differences of step 1e-6 are good to about 1e-9 of the loss, which is of order 1
    assert_allclose(found.params, expected, rtol=1e-6, atol=1e-8)


def test_dropped_weights_are_recurrent_ones_and_as_many_as_asked_for():
    problem = make_problem(np.float64, hidden_sizes=(40, 30), batch=20)
    arguments = problem.sequences, problem.targets, None, LOSSES["squared_error"]
    grads = [
        problem.network.named(problem.network.gradient(*arguments, dropout=Dropout(weights=0.3, seed=5), step=k).params)
        for k in (0, 0, 1)
    ]
    for name in grads[0]:
        assert_array_equal(grads[0][name], grads[1][name])
        if name.endswith("w_rec"):
            none = grads[0][name] == 0
            # 3,600 draws or more: a standard deviation of less than 0.008
            assert abs(none.mean() - 0.3) < 0.04
            assert (none != (grads[2][name] == 0)).any()
        else:
            assert (grads[0][name] != 0).mean() > 0.9


def test_windows_marked_fresh_start_from_zero_in_spite_of_carried_states():
    problem = make_problem(np.float64, one_hot=True, loss="log_loss", n_inputs=6, every_step=True, batch=4)
    reset = np.array([False, True, False, True])
    sequences = problem.sequences._replace(reset=reset)
    carried = problem.network.zero_states(4)
    carried[:] = np.random.default_rng(0).normal(size=carried.shape)
    emptied = carried.copy()
    emptied[:, reset] = 0.0
    found = [one_step(problem, sequences, carried), one_step(problem, problem.sequences, emptied)]
    for part, twin in zip(*found, strict=True):
        assert_array_equal(part, twin)


def one_step(problem, sequences, carried):
    """Parameters and states after one training step."""
    network = Network(problem.network.architecture, dtype=np.float64)
    with network.editing() as params:
        params[:] = problem.network.params
    carried = carried.copy()
    network.train_steps(
        Sequences(*sequences),
        problem.targets,
        None,
        np.arange(4)[None, :],
        np.array([0.1]),
        LOSSES["log_loss"],
        Optimizer("sgd"),
        network.new_optimizer_state(),
        carried=carried,
    )
    return network.params, carried
