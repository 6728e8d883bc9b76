"""Likelihoods of counts, compared with scipy.stats."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import stats

from tsl.network import Architecture, Loss, Network, Sequences, Targets

COUNTS = np.array([0.0, 1.0, 3.0, 200.0, 1e6])
LOG_MEANS = np.array([-3.0, 0.5, 4.0])
LOG_SIZES = np.array([-6.0, 0.0, 2.0, 12.0])


def constant_network(outputs):
    """A network whose outputs are always these."""
    network = Network(Architecture(1, (1,), len(outputs)), dtype=np.float64)
    with network.editing() as params:
        network.named(params)["head.b_out"][:] = outputs
    return network


def one_window(counts, shift=None, scale=1.0):
    frame = () if shift is None else (np.array([shift]), np.array([scale]))
    zero = np.zeros(1, np.int64)
    return Sequences(np.zeros((1, 1)), zero, zero + 1), Targets(np.asarray(counts, float)[None], zero, *frame)


def loss_and_gradient(name, outputs, counts, *frame):
    network, problem = constant_network(outputs), one_window(counts, *frame)
    value = network.evaluate(*problem, None, Loss(name))
    gradient = network.gradient(*problem, None, Loss(name))
    assert gradient.loss == value or np.isnan(value)
    return value, network.named(gradient.params)["head.b_out"]


def test_the_poisson_loss_is_minus_the_log_of_the_probability():
    for count in COUNTS:
        value, slopes = loss_and_gradient("poisson", LOG_MEANS, [count] * 3)
        means = np.exp(LOG_MEANS)
        assert_allclose(value, -stats.poisson.logpmf(count, means).mean(), rtol=1e-12)
        assert_allclose(slopes, (means - count) / 3, rtol=1e-12)


def test_the_negative_binomial_loss_is_minus_the_log_of_the_probability():
    log_means, log_sizes = np.repeat(LOG_MEANS, 4), np.tile(LOG_SIZES, 3)
    outputs = np.stack([log_means, log_sizes], axis=1).ravel()
    size, mean = np.exp(log_sizes), np.exp(log_means)
    for count in COUNTS:
        value, _ = loss_and_gradient("negative_binomial", outputs, [count] * 12)
        # of sizes of 1e5 and counts of 1e6 differences of logarithms of gamma functions cost four digits
        assert_allclose(value, -stats.nbinom.logpmf(count, size, size / (size + mean)).mean(), rtol=1e-9)


@pytest.mark.parametrize("count", COUNTS)
def test_the_slope_of_the_size_is_that_of_the_loss(count):
    for log_mean in LOG_MEANS:
        for log_size in LOG_SIZES[:3]:
            _, slopes = loss_and_gradient("negative_binomial", [log_mean, log_size], [count])
            values = [
                loss_and_gradient("negative_binomial", [log_mean, log_size + d], [count])[0] for d in (-1e-5, 1e-5)
            ]
            # a difference of losses of up to 1e6 over 2e-5
            assert_allclose(slopes[1], (values[1] - values[0]) / 2e-5, rtol=1e-4, atol=1e-9 * max(values[0], 1) / 2e-5)


def test_a_large_size_is_a_poisson_distribution():
    poisson, binomial = (
        loss_and_gradient(name, outputs, [3.0])
        for name, outputs in (("poisson", [1.0]), ("negative_binomial", [1.0, 30.0]))
    )
    assert_allclose(binomial[0], poisson[0], rtol=1e-6)
    assert_allclose(binomial[1], [poisson[1][0], 0], rtol=1e-6, atol=1e-6)


def test_frames_shift_the_mean_and_weigh_the_loss():
    for name, outputs in (("poisson", [0.5]), ("negative_binomial", [0.5, 1.0])):
        value, slopes = loss_and_gradient(name, outputs, [4.0], 2.0, 0.25)
        moved = [2.5, *outputs[1:]]
        wanted, wanted_slopes = loss_and_gradient(name, moved, [4.0])
        assert_allclose(value, 0.25 * wanted, rtol=1e-12)
        assert_allclose(slopes, 0.25 * wanted_slopes, rtol=1e-12)


def test_missing_counts_do_not_count_and_large_outputs_stay_finite():
    for name, outputs in (("poisson", [0.5, 1.0]), ("negative_binomial", [0.5, 1.0, 1.5, 2.0])):
        value, slopes = loss_and_gradient(name, outputs, [np.nan, 2.0])
        half, known = loss_and_gradient(name, outputs[len(outputs) // 2 :], [2.0])
        assert_allclose(value, half / 2, rtol=1e-12)  # the mean is over both
        assert_allclose(slopes, np.concatenate([0 * known, known / 2]), rtol=1e-12)
        for extreme in (1e4, -1e4):
            value, slopes = loss_and_gradient(name, np.full(len(outputs), extreme), [5.0, 0.0])
            assert np.isfinite(value)
            assert np.isfinite(slopes).all()
        assert np.isnan(loss_and_gradient(name, np.full(len(outputs), np.nan), [5.0, 0.0])[1]).all()
