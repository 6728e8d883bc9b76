"""scikit-learn's own suite, with nothing left out."""

from sklearn.utils.estimator_checks import parametrize_with_checks

from tsl import LSTMClassifier, LSTMRegressor


# 100 epochs instead of the default's 150 to 300 on the suite's tables of up to 100 rows, for the sake of time.
@parametrize_with_checks(
    [
        LSTMRegressor(),
        LSTMClassifier(),
        *(kind(dtype="float64", max_iter=100) for kind in (LSTMRegressor, LSTMClassifier)),
    ]
)
def test_every_check_passes(estimator, check):
    check(estimator)
