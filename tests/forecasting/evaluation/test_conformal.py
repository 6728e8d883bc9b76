import numpy as np
import pandas as pd
import pytest
from forecasting_models import HOURS, long_frame, make_panel
from numpy.testing import assert_allclose, assert_array_equal

from tsl.baselines import Naive, SeasonalNaive, WindowAverage
from tsl.forecasting.evaluation.conformal import ENOUGH, Calibration, TimedScores
from tsl.forecasting.panel.scale import naive_scale


def make_calibration(errors, offsets=None, scales=None):
    """Windows side by side, by default of one series."""
    n, horizon = errors.shape
    offsets = np.array([0, n * horizon + 1]) if offsets is None else offsets
    scales = np.ones(len(offsets) - 1) if scales is None else scales
    return Calibration.of(errors, 1 + horizon * np.arange(n), pd.RangeIndex(len(scales)), offsets, scales)


def test_a_level_leaves_room_for_one_more_error():
    errors = np.arange(1.0, ENOUGH + 1)[:, None]
    calibration = Calibration(errors, pd.RangeIndex(1), np.ones(1), 1.0)
    # of 200 sizes and a new one the new one is among the k smallest with probability k / 201: 90 % needs k = 181
    assert calibration.residual_quantiles([0.05, 0.5, 0.95], 1).tolist() == [[-181.0, 0.0, 181.0]]
    assert calibration.residual_quantiles([0.999999], 1).tolist() == [[200.0]]  # no more is known


def test_windows_side_by_side_say_as_much_as_their_number():
    rng = np.random.default_rng(0)
    one_step = rng.normal(size=(150, 1))
    assert make_calibration(one_step).variance == 0.0
    alike = np.repeat(one_step[:30], 8, axis=1)  # the errors of a window are the same: 30 numbers instead of 240
    found = make_calibration(alike)
    sizes = np.abs(found.scores[:, 0])
    assert found.variance == pytest.approx(sizes.var() / sizes.mean() ** 2 * (1 / 30 - 1 / 240), rel=0.02)
    apart = make_calibration(rng.normal(size=(30, 8)))
    assert apart.variance < 0.2 * found.variance
    twice = make_calibration(np.concatenate([alike, alike]), offsets=np.array([0, 241, 481]))
    assert twice.variance == pytest.approx(found.variance / 2, rel=0.1)  # two series
    assert make_calibration(np.zeros((5, 8))).variance == 0.0


def test_an_uncertain_scale_makes_intervals_wider():
    errors = np.random.default_rng(0).normal(size=(20, 4))
    plain, wider = (Calibration(errors, pd.RangeIndex(1), np.ones(1), 1.0, variance) for variance in (0.0, 0.1))
    ratio = wider.residual_quantiles([0.025, 0.9], 6) / plain.residual_quantiles([0.025, 0.9], 6)
    assert_allclose(ratio, [[1 + 0.05 * 1.959964**2, 1 + 0.05 * 1.281552**2]] * 6, rtol=1e-5)


def test_few_windows_share_the_form_of_their_distribution_between_steps():
    steps = np.arange(1.0, 5.0)
    errors = np.where(np.arange(6)[:, None] % 2, 1.0, -1.0) * steps
    calibration = Calibration(errors, pd.RangeIndex(1), np.ones(1), 1.0)
    assert_allclose(calibration.residual_quantiles([0.9], 4)[:, 0], steps)


def test_scores_beyond_the_calibrated_horizon_grow_like_a_random_walk():
    calibration = Calibration(np.ones((5, 4)), pd.RangeIndex(1), np.ones(1), 1.0)
    assert_allclose(calibration.residual_quantiles([0.9], 16)[[3, 15], 0], [1.0, 2.0])
    paths = calibration.paths(3, 2, 16, np.random.RandomState(0))
    assert paths.shape == (2, 3, 16)
    assert_allclose(paths[:, :, 15], 2.0)


def test_a_series_that_is_harder_than_it_looks_gets_wider_intervals():
    rng = np.random.default_rng(0)
    errors = rng.normal(size=(60, 2)) * np.repeat([1.0, 10.0], 30)[:, None]
    calibration = make_calibration(errors, offsets=np.array([0, 61, 121]))
    easy, hard = calibration.units(pd.RangeIndex(2), np.ones(2))
    assert hard > 5 * easy
    assert easy < calibration.units(pd.RangeIndex(3), np.ones(3))[2] < hard  # one that is not known


def test_what_was_of_late_counts_more_than_what_was_long_ago():
    sizes = np.repeat([1.0, 10.0], 100)[:, None] * np.random.default_rng(0).choice([-1, 1], size=(200, 1))
    calibration = make_calibration(sizes)
    assert calibration.factors[0] > 9.0


def test_missing_truth_and_constant_series_do_not_count():
    errors = np.array([[1.0, np.nan], [np.nan, np.nan], [0.0, 0.0], [3.0, 3.0]])
    calibration = make_calibration(errors, offsets=np.array([0, 6, 9]), scales=np.array([1.0, 0.0]))
    # the second window has no truth, and the last is of a series that never changed before: it has no unit
    assert_array_equal(np.isnan(calibration.scores), [[False, True], [False, False]])


def test_the_naive_scale_falls_back_where_there_is_no_season():
    panel = make_panel([1.0, 2.0, 4.0, 8.0], [1.0, 4.0], [5.0], [2.0, 2.0, 2.0], [1.0, 3.0, 1.0, 3.0])
    # over a season of 2; over a step; nothing; nothing; over a step, as the season repeats exactly
    assert naive_scale(panel, 2).tolist() == [4.5, 3.0, 0.0, 0.0, 2.0]


@pytest.mark.parametrize("kind", [Naive, SeasonalNaive, WindowAverage])
def test_intervals_cover_as_often_as_they_say(kind):
    rng = np.random.default_rng(1)
    n_series, n = 200, 400
    walks = np.cumsum(rng.standard_t(4, size=(n_series, n)), axis=1) * rng.lognormal(sigma=2, size=(n_series, 1))
    data = pd.DataFrame(walks.T, index=HOURS[:n])
    forecast = kind(10, season=2).fit(data.iloc[:-10]).predict(level=[80, 95])
    truth = data.iloc[-10:]
    for level in (80, 95):
        low, high = (forecast.xs(f"y_pred-{side}-{level}", axis=1, level=1) for side in ("lo", "hi"))
        inside = ((truth >= low) & (truth <= high)).mean(axis=None)
        # 200 independent series: a standard error of 2 points at most, as the 10 steps of one go together
        assert inside == pytest.approx(level / 100, abs=0.05)


def test_intervals_of_another_horizon_are_calibrated_for_it():
    model = Naive(2).fit(long_frame([400]))
    short, long = model.predict(2, level=80), model.predict(30, level=80)
    assert (long["y_pred-hi-80"] - long["y_pred"]).iloc[11] > 2 * (short["y_pred-hi-80"] - short["y_pred"]).iloc[0]


def test_intervals_need_something_to_be_made_from():
    with pytest.raises(ValueError, match="at least 3 rows"):
        Naive(1, season=1, freq="h").fit(pd.Series([1.0, 2.0], HOURS[:2])).predict(level=80)
    forecast = Naive(10, season=1).fit(pd.Series([1.0, 2.0, 4.0, 3.0], HOURS[:4])).predict(level=80)
    assert forecast.notna().all(axis=None)


def test_intervals_of_series_that_changed_late_or_were_not_read_in_the_end():
    late = pd.Series([0.0] * 90 + [1.0] * 10, HOURS[:100])
    assert Naive(5, season=1).fit(late).predict(level=99)["y_pred-hi-99"].max() > 1.0
    constant = Naive(5, season=1).fit(late[:90]).predict(level=99)
    assert (constant == 0.0).all(axis=None)
    late.iloc[60:] = np.nan
    with pytest.raises(ValueError, match="need readings at the end of a series"):
        Naive(5, season=1, missing="mask").fit(late).predict(level=99)


def test_simulated_paths_spread_as_intervals_do_and_can_be_repeated():
    model = Naive(6).fit(long_frame([500]))
    paths = model.simulate(400, random_state=0)
    pd.testing.assert_frame_equal(paths, model.simulate(400, random_state=0))
    intervals = model.predict(level=80)
    drawn = paths.filter(like="path-")
    inside = drawn.ge(intervals["y_pred-lo-80"], axis=0) & drawn.le(intervals["y_pred-hi-80"], axis=0)
    assert inside.mean(axis=None) == pytest.approx(0.8, abs=0.05)  # the same errors are drawn from
    with pytest.raises(ValueError, match="n_paths must be"):
        model.simulate(0)


def test_newer_errors_take_the_place_of_the_oldest_as_they_come_to_be_known():
    old, newer = np.full((ENOUGH, 1), 1.0), np.full((ENOUGH, 1), 9.0)
    calibration = Calibration(old, pd.RangeIndex(1), np.ones(1), 1.0)
    at = np.array([5, 1, ENOUGH + 5, 0])
    scores = TimedScores(newer, np.arange(1, ENOUGH + 1), at)
    found = calibration.residual_quantiles_in_time(scores, [0.95], 1).at(at)[:, 0, 0]
    # 90 % lie inside: one or five of 200 do not matter, and later all are new
    assert found.tolist() == [1.0, 1.0, 9.0, 1.0]


def test_the_oldest_errors_of_all_series_are_the_first_to_go():
    errors, cutoffs = np.array([[1.0, -1, 1, 1, -1, -1]]).T, np.array([1, 2, 3, 4, 6, 7])
    calibration = Calibration.of(errors, cutoffs, pd.RangeIndex(2), np.array([0, 5, 8]), np.ones(2))
    # 4, 3, 2, 2, 1 and 1 rows before the ends of their series
    assert calibration.scores[:, 0].tolist() == [1, -1, 1, -1, 1, -1]
