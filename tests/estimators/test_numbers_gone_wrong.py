"""Invalid numbers and labels: what is refused, and what still gives correct results."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from regressor_problem import problem, small
from small_models import DAY, HOURS, assert_sound, classifier, forecaster, labels, spoiled

from tsl.windows import SlidingWindow, make_windows

NOT_FINITE = [np.nan, np.inf, -np.inf]


# --- refused ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", NOT_FINITE)
@pytest.mark.parametrize("kind", [small, classifier])
def test_windows_that_are_not_finite_are_refused_wherever_they_come_in(kind, value):
    X, y = problem()
    y = labels(y) if kind is classifier else y
    bad = spoiled(X, value)
    model = kind().fit(X, y)
    before = model.network_.params.copy()
    calls = {
        "fit": lambda: kind().fit(bad, y),
        "partial_fit": lambda: model.partial_fit(bad, y),
        "validation": lambda: kind().fit(X, y, X_val=bad, y_val=y),
        "predict": lambda: model.predict(bad),
        "score": lambda: model.score(bad, y),
        "gates": lambda: model.gates(bad),
        "a list": lambda: model.predict([X[0, :3], bad[3]]),
        "float32": lambda: model.predict(bad.astype(np.float32)),
    }
    for call in calls.values():
        with pytest.raises(ValueError, match=r"Input X contains (NaN|infinity)"):
            call()
    assert_array_equal(model.network_.params, before)


@pytest.mark.parametrize("value", NOT_FINITE)
def test_targets_and_weights_that_are_not_finite_are_refused(value):
    X, y = problem()
    model = small().fit(X, y)
    for call in (small().fit, model.partial_fit, model.score):
        with pytest.raises(ValueError, match=r"Input y contains (NaN|infinity)"):
            call(X, spoiled(y, value))
    with pytest.raises(ValueError, match=r"in X_val and y_val: Input y contains (NaN|infinity)"):
        small().fit(X, y, X_val=X, y_val=spoiled(y, value))
    with pytest.raises(ValueError, match=r"Input sample_weight contains (NaN|infinity)"):
        small().fit(X, y, sample_weight=spoiled(np.ones(30), value))
    with pytest.raises(ValueError, match=r"Input y contains (NaN|infinity)"):
        classifier().fit(X, spoiled((y > 0).astype(float), value))


@pytest.mark.parametrize(
    "missing",
    [
        np.array([None] + ["up"] * 29, dtype=object),
        np.array([np.nan] + ["up"] * 29, dtype=object),
        pd.Series([pd.NA] + ["up"] * 29, dtype="string"),
        pd.Series([pd.NA] + ["up"] * 29, dtype="category"),
        pd.Series([pd.NA] + [1] * 29, dtype="Int64"),
    ],
    ids=["None", "NaN", "string", "category", "Int64"],
)
def test_a_missing_label_is_named(missing):
    with pytest.raises(
        ValueError, match=r"y must have a label for each window, got .* for window 0|Input y contains NaN"
    ):
        classifier().fit(problem()[0], missing)


def test_labels_of_several_kinds_are_no_labels():
    with pytest.raises(ValueError, match="y: Unknown label type"):
        classifier().fit(problem()[0], np.array([1] + ["up"] * 29, dtype=object))


def test_a_label_that_never_occurred_in_training():
    X, y = problem()
    y = labels(y)
    model = classifier().fit(X, y)
    assert model.score(X, np.full(30, "sideways")) == 0
    for call in (model.partial_fit, lambda X, other: classifier().fit(X, y, X_val=X, y_val=other)):
        with pytest.raises(
            ValueError, match=r"y has labels that are not among the classes \['down' 'up'\]: \['sideways'\]"
        ):
            call(X, np.full(30, "sideways"))


def test_a_label_of_the_validation_part_alone_is_a_class_all_the_same():
    X, _ = problem()
    y = np.r_[np.full(27, "a"), np.full(3, "b")]  # the last tenth is held out
    probabilities = classifier(early_stopping=True).fit(X, y).predict_proba(X)
    assert probabilities.shape == (30, 2)
    assert np.isfinite(probabilities).all()


def test_classes_of_partial_fit_need_not_occur():
    X, _ = problem()
    model = classifier().partial_fit(X, np.full(30, "b"), classes=["a", "b", "c"])
    assert_allclose(model.predict_proba(X).sum(axis=1), 1)


def test_a_single_class_is_certain():
    X, _ = problem()
    model = classifier().fit(X, np.full(30, "a"))
    assert_array_equal(model.predict_proba(X), np.ones((30, 1)))


@pytest.mark.parametrize("kind", [small, classifier])
def test_weights_that_are_all_zero_are_refused(kind):
    X, y = problem()
    with pytest.raises(ValueError, match="sample_weight must not be zero for all windows"):
        kind().fit(X, labels(y) if kind is classifier else y, sample_weight=np.zeros(30))
    with pytest.raises(ValueError, match="sample_weight"):
        forecaster().fit(pd.Series(DAY, HOURS), sample_weight=np.zeros(72))


def test_a_gate_that_is_open_for_certain_is_enough():
    X, y = problem()
    for bias in (100, -100):  # sigmoid(100) is 1 to the last digit of float64
        assert_sound(small(forget_bias=bias).fit(X, y).network_)
    with pytest.raises(ValueError, match="'forget_bias' parameter"):
        small(forget_bias=1e300).fit(X, y)  # infinite in float32


# --- very large, very small, constant -----------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("unit", [1e299, 1e160, 1e-160, 1e-300])  # whose squares are no numbers
def test_units_make_no_difference_however_large_or_small(unit, dtype):
    X, y = problem()
    plain, other = small(dtype=dtype).fit(X, y), small(dtype=dtype).fit(unit * X, unit * y)
    # Rounding of the scaled inputs, in the network's type; 1e-6 is 8 times float32's.
    error = 1e-6 if dtype == "float32" else 1e-13
    assert_allclose(other.predict(unit * X) / unit, plain.predict(X), rtol=0, atol=error)
    assert other.score(unit * X, unit * y) == pytest.approx(plain.score(X, y), abs=1e-5)


def test_what_cannot_be_standardised_is_named():
    X, y = problem()
    for arguments, name in (((spoiled(X, 1.5e308), y), "X"), ((X, spoiled(y, -1.5e308)), "y")):
        with pytest.raises(ValueError, match=f"{name} has values too large to be standardised: scale them"):
            small().fit(*arguments)


def test_what_float32_cannot_hold_is_named():
    X, y = problem()
    model = small().fit(X, y)
    with pytest.raises(
        ValueError, match=r"X must have values that float32 holds as .*, got 1e\+300 with mean .* and scale"
    ):
        model.predict(spoiled(X, 1e300))
    with pytest.raises(
        ValueError, match=r"y must have values that float32 holds as .*, got 1e\+300 with mean 0 and scale 1"
    ):
        small(scaling=None).fit(X, spoiled(y, 1e300))
    far = small(dtype="float64").fit(X, y).predict(spoiled(X, 1e300))
    assert np.isfinite(far).all()  # gates saturate
    y = np.where(np.arange(len(y)) < 0.9 * len(y), 1e-309 * np.sign(y), 1.0)  # the last tenth is for validation
    with pytest.raises(ValueError, match="y must have values that float32 holds as .*, got 1 with mean"):
        small(early_stopping=True).fit(X, y)


@pytest.mark.parametrize("value", [0.0, 0.1, -1e9, 1e300, 1e-300])
def test_constant_columns_say_nothing(value):
    X, y = problem()
    constant = X.copy()
    constant[..., 1] = value
    nothing = X.copy()
    nothing[..., 1] = 0.0
    assert_array_equal(small().fit(constant, y).predict(constant), small().fit(nothing, y).predict(nothing))


@pytest.mark.parametrize("value", [0.0, 0.1, -1e9, 1e300])
def test_a_constant_target_is_learned(value):
    X, _ = problem()
    predicted = small(max_iter="auto").fit(X, np.full(30, value)).predict(X)
    assert_allclose(predicted, value, rtol=1e-2, atol=1e-2)  # where there is no spread the unit is 1: a percent of it


def test_a_weight_that_outweighs_all_others_leaves_its_window_alone():
    X, y = problem()
    weights = np.full(30, 1e-300)
    weights[7] = 1e300
    alone = small(max_iter="auto").fit(X, y, sample_weight=weights)
    assert alone.predict(X[7:8]) == pytest.approx(y[7], abs=1e-2)  # constant but for rounding: as above


@pytest.mark.parametrize("value", [1e300, -1e300, 1e-300])
def test_windows_pass_on_any_finite_number(value):
    series = spoiled(np.arange(10.0), value)
    assert SlidingWindow(3).fit_transform(series[:, None])[3, 2, 0] == value
    assert make_windows(series, window=3)[0][3, 0, 0] == value


@pytest.mark.filterwarnings("ignore::tsl.training.TrainingDivergedWarning")
def test_no_unscaled_number_makes_a_network_that_is_not_finite():
    X, y = problem()
    for dtype, large in (("float32", 1e37), ("float64", 1e300)):
        for arguments in ((spoiled(X, large), y), (X, spoiled(y, large)), (large * X, large * y)):
            model = small(scaling=None, dtype=dtype).fit(*arguments)
            assert_sound(model.network_)
            assert np.isfinite(model.predict(arguments[0])).all()
