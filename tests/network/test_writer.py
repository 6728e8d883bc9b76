"""Generation code by code, compared with reading the same codes as whole windows."""

import numpy as np
import pytest
from network_problem import PRECISIONS, make_problem, share_small_work
from numpy.testing import assert_allclose, assert_array_equal

from tsl.kernels.target import LANES
from tsl.network import Choice, CodeWriter, Sequences, choose

SCORES = np.log(np.array([[0.5, 0.25, 0.125, 0.125]]))


@pytest.mark.parametrize("dtype", PRECISIONS)
@pytest.mark.parametrize("every_step", [False, True])
def test_what_is_written_is_read_like_a_window(dtype, every_step):
    n_codes, n = 19, 7
    problem = make_problem(dtype, hidden_sizes=(17, 5), n_inputs=n_codes, n_outputs=n_codes, one_hot=True,
                           ragged=False, every_step=every_step)  # fmt: skip
    network, initial = problem.network, problem.initial
    writer = CodeWriter(network, n_streams=5)
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
    codes, scores = CodeWriter(network).write(first, draws)
    writer = CodeWriter(network)
    some, between = writer.write(first, draws[:8])
    others, last = writer.write(between, draws[8:])
    assert_array_equal(np.concatenate([some, others]), codes)
    assert_array_equal(last, scores)


def test_a_writer_keeps_the_weights_that_it_was_given():
    network = make_problem(np.float32, n_inputs=9, n_outputs=9, one_hot=True).network
    draws, first = np.random.default_rng(0).uniform(size=(20, 1)), np.zeros((1, 9), np.float32)
    expected, _ = CodeWriter(network).write(first, draws)
    writer = CodeWriter(network)
    with network.editing() as params:
        params[:] = 0
    assert_array_equal(writer.write(first, draws)[0], expected)


@pytest.mark.parametrize(
    ("kind", "message"), [({"bidirectional": True}, "bidirectional"), ({"one_hot": False}, "one-hot")]
)
def test_networks_that_cannot_write_are_refused(kind, message):
    with pytest.raises(ValueError, match=message):
        CodeWriter(make_problem(**{"one_hot": True} | kind).network)


# --- choosing ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", PRECISIONS)
def test_codes_come_as_often_as_their_scores_say(dtype):
    draws = (np.arange(8_000) + 0.5) / 8_000  # evenly spread, so that shares come out exactly
    codes = choose(np.repeat(SCORES, draws.size, axis=0).astype(dtype), draws)
    assert_array_equal(np.bincount(codes), [4_000, 2_000, 1_000, 1_000])


@pytest.mark.parametrize("temperature", [0.5, 2.0])
def test_temperature_is_an_exponent(temperature):
    draws = (np.arange(10_000) + 0.5) / 10_000
    codes = choose(np.repeat(SCORES, draws.size, axis=0).astype(np.float32), draws, Choice(temperature))
    shares = np.exp(SCORES[0] / temperature)
    assert_allclose(np.bincount(codes) / draws.size, shares / shares.sum(), atol=2e-4)  # two draws


@pytest.mark.parametrize("temperature", [0.0, 1e-300, 1e-9])
def test_no_temperature_takes_the_likeliest(temperature):
    scores = np.array([[1.0, 3.0, 2.0, 3.0], [-1e30, -5.0, -9.0, -1e4]], np.float32)
    assert_array_equal(choose(scores[[0, 1]], np.array([0.3, 0.999999]), Choice(temperature)), [1, 1])


@pytest.mark.parametrize("temperature", [0.0, 1.0])
@pytest.mark.parametrize("draw", [0.0, 0.5, np.nextafter(1.0, 0.0)])
def test_forbidden_codes_never_come(temperature, draw):
    forbidden = np.array([True, False, True, True])
    assert_array_equal(
        choose(SCORES.astype(np.float32), np.array([draw]), Choice(temperature, forbidden=forbidden)), [1]
    )


def test_impossible_codes_never_come():
    scores = np.array([[-np.inf, 0.0, -200.0]], np.float32)
    assert_array_equal(choose(scores, np.zeros(1)), [1])
    assert_array_equal(choose(scores, np.array([np.nextafter(1.0, 0.0)])), [1])


def twin_probabilities(scores, choice, recent=()):
    """What `choose` draws from, written out: probabilities of all codes."""
    logs = scores - np.log(np.exp(scores).sum())
    for code in set(recent):
        logs[code] *= choice.penalty
    shares = np.exp((logs - logs.max()) / choice.temperature)
    if choice.forbidden is not None:
        shares[choice.forbidden] = 0
    order = np.argsort(-shares, kind="stable")
    allowed = shares[order] > 0
    if choice.top_k is not None:
        allowed[choice.top_k :] = False
    inside = shares[order] * allowed
    before = np.cumsum(inside) - inside
    allowed &= (before < choice.top_p * inside.sum()) & (inside >= choice.min_p * inside[0])
    allowed[0] = True
    kept = np.zeros(shares.size)
    kept[order[allowed]] = shares[order[allowed]]
    return kept / kept.sum()


@pytest.mark.parametrize("dtype", PRECISIONS)
@pytest.mark.parametrize(
    "options",
    [
        {"top_k": 1}, {"top_k": 3}, {"top_k": 40}, {"top_k": 1000}, {"top_p": 0.5}, {"top_p": 1e-9}, {"top_p": 0.999},
        {"min_p": 0.3}, {"min_p": 1.0}, {"top_k": 7, "top_p": 0.8, "min_p": 0.05, "temperature": 0.7},
        {"top_k": 5, "top_p": 0.6, "penalty": 1.4}, {"penalty": 3.0}, {"penalty": 0.5, "temperature": 2.0},
    ],
)  # fmt: skip
@pytest.mark.parametrize("n_codes", [1, 9, 40])
def test_only_likely_codes_come(n_codes, options, dtype):
    rng = np.random.default_rng(n_codes)
    scores = 2 * rng.normal(size=n_codes)
    forbidden = (np.arange(n_codes) % 5 == 3) & (n_codes > 1)
    choice, recent = Choice(**options, forbidden=forbidden), rng.integers(n_codes, size=6).astype(np.int32)
    recent[:2] = -1, recent[3]  # nothing, and a code that comes twice
    expected = twin_probabilities(scores.astype(dtype).astype(float), choice, recent[1:])
    n = 20_000
    draws = (np.arange(n) + 0.5) / n  # evenly spread, so that shares come out exactly
    codes = choose(np.repeat(scores[None], n, axis=0).astype(dtype), draws, choice, np.tile(recent, (n, 1)))
    assert_allclose(np.bincount(codes, minlength=n_codes) / n, expected, atol=1.2e-4)  # two draws, and rounding


def test_of_equally_likely_codes_the_first_ones_are_kept():
    scores, draws = np.zeros((50, 4), np.float32), (np.arange(50) + 0.5) / 50
    assert set(choose(scores, draws, Choice(top_k=2))) == {0, 1}
    assert set(choose(scores, draws, Choice(top_p=0.5))) == {0, 1}
    assert set(choose(scores, draws, Choice(min_p=1.0))) == {0, 1, 2, 3}


def test_recent_codes_are_moved_on():
    network = make_problem(np.float32, n_inputs=9, n_outputs=9, one_hot=True).network
    recent = np.full((2, 3), -1, np.int32)
    codes, _ = CodeWriter(network, 2).write(
        np.zeros((2, 9)), np.random.default_rng(0).uniform(size=(2, 2)), recent=recent
    )
    assert_array_equal(recent, np.concatenate([[[-1], [-1]], codes.T], axis=1))
    more, _ = CodeWriter(network, 2).write(
        np.zeros((2, 9)), np.random.default_rng(1).uniform(size=(5, 2)), recent=recent
    )
    assert_array_equal(recent, more[-3:].T)


@pytest.mark.parametrize("n_streams", [1, 2, 3, 5])
@pytest.mark.parametrize("hidden_sizes", [(2 * LANES + 3,), (5, 3 * LANES), (1,)], ids=str)
def test_threads_make_no_difference(hidden_sizes, n_streams, monkeypatch):
    """They share the streams, or the units of each layer where there are not enough, or find nothing to do."""
    share_small_work(monkeypatch)
    network = make_problem(np.float32, hidden_sizes=hidden_sizes, n_inputs=9, n_outputs=9, one_hot=True).network
    draws = np.random.default_rng(0).uniform(size=(40, n_streams))
    first, choice = np.zeros((n_streams, 9), np.float32), Choice(top_k=5, penalty=1.1)

    def written(n_threads):
        writer, recent = CodeWriter(network, n_streams, n_threads), np.full((n_streams, 4), -1, np.int32)
        return *writer.write(first, draws, choice, recent), writer.states, recent

    expected = written(1)
    for n_threads in (2, 3, 4):
        for found, wanted in zip(written(n_threads), expected, strict=True):
            assert_array_equal(found, wanted)
