"""Writing code by code, against reading the same codes as whole windows."""

import numpy as np
import pytest
from network_problem import PRECISIONS, make_problem
from numpy.testing import assert_allclose, assert_array_equal

from tsl.network import Sequences, Writer, choose

SCORES = np.log(np.array([[0.5, 0.25, 0.125, 0.125]]))


@pytest.mark.parametrize("dtype", PRECISIONS)
@pytest.mark.parametrize("every_step", [False, True])
def test_what_is_written_is_read_like_a_window(dtype, every_step):
    n_codes, n = 19, 7
    problem = make_problem(dtype, hidden_sizes=(17, 5), n_inputs=n_codes, n_outputs=n_codes, one_hot=True,
                           ragged=False, every_step=every_step)  # fmt: skip
    network, initial = problem.network, problem.initial
    writer = Writer(network, n_streams=5)
    writer.states[:] = [np.concatenate(states, axis=1) for states in initial]
    rng = np.random.default_rng(0)
    first, draws = rng.normal(size=(5, n_codes)), rng.uniform(size=(n, 5))
    codes, scores = writer.write(first, draws)

    rows, starts = np.ascontiguousarray(codes.T).ravel(), np.arange(5) * n
    expected = first
    for step in range(n):
        assert_array_equal(codes[step], choose(expected.astype(dtype), draws[step]))
        whole = Sequences(rows, starts, np.full(5, step + 1))
        expected, final = network.forward_states(whole, initial=initial)
        expected = expected[:, -1] if every_step else expected
    assert_array_equal(scores, expected)
    assert_array_equal(writer.states, [np.concatenate(states, axis=1) for states in final])


def test_writing_in_parts_gives_the_same():
    network = make_problem(np.float32, n_inputs=9, n_outputs=9, one_hot=True).network
    draws = np.random.default_rng(0).uniform(size=(20, 1))
    first = np.zeros((1, 9), np.float32)
    codes, scores = Writer(network).write(first, draws)
    writer = Writer(network)
    some, between = writer.write(first, draws[:8])
    others, last = writer.write(between, draws[8:])
    assert_array_equal(np.concatenate([some, others]), codes)
    assert_array_equal(last, scores)


def test_a_writer_keeps_the_weights_that_it_was_given():
    network = make_problem(np.float32, n_inputs=9, n_outputs=9, one_hot=True).network
    draws, first = np.random.default_rng(0).uniform(size=(20, 1)), np.zeros((1, 9), np.float32)
    expected, _ = Writer(network).write(first, draws)
    writer = Writer(network)
    network.params[:] = 0
    assert_array_equal(writer.write(first, draws)[0], expected)


@pytest.mark.parametrize(
    ("kind", "message"), [({"bidirectional": True}, "bidirectional"), ({"one_hot": False}, "one-hot")]
)
def test_networks_that_cannot_write_are_refused(kind, message):
    with pytest.raises(ValueError, match=message):
        Writer(make_problem(**{"one_hot": True} | kind).network)


# --- choosing ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", PRECISIONS)
def test_codes_come_as_often_as_their_scores_say(dtype):
    draws = (np.arange(8_000) + 0.5) / 8_000  # evenly spread, so that shares come out exactly
    codes = choose(np.repeat(SCORES, draws.size, axis=0).astype(dtype), draws)
    assert_array_equal(np.bincount(codes), [4_000, 2_000, 1_000, 1_000])


@pytest.mark.parametrize("temperature", [0.5, 2.0])
def test_temperature_is_an_exponent(temperature):
    draws = (np.arange(10_000) + 0.5) / 10_000
    codes = choose(np.repeat(SCORES, draws.size, axis=0).astype(np.float32), draws, temperature)
    shares = np.exp(SCORES[0] / temperature)
    assert_allclose(np.bincount(codes) / draws.size, shares / shares.sum(), atol=2e-4)  # two draws


@pytest.mark.parametrize("temperature", [0.0, 1e-300, 1e-9])
def test_no_temperature_takes_the_likeliest(temperature):
    scores = np.array([[1.0, 3.0, 2.0, 3.0], [-1e30, -5.0, -9.0, -1e4]], np.float32)
    assert_array_equal(choose(scores[[0, 1]], np.array([0.3, 0.999999]), temperature), [1, 1])


@pytest.mark.parametrize("temperature", [0.0, 1.0])
@pytest.mark.parametrize("draw", [0.0, 0.5, np.nextafter(1.0, 0.0)])
def test_barred_codes_never_come(temperature, draw):
    barred = np.array([True, False, True, True])
    assert_array_equal(choose(SCORES.astype(np.float32), np.array([draw]), temperature, barred), [1])


def test_impossible_codes_never_come():
    scores = np.array([[-np.inf, 0.0, -200.0]], np.float32)
    assert_array_equal(choose(scores, np.zeros(1)), [1])
    assert_array_equal(choose(scores, np.array([np.nextafter(1.0, 0.0)])), [1])
