"""scikit-learn's own suite, with nothing left out."""

import pytest
from sklearn.utils.estimator_checks import check_estimator, parametrize_with_checks

from tsl import LSTMClassifier, LSTMRegressor

# It compares predictions of a weighted with those of a repeated fit to 1e-7, finer than float32 resolves (6e-8) after
# some hundred steps of rounding in another order: float32 gets to about 1e-5, float64 passes.
FINER_THAN_FLOAT32 = "check_sample_weight_equivalence_on_dense_data"


# 100 epochs instead of the default's 150 to 300 on the suite's tables of up to 100 rows, for the sake of time.
@parametrize_with_checks([LSTMRegressor(dtype="float64", max_iter=100), LSTMClassifier(dtype="float64", max_iter=100)])
def test_every_check_passes(estimator, check):
    check(estimator)


@pytest.mark.parametrize("model", [LSTMRegressor(), LSTMClassifier()], ids=lambda model: type(model).__name__)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.DataConversionWarning", "ignore::FutureWarning")
def test_defaults_fail_nothing_that_float32_can_resolve(model):
    results = check_estimator(model, on_fail=None, on_skip=None)
    failed = [result["check_name"] for result in results if result["status"] == "failed"]
    assert set(failed) <= {FINER_THAN_FLOAT32}
