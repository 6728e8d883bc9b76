"""Scores of predicted numbers."""

import numpy as np
import pytest
from sklearn.metrics import d2_pinball_score, r2_score

from tsl._estimator.scores import regression_score

RNG = np.random.default_rng(0)
Y = RNG.normal(size=(20, 2))
PREDICTED = Y + 0.5 * RNG.normal(size=(20, 2))
QUANTILES = np.stack([PREDICTED - 0.5, PREDICTED + 0.5], axis=-1)
WEIGHTS = RNG.uniform(size=20)


@pytest.mark.parametrize("weights", [None, WEIGHTS])
def test_scores_are_those_of_scikit_learn(weights):
    assert regression_score(Y, PREDICTED, (), weights) == pytest.approx(r2_score(Y, PREDICTED, sample_weight=weights))
    one = d2_pinball_score(Y, PREDICTED, sample_weight=weights, alpha=0.3)
    assert regression_score(Y, PREDICTED, (0.3,), weights) == pytest.approx(one)
    each = [
        d2_pinball_score(Y, QUANTILES[..., q], sample_weight=weights, alpha=level) for q, level in enumerate([0.2, 0.9])
    ]
    assert regression_score(Y, QUANTILES, (0.2, 0.9), weights) == pytest.approx(np.mean(each))


@pytest.mark.parametrize("exponent", [-900, 900])
def test_units_make_no_difference(exponent):
    # squares of such numbers are 0 or infinite
    for predicted, levels in [(PREDICTED, ()), (QUANTILES, (0.2, 0.9))]:
        scaled = regression_score(np.ldexp(Y, exponent), np.ldexp(predicted, exponent), levels, None)
        assert scaled == regression_score(Y, predicted, levels, None)
