"""Outputs and states of the compiled network, compared with the NumPy reference, and what they must not depend on."""

import pickle
import threading

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
    twin_loss,
)
from numpy.testing import assert_allclose, assert_array_equal

from tsl.kernels.target import LANES
from tsl.network import Architecture, Network, Sequences

# --- against the twin -------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", PRECISIONS)
@pytest.mark.parametrize("shape", SHAPES, ids=shape_name)
def test_outputs_and_final_states_equal_the_twins(shape, dtype):
    problem = make_problem(dtype, **shape)
    expected, tape = twin_forward(problem)
    outputs, final = problem.network.forward_states(problem.sequences, initial=problem.initial)
    assert_close(outputs, expected, dtype)
    assert_array_equal(outputs, problem.network.forward(problem.sequences, initial=problem.initial))
    for states, kind in zip(final, ("hidden", "cells"), strict=True):
        for state, run in zip(states, tape["runs"], strict=True):
            assert_close(state, run["states"][kind][-1], dtype, run["name"])


@pytest.mark.parametrize("dtype", PRECISIONS)
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("one_hot", [False, True])
def test_states_equal_the_twins_at_every_step(dtype, bidirectional, one_hot):
    problem = make_problem(dtype, hidden_sizes=(17, 3), bidirectional=bidirectional, one_hot=one_hot)
    tape = twin_forward(problem)[1]
    states = problem.network.states(problem.sequences, initial=problem.initial)
    read = np.arange(6) < problem.sequences.lengths[:, None]
    for state, run in zip(states, tape["runs"], strict=True):
        order = slice(None, None, -1 if run["options"]["reverse"] else 1)
        gates = run["states"]["gates"][order].swapaxes(0, 1)
        assert_close(state.gates, gates, dtype, run["name"])
        for name, kind in [("cell", "cells"), ("hidden", "hidden")]:
            expected = run["states"][kind][1:][order].swapaxes(0, 1)
            assert_close(getattr(state, name)[read], expected[read], dtype, run["name"])


@pytest.mark.parametrize("dtype", PRECISIONS)
def test_without_initial_states_they_are_zero(dtype):
    problem = make_problem(dtype, bidirectional=True)
    zeros = tuple([np.zeros_like(state) for state in states] for states in problem.initial)
    outputs = problem.network.forward(problem.sequences)
    assert_array_equal(outputs, problem.network.forward(problem.sequences, initial=zeros))
    assert_close(outputs, twin_forward(problem._replace(initial=None))[0], dtype)


@pytest.mark.parametrize("every_step", [False, True])
@pytest.mark.parametrize("name", LOSSES)
def test_evaluate_equals_the_twins_loss(name, every_step):
    problem = make_problem(loss=name, every_step=every_step, batch=13)
    problem = problem._replace(initial=None)
    network, sequences, targets, weights = problem[:4]
    for given in (weights, None):
        problem = problem._replace(weights=given)
        expected = twin_loss(problem, LOSSES[name], twin_forward(problem)[0])[0]
        assert_allclose(network.evaluate(sequences, targets, given, LOSSES[name]), expected, rtol=1e-13)


def test_long_windows_and_many_of_them():
    """More steps and rows than any block that work is cut into."""
    problem = make_problem(np.float32, hidden_sizes=(17,), batch=300, n_steps=150)
    assert_close(
        problem.network.forward(problem.sequences, initial=problem.initial),
        twin_forward(problem)[0],
        np.float32,
    )


# --- what outputs must not depend on ----------------------------------------------------------------------


@pytest.mark.parametrize("dtype", PRECISIONS)
@pytest.mark.parametrize("every_step", [False, True])
@pytest.mark.parametrize("one_hot", [False, True])
def test_a_row_does_not_depend_on_its_batch(dtype, every_step, one_hot):
    problem = make_problem(
        dtype,
        hidden_sizes=(17, 5),
        n_outputs=19,
        batch=13,
        bidirectional=True,
        every_step=every_step,
        one_hot=one_hot,
    )
    outputs = problem.network.forward(problem.sequences, initial=problem.initial)
    for which in [[4], [3, 3], [12, 0, 7], list(range(7)), list(range(12, -1, -1))]:
        sequences, initial = some_windows(problem, which)
        part = problem.network.forward(sequences, initial=initial)
        expected = outputs[which]
        if every_step:  # a batch is as long as its longest window
            expected = expected[:, : part.shape[1]]
        assert_array_equal(part, expected)


@pytest.mark.parametrize("dtype", PRECISIONS)
@pytest.mark.parametrize("batch", [1, 2, 13, 150])
def test_outputs_are_the_same_for_any_number_of_threads(dtype, batch, monkeypatch):
    share_small_work(monkeypatch)
    problem = make_problem(dtype, hidden_sizes=(3 * LANES + 1, 5), bidirectional=True, batch=batch)
    network, sequences, targets, weights, initial = problem[:5]
    outputs, final = network.forward_states(sequences, initial=initial, n_threads=1)
    loss = network.evaluate(sequences, targets, weights, LOSSES["huber"], n_threads=1)
    for n_threads in (2, 3):
        again, final_again = network.forward_states(sequences, initial=initial, n_threads=n_threads)
        assert_array_equal(outputs, again)
        for state, state_again in zip(final[0] + final[1], final_again[0] + final_again[1], strict=True):
            assert_array_equal(state, state_again)
        assert loss == network.evaluate(sequences, targets, weights, LOSSES["huber"], n_threads=n_threads)


@pytest.mark.parametrize("one_hot", [False, True])
def test_a_window_in_two_parts_gives_the_same_as_whole(one_hot):
    problem = make_problem(hidden_sizes=(17, 5), every_step=True, ragged=False, n_steps=9, one_hot=one_hot)
    network, sequences, initial = problem.network, problem.sequences, problem.initial
    whole = network.forward(sequences, initial=initial)
    first, states = network.forward_states(sequences._replace(lengths=np.full(5, 4)), initial=initial)
    rest = sequences._replace(starts=sequences.starts + 4, lengths=np.full(5, 5))
    assert_array_equal(whole, np.concatenate([first, network.forward(rest, initial=states)], axis=1))


@pytest.mark.parametrize("every_step", [False, True])
def test_parts_of_many_windows_give_the_same_as_all_at_once(every_step, monkeypatch):
    problem = make_problem(hidden_sizes=(17, 5), batch=23, every_step=every_step)
    network, sequences, initial = problem.network, problem.sequences, problem.initial
    whole = network.forward(sequences, initial=initial)
    monkeypatch.setattr("tsl.network.network.PART_SIZE", 5 * np.prod(network.output_shape(1, 6)))  # 5 windows each
    assert_array_equal(network.forward(sequences, initial=initial), whole)


def test_calls_from_several_python_threads_at_once(monkeypatch):
    share_small_work(monkeypatch)
    problem = make_problem(hidden_sizes=(17,), batch=40, n_steps=30)
    network, sequences = problem.network, problem.sequences
    expected, found = network.forward(sequences), [None] * 4

    def call(k):
        found[k] = [network.forward(sequences, n_threads=1 + k % 2) for _ in range(5)]

    callers = [threading.Thread(target=call, args=(k,)) for k in range(len(found))]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    for outputs in found:
        for each in outputs:
            assert_array_equal(each, expected)


@pytest.mark.parametrize("n_outputs", [8 * LANES, 9 * LANES + 1])
def test_many_outputs_of_one_window_are_those_that_it_has_among_others(n_outputs):
    """Of one row the head computes several blocks of outputs at once."""
    problem = make_problem(np.float32, n_outputs=n_outputs, batch=5)
    together = problem.network.forward(problem.sequences)
    for k in range(5):
        assert_array_equal(problem.network.forward(problem.sequences.part(slice(k, k + 1)))[0], together[k])


def test_a_call_does_not_depend_on_the_calls_before():
    problem = make_problem(np.float32, hidden_sizes=(17, 9), batch=7, every_step=True)
    network, sequences = problem.network, problem.sequences
    broken = sequences._replace(rows=np.full_like(sequences.rows, np.nan))
    for part in (slice(3, 7), slice(0, 7), slice(0, 7), slice(2, 3)):
        assert np.isnan(network.forward(broken)).any()
        fresh = pickle.loads(pickle.dumps(network)).forward(sequences.part(part))
        assert_array_equal(network.forward(sequences.part(part)), fresh)


def test_edited_parameters_count_at_once_within_and_after_the_edit():
    problem = make_problem(np.float32)
    network, sequences = problem.network, problem.sequences
    other = Network(network.architecture, dtype=np.float32, random_state=np.random.RandomState(9))
    before = network.forward(sequences)
    with network.editing() as params:
        params[:] = other.params
        assert_array_equal(network.forward(sequences), other.forward(sequences))
        with network.editing():
            params[:] = 0.0
        assert_array_equal(network.forward(sequences), 0.0)
        params[0] = 1.0
        params[:] = other.params
    assert_array_equal(network.forward(sequences), other.forward(sequences))
    assert not np.array_equal(network.forward(sequences), before)


def test_parameters_are_read_only_outside_an_edit():
    network = make_problem().network
    for readable in (network.params, *network.named().values()):
        with pytest.raises(ValueError, match="read-only"):
            readable[...] = 0.0


def test_inputs_are_read_not_written():
    problem = make_problem(every_step=True)
    arrays = [*problem.sequences[:3], *problem.initial[0], *problem.initial[1], problem.network.params]
    kept = [array.copy() for array in arrays]
    problem.network.forward(problem.sequences, initial=problem.initial)
    for array, before in zip(arrays, kept, strict=True):
        assert_array_equal(array, before)


# --- parameters -------------------------------------------------------------------------------------------


def test_named_parameters_are_views_that_cover_the_buffer_matrices_first():
    network = Network(Architecture(3, (5, 4), 2, bidirectional=True), random_state=np.random.RandomState(0))
    named = network.named()
    assert {name: view.shape for name, view in named.items()} == {
        "lstm_0.w_in": (3, 20), "lstm_0.w_rec": (5, 20), "lstm_0.bias": (20,),
        "lstm_0_reverse.w_in": (3, 20), "lstm_0_reverse.w_rec": (5, 20), "lstm_0_reverse.bias": (20,),
        "lstm_1.w_in": (10, 16), "lstm_1.w_rec": (4, 16), "lstm_1.bias": (16,),
        "lstm_1_reverse.w_in": (10, 16), "lstm_1_reverse.w_rec": (4, 16), "lstm_1_reverse.bias": (16,),
        "head.w_out": (8, 2), "head.b_out": (2,),
    }  # fmt: skip
    with network.editing() as params:
        for number, part in enumerate(network.named(params).values()):
            part[:] = number
    counts = np.unique(network.params, return_counts=True)[1]
    assert counts.tolist() == [view.size for view in named.values()]
    matrices = [number for number, view in enumerate(named.values()) if view.ndim == 2]
    assert set(network.params[: network.n_matrix_params]) == set(matrices)
    assert network.n_matrix_params == sum(view.size for view in named.values() if view.ndim == 2)


def test_nan_stays_nan_in_its_row():
    problem = make_problem(ragged=False, batch=3)
    rows = problem.sequences.rows.copy()
    sequences = Sequences(rows, np.array([0, 7, 0]), np.array([6, 6, 6]))
    expected = problem.network.forward(sequences)
    rows[9, 1] = np.nan
    outputs = problem.network.forward(sequences)
    assert np.isnan(outputs[1]).all()
    assert_array_equal(outputs[[0, 2]], expected[[0, 2]])


@pytest.mark.parametrize("dtype", PRECISIONS)
def test_extreme_inputs_saturate_the_gates_and_nothing_else(dtype):
    problem = make_problem(dtype, n_inputs=1)
    sequences = problem.sequences._replace(rows=problem.sequences.rows * dtype(1e30))
    expected = twin_forward(problem._replace(x=problem.x * 1e30))[0]
    assert_close(problem.network.forward(sequences, initial=problem.initial), expected, dtype)
