"""Batches contain every window once, and have the weight of their windows."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from tsl.network import Sequences, Targets
from tsl.training.batches import EpochSampler, Samples, batch_shares, epoch_batches, window_shares, windows_to_use


def make_samples(lengths, weights=None):
    lengths = np.array(lengths, dtype=np.int64)
    starts = np.zeros(len(lengths), dtype=np.int64)
    rows = np.zeros((10, 1), dtype=np.float32)
    return Samples(Sequences(rows, starts, lengths), Targets(rows, starts), weights)


@given(n=st.integers(1, 200), batch_size=st.integers(1, 60), seed=st.integers(0, 2**31))
def test_every_window_comes_once(n, batch_size, seed):
    batches = epoch_batches(np.arange(n), batch_size, np.random.RandomState(seed))
    assert batches.dtype == np.int64
    assert batches.flags.c_contiguous
    assert batches.shape == (-(-n // batch_size), batch_size)
    assert_array_equal(np.sort(batches[batches >= 0]), np.arange(n))
    padding = np.flatnonzero(batches.ravel() < 0)
    assert_array_equal(padding, np.arange(n, batches.size))
    assert (batches.ravel()[n:] == -1).all()


def test_order_is_kept_without_a_random_state():
    assert_array_equal(epoch_batches(np.array([3, 5, 9]), 2), [[3, 5], [9, -1]])


def test_each_epoch_draws_a_new_order_from_the_seed():
    def two_epochs(seed):
        random_state = np.random.RandomState(seed)
        return [epoch_batches(np.arange(50), 8, random_state) for _ in range(2)]

    first, second = two_epochs(0)
    assert (first != second).any()
    assert_array_equal([first, second], two_epochs(0))
    assert (first != two_epochs(1)[0]).any()


def test_windows_without_weight_are_left_out():
    assert_array_equal(windows_to_use(make_samples([1, 1, 1])), [0, 1, 2])
    weights = np.array([0.0, 0.5, 0.0, 2.0], dtype=np.float32)
    assert_array_equal(windows_to_use(make_samples([1] * 4, weights)), [1, 3])


@pytest.mark.parametrize("samples", [make_samples([]), make_samples([1, 1], np.zeros(2, np.float32))])
def test_no_window_to_use_is_an_error(samples):
    with pytest.raises(ValueError, match="samples has no window with a weight above 0"):
        windows_to_use(samples)


def test_a_window_counts_by_weight_and_where_every_step_has_a_target_by_length():
    weights = np.array([1.0, 3.0], dtype=np.float32)
    assert window_shares(make_samples([2, 5]), every_step=False) is None
    assert window_shares(make_samples([4, 4]), every_step=True) is None
    assert_array_equal(window_shares(make_samples([2, 5], weights), every_step=False), weights)
    assert_array_equal(window_shares(make_samples([2, 5]), every_step=True), [2, 5])
    assert_array_equal(window_shares(make_samples([2, 5], weights), every_step=True), [2, 15])


def test_a_batch_counts_as_much_as_its_windows():
    batches = np.array([[2, 0], [1, -1]])
    assert_array_equal(batch_shares(batches, None), [2.0, 1.0])
    # the padding -1 would read the last weight, 8
    assert_array_equal(batch_shares(batches, np.array([1.0, 2.0, 8.0])), [9.0, 2.0])


def test_an_epoch_is_drawn_again_from_its_random_state():
    random_state = np.random.RandomState(0)

    def draw_samples():
        return make_samples([1] * 9, random_state.random_sample(9))

    sampler = EpochSampler(draw_samples, 4, random_state, shuffle=True, every_step=False)
    assert (sampler.batch_size, sampler.n_batches) == (4, 3)
    for _ in range(2):
        batches, weights = sampler.draw(), sampler.samples.weights
        random_state.set_state(sampler.drawn_from)
        assert_array_equal(sampler.draw_again(), batches)
        assert_array_equal(sampler.samples.weights, weights)
        assert_array_equal(sampler.window_shares, weights)


def test_the_samples_of_the_first_epoch_are_those_that_were_counted():
    given = iter([make_samples([1] * 3), make_samples([2] * 3)])
    sampler = EpochSampler(lambda: next(given), 10, np.random.RandomState(0), shuffle=False, every_step=False)
    assert sampler.batch_size == 3
    sampler.draw()
    assert sampler.samples.sequences.lengths.tolist() == [1, 1, 1]
    sampler.draw()
    assert sampler.samples.sequences.lengths.tolist() == [2, 2, 2]
