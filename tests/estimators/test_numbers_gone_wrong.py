"""Numbers that go wrong: what is refused, what still comes out right, and what training does when it diverges."""

import warnings

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from regressor_problem import problem, small

from tsl import LSTMCharModel, LSTMClassifier, LSTMForecaster
from tsl.baselines import Drift, Naive, SeasonalNaive, WindowAverage
from tsl.training import TrainingDivergedWarning
from tsl.windows import OutlierWarning, SlidingWindow, make_windows

NOT_FINITE = [np.nan, np.inf, -np.inf]
TEXT = "to be or not to be " * 20
HOURS = pd.date_range("2024-01-01", periods=72, freq="h")
DAY = np.sin(np.arange(72) * 2 * np.pi / 24)


def classifier(**parameters):
    return LSTMClassifier(**{"hidden_size": 4, "max_iter": 3, "random_state": 0, **parameters})


def forecaster(**parameters):
    chosen = {"horizon": 4, "window": 12, "segment": 4, "season": 24, "differences": None, "scaling": "window"}
    chosen |= {"hidden_size": 4, "embedding_size": None, "max_iter": 3, "random_state": 0}
    return LSTMForecaster(**{**chosen, **parameters})


def labels(y):
    return np.where(y > 0, "up", "down")


def spoiled(array, value, place=(3, 2, 1)):
    array = array.copy()
    array[place[: array.ndim]] = value
    return array


def assert_sound(network):
    assert np.isfinite(network.params).all()


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


# --- series ---------------------------------------------------------------------------------------------------------

FORECASTERS = {
    "window": forecaster,
    "level": lambda: forecaster(scaling="level"),
    "standardised": lambda: forecaster(scaling=None),
    "differences": lambda: forecaster(differences=24),
    "recursive": lambda: forecaster(strategy="recursive"),
    "quantiles": lambda: forecaster(loss="quantile", quantiles=[0.1, 0.5, 0.9]),
    "without the linear map": lambda: forecaster(linear=False),
    "Naive": lambda: Naive(4),
    "SeasonalNaive": lambda: SeasonalNaive(4),
    "Drift": lambda: Drift(4),
    "WindowAverage": lambda: WindowAverage(4),
}


@pytest.mark.parametrize("make", FORECASTERS.values(), ids=FORECASTERS)
def test_forecasters_refuse_what_is_no_number_or_has_no_square(make):
    for value, message in [
        (np.nan, "the target must have no missing values"),
        (np.inf, "data must hold finite numbers, got inf at 2024-01-01 03:00:00"),
        (-1e300, r"data must hold numbers between -1e\+60 and 1e\+60, got -1e\+300 at 2024-01-01 03:00:00"),
    ]:
        series = pd.Series(spoiled(DAY, value), HOURS)
        with pytest.raises(ValueError, match=message):
            make().fit(series)
        with pytest.raises(ValueError, match=message):
            make().fit(pd.Series(DAY, HOURS)).predict(data=series)


@pytest.mark.parametrize("make", FORECASTERS.values(), ids=FORECASTERS)
def test_a_constant_series_goes_on_as_it_was(make):
    for value in (0.0, 0.1, -1e9, 1e59, 1e-300):
        model = make().fit(pd.Series(np.full(72, value), HOURS))
        assert_allclose(model.predict(), np.full(4, value), rtol=1e-12)
        assert_allclose(model.predict(level=80), np.full((4, 3), value), rtol=1e-12)


@pytest.mark.parametrize("make", FORECASTERS.values(), ids=FORECASTERS)
def test_forecasts_go_along_with_any_unit(make):
    readings = 5 + DAY + 0.01 * np.arange(72)  # without the trend changes over a day are rounding, and so is their sign
    plain = make().fit(pd.Series(readings, HOURS)).predict()
    for unit in (1e59, 1e-100, 3.0):
        moved = make().fit(pd.Series(unit * readings, HOURS)).predict()
        assert_allclose(moved / unit, plain, rtol=1e-4)  # float32, through three steps of training


@pytest.mark.parametrize("make", FORECASTERS.values(), ids=FORECASTERS)
def test_an_outlier_leaves_forecasts_finite(make):
    with pytest.warns(OutlierWarning, match="the first 1e\\+59 at 2024-01-02 16:00:00"):
        model = make().fit(pd.Series(spoiled(DAY, 1e59, (40,)), HOURS))
    assert np.isfinite(model.predict(level=80).to_numpy()).all()


GLITCH = 4294967295.0


@pytest.mark.parametrize(("make", "where"), [(small, "X"), (small, "y"), (classifier, "X")])
def test_a_number_that_sets_the_scale_for_all_others_is_named(make, where):
    X, y = problem()
    targets = labels(y) if make is classifier else y
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        make().fit(X, targets)
        make().fit(3 * X - 1e6, targets)
    X, targets = (spoiled(X, GLITCH), targets) if where == "X" else (X, spoiled(targets, GLITCH))
    with pytest.warns(OutlierWarning, match=rf"^{where} has .* median .* 4.29497e\+09") as caught:
        make().fit(X, targets)
    assert caught[0].filename == __file__


def test_rows_that_do_not_count_have_no_say_in_what_is_an_outlier():
    X, y = problem()
    X[7], y[7] = GLITCH, GLITCH
    weights = np.ones(len(y))
    weights[7] = 0.0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        small().fit(X, y, sample_weight=weights)


@pytest.mark.parametrize("transform", ["log", "box-cox"])
def test_a_constant_series_goes_on_through_a_transform(transform):
    model = forecaster(target_transform=transform).fit(pd.Series(np.full(72, 5.0), HOURS))
    assert_allclose(model.predict(level=80), np.full((4, 3), 5.0), rtol=1e-12)


def test_transforms_hold_out_at_the_ends_of_what_is_allowed():
    for transform in ("log", "box-cox"):
        for unit in (1e59, 1e-59):
            found = forecaster(target_transform=transform).fit(pd.Series(unit * (5 + DAY), HOURS)).predict()
            assert np.isfinite(found).all()
            assert (found > 0).all()


@pytest.mark.parametrize("value", [0.0, 1e59, -1e-300])
def test_constant_covariates_say_nothing(value):
    frame = pd.DataFrame({"y": DAY, "x": value}, HOURS)
    zero = pd.DataFrame({"y": DAY, "x": 0.0}, HOURS)
    found, wanted = (forecaster(calendar=None).fit(data, target="y").predict() for data in (frame, zero))
    assert_allclose(found, wanted, rtol=1e-6)  # a mean of so many equal numbers may be another one by rounding


def test_data_of_another_size_than_those_in_fit_are_refused():
    model = forecaster(scaling=None).fit(pd.Series(DAY, HOURS))
    with pytest.raises(ValueError, match=r"data must be of the size of those in fit, got a number 1\.\d+e\+59 times"):
        model.predict(data=pd.Series(1e59 * DAY, HOURS))


# --- divergence -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("solver", ["sgd", "adam", "adamw", "rmsprop"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("kind", [small, classifier])
def test_an_exploding_learning_rate_ends_with_a_warning_and_the_weights_before(kind, dtype, solver):
    X, y = problem()
    options = {"solver": solver, "learning_rate": "constant", "clip_norm": None, "dtype": dtype, "batch_size": 10}
    with pytest.warns(TrainingDivergedWarning, match="with the weights as they were after epoch 0"):
        model = kind(learning_rate_init=1e300, **options).fit(X, labels(y) if kind is classifier else y)
    assert model.history_.stopped_by == "divergence"
    assert_sound(model.network_)
    start = kind(learning_rate_init=1e-300, alpha=0, **options).fit(X, labels(y) if kind is classifier else y)
    assert_allclose(model.network_.params, start.network_.params, rtol=0, atol=1e-295)  # three steps of no length


@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize("rate", 10.0 ** np.arange(0, 39, 6))
def test_no_learning_rate_makes_weights_that_are_not_finite(rate, early_stopping):
    X, y = problem()
    options = {"learning_rate_init": rate, "clip_norm": None, "solver": "sgd", "batch_size": 10, "max_iter": 12}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", TrainingDivergedWarning)
        model = small(early_stopping=early_stopping, **options).fit(X, y)
    assert_sound(model.network_)
    assert np.isfinite(model.predict(X)).all()
    assert (model.history_.stopped_by == "divergence") == bool(caught)


def test_a_text_that_is_learned_too_fast():
    options = {"hidden_size": 8, "max_iter": 2, "random_state": 0}
    with pytest.warns(TrainingDivergedWarning):
        model = LSTMCharModel(learning_rate_init=1e30, clip_norm=None, **options).fit(TEXT)
    assert_sound(model.network_)
    assert len(model.generate(length=5, random_state=0)) == 5
    assert np.isfinite(model.bits_per_char("to be"))


def test_a_forecaster_that_learns_too_fast_stays_the_linear_map():
    series = pd.Series(DAY, HOURS)
    with pytest.warns(TrainingDivergedWarning):
        found = forecaster(learning_rate_init=1e30, clip_norm=None).fit(series).predict()
    assert_allclose(found, forecaster(max_iter=0).fit(series).predict(), rtol=1e-6)


def test_training_goes_on_after_a_divergence():
    X, y = problem()
    model = small(warm_start=True, learning_rate_init=1e300, clip_norm=None)
    with pytest.warns(TrainingDivergedWarning):
        model.fit(X, y)
    model.set_params(learning_rate_init=3e-2, max_iter=100).fit(X, y)
    assert model.history_.stopped_by == "max_iter"
    assert model.loss_curve_[-1] < 0.5  # of 1, the variance


def test_a_network_of_zeros_predicts_the_mean():
    X, y = problem()
    model = small().fit(X, y)
    with model.network_.editing() as params:
        params[:] = 0.0
    assert_allclose(model.predict(X), np.full(30, y.mean()), rtol=1e-12)
    uncertain = classifier().fit(X, labels(y))
    with uncertain.network_.editing() as params:
        params[:] = 0.0
    assert_array_equal(uncertain.predict_proba(X), np.full((30, 2), 0.5))
