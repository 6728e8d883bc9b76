"""Conditions: a code that every step of a window reads in addition to its own."""

from dataclasses import replace

import numpy as np
import pytest
from network_problem import (
    LOSSES,
    PRECISIONS,
    assert_close,
    make_problem,
    share_small_work,
    twin_forward,
    twin_gradient,
)
from numpy.testing import assert_allclose, assert_array_equal
from reference import central_difference

from tsl.network import CodeWriter, Network, Optimizer, Sequences, Targets

N_CODES, N_CONDITIONS = 6, 3
LOSS = LOSSES["log_loss"]
FORMS = [
    {"hidden_sizes": (5,)},
    {"hidden_sizes": (33, 7), "every_step": True, "batch": 9},
    {"hidden_sizes": (6, 5), "bidirectional": True},
]


def conditional(dtype=np.float64, n_embedded=0, **form):
    """A problem whose windows have conditions, which `x` holds as further channels of each step."""
    problem = make_problem(dtype, n_inputs=N_CODES, one_hot=True, loss="log_loss", **form)
    architecture = replace(problem.network.architecture, n_static=N_CONDITIONS, n_embedded=n_embedded)
    network = Network(architecture, dtype=dtype, random_state=np.random.RandomState(0))
    rng = np.random.default_rng(1)
    with network.editing() as params:
        params += rng.normal(scale=0.3, size=params.size).astype(dtype)
    batch, n_steps, _ = problem.x.shape
    conditions = (np.arange(batch) % N_CONDITIONS).astype(np.int32)
    besides = np.repeat(np.eye(N_CONDITIONS)[conditions][:, None], n_steps, axis=1)
    x = np.concatenate([problem.x, besides * problem.x.any(axis=2, keepdims=True)], axis=2)
    return problem._replace(network=network, sequences=problem.sequences._replace(conditions=conditions), x=x)


def gradient_of(problem, **options):
    return problem.network.gradient(
        problem.sequences, problem.targets, problem.weights, LOSS, initial=problem.initial, **options
    )


@pytest.mark.parametrize("dtype", PRECISIONS)
@pytest.mark.parametrize("form", FORMS)
def test_a_condition_is_one_more_one_hot_vector_at_each_step(form, dtype):
    problem = conditional(dtype, **form)
    outputs, _ = twin_forward(problem)
    assert_close(problem.network.forward(problem.sequences, initial=problem.initial), outputs, dtype)
    found, (value, expected) = gradient_of(problem), twin_gradient(problem, LOSS)
    assert_allclose(found.loss, value, rtol=100 * np.finfo(dtype).eps)
    for name, grad in problem.network.named(found.params).items():
        assert_close(grad, expected[name], dtype, name)


@pytest.mark.parametrize("form", FORMS)
def test_vectors_of_conditions_are_added_to_those_of_codes(form):
    problem = conditional(n_embedded=4, **form)
    plain = Network(replace(problem.network.architecture, n_embedded=0), dtype=np.float64)
    weights = problem.network.named()
    with plain.editing() as params:
        for name, array in plain.named(params).items():
            reads_codes = name.startswith("lstm_0") and name.endswith("w_in")
            array[:] = weights["embedding.w"] @ weights[name] if reads_codes else weights[name]
    outputs = plain.forward(problem.sequences, initial=problem.initial)
    assert_close(problem.network.forward(problem.sequences, initial=problem.initial), outputs, np.float64)


def test_gradient_of_vectors_matches_finite_differences():
    problem = conditional(n_embedded=4, hidden_sizes=(5,), every_step=True)
    found = gradient_of(problem)
    with problem.network.editing() as params:
        expected = central_difference(lambda: gradient_of(problem).loss, params)
    # central differences of step 1e-6 are good to about 1e-9 of the loss, which is of order 1
    assert_allclose(found.params, expected, rtol=1e-6, atol=1e-8)
    assert np.all(problem.network.named(found.params)["embedding.w"][N_CODES:].any(axis=1))


def test_threads_and_batches_make_no_difference_to_any_bit(monkeypatch):
    share_small_work(monkeypatch)
    problem = conditional(np.float32, n_embedded=5, hidden_sizes=(70,), every_step=True, batch=9)
    grads = [gradient_of(problem, n_threads=n).params for n in (1, 3)]
    assert_array_equal(grads[0], grads[1])
    whole = problem.network.forward(problem.sequences, n_threads=3)
    for k in (0, 4, 8):
        part = problem.network.forward(problem.sequences.part([k]))
        assert_array_equal(part[0], whole[k, : part.shape[1]])


def test_training_steps_change_the_conditions_that_a_batch_has():
    problem = conditional(np.float32, n_embedded=4, every_step=True, batch=6)
    network, before = problem.network, problem.network.params.copy()
    network.train_steps(
        problem.sequences,
        problem.targets,
        None,
        np.array([[0, 3]]),  # both of condition 0
        np.array([0.1]),
        LOSS,
        Optimizer("sgd"),
        network.new_optimizer_state(),
        carried=network.zero_states(2),
    )
    changed = (network.named()["embedding.w"] != network.named(before)["embedding.w"]).any(axis=1)[N_CODES:]
    assert changed.tolist() == [True, False, False]


def test_each_stream_is_written_under_its_condition():
    problem = conditional(np.float32, n_embedded=4, every_step=True)
    network, conditions = problem.network, np.array([2, 0], np.int32)
    draws = np.random.default_rng(0).random((30, 2))
    codes, scores = CodeWriter(network, 2).write(np.zeros((2, N_CODES)), draws, conditions=conditions)
    starts, lengths = np.array([0, 30]), np.full(2, 30)
    read = Sequences(np.ascontiguousarray(codes.T).ravel(), starts, lengths, conditions=conditions)
    outputs = network.forward(read)
    assert_close(scores, outputs[:, -1], np.float32)
    other = network.forward(read._replace(conditions=conditions[::-1].copy()))
    assert abs(other[:, -1] - scores).max() > 0.01


@pytest.mark.parametrize(
    ("conditions", "message"),
    [
        (None, "windows must have conditions for this network"),
        ([0, 1, 2, 3, 0], "conditions must be from 0 to 2, got 0 to 3"),
        ([0, -1, 2, 0, 0], "conditions must be from 0 to 2, got -1 to 2"),
    ],
)
def test_refuses_conditions_that_it_does_not_know(conditions, message):
    problem = conditional()
    given = None if conditions is None else np.array(conditions, np.int32)
    with pytest.raises(ValueError, match=message):
        problem.network.forward(problem.sequences._replace(conditions=given))


def test_refuses_conditions_of_a_network_without_any():
    problem = make_problem(n_inputs=N_CODES, one_hot=True, loss="log_loss")
    sequences = problem.sequences._replace(conditions=np.zeros(5, np.int32))
    with pytest.raises(ValueError, match="windows must have no conditions for this network"):
        problem.network.gradient(sequences, Targets(*problem.targets), None, LOSS)
