"""From parameters to optimiser, learning rate and batch size."""

import pytest
from regressor_problem import small

from tsl import LSTMClassifier
from tsl._estimator.settings import n_training_samples, new_optimizer, new_schedule, new_settings


@pytest.mark.parametrize(
    ("n_samples", "batch_size", "max_iter", "alpha"),
    [
        (1, 1, 300, 5e-3),
        (64, 64, 300, 5e-3),
        (65, 33, 150, 5e-3),  # two batches of equal size, as far as that goes
        (1_000, 63, 19, 5e-3),
        (2_000, 63, 10, 2.5e-3),
        (1_000_000, 64, 3, 5e-6),
    ],
)
def test_auto_goes_by_the_number_of_windows(n_samples, batch_size, max_iter, alpha):
    parameters = small(max_iter="auto")
    settings = new_settings(parameters, n_samples)
    assert (settings.batch_size, settings.max_iter) == (batch_size, max_iter)
    assert new_optimizer(parameters, n_samples).alpha == pytest.approx(alpha)


def test_a_classifier_takes_more_steps():
    assert new_settings(LSTMClassifier(), 65).max_iter == 300  # 600 steps in epochs of two batches


def test_what_is_given_is_taken():
    given = small(max_iter=7, batch_size=10, alpha=0.25)
    settings = new_settings(given, 1_000)
    assert (settings.batch_size, settings.max_iter, new_optimizer(given, 1_000).alpha) == (10, 7, 0.25)


def test_momentum_is_for_sgd_alone():
    parameters = small(momentum=0.5, beta_1=0.8)
    assert new_optimizer(parameters, 1).beta_1 == 0.8
    assert new_optimizer(parameters.set_params(solver="sgd"), 1).beta_1 == 0.5


def test_the_schedule_has_the_rates_of_the_parameters():
    schedule = new_schedule(small(learning_rate="step", learning_rate_init=0.5, learning_rate_every=3))
    assert (schedule.name, schedule.init, schedule.every, schedule.factor) == ("step", 0.5, 3, 0.2)


def test_patience_is_for_early_stopping_alone():
    assert new_settings(small(), 10).n_iter_no_change is None
    assert new_settings(small(early_stopping=True), 10).n_iter_no_change == 10


@pytest.mark.parametrize(
    ("n_samples", "fraction", "n_training"), [(100, 0.1, 90), (5, 0.1, 4), (2, 0.5, 1), (3, 0.4, 2)]
)
def test_the_last_windows_are_held_out(n_samples, fraction, n_training):
    parameters = small(early_stopping=True, validation_fraction=fraction)
    assert n_training_samples(parameters, n_samples, has_validation=False) == n_training
    assert n_training_samples(parameters, n_samples, has_validation=True) == n_samples
    parameters.set_params(early_stopping=False)
    assert n_training_samples(parameters, n_samples, has_validation=False) == n_samples


def test_something_must_be_left_to_train_on():
    with pytest.raises(ValueError, match="validation_fraction=0.9 leaves nothing to train on, with n_samples=2"):
        n_training_samples(small(early_stopping=True, validation_fraction=0.9), 2, has_validation=False)
