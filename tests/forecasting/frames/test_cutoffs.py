"""What a forecast depends on: only what is known at its cutoff, and of that only its window."""

import warnings
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from forecasting_models import HOURS
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from tsl import LSTMForecaster
from tsl.baselines import Drift, Naive, SeasonalNaive, WindowAverage

NAN = np.nan
DAYS = pd.date_range("2024-01-01", periods=400)
H, WINDOW = 4, 12
WAYS = ["interpolate", "ffill", "mask"]


def lstm(**changes):
    given = {
        "horizon": H, "window": WINDOW, "season": 6, "segment": 3, "hidden_size": 3, "embedding_size": 2,
        "differences": None, "scaling": "window", "linear": False, "max_iter": 2, "random_state": 0, "n_threads": 1,
        "target_transform": None,
    }  # fmt: skip
    return LSTMForecaster(**{**given, **changes})


def wave(n, seed=0):
    steps = np.arange(n)
    return 10 + 3 * np.sin(2 * np.pi * steps / 6) + np.random.default_rng(seed).normal(size=n)


def frame(n=160, seed=0):
    """A target that depends on the weekday and on covariates: one known ahead, one not."""
    rng = np.random.default_rng(seed)
    offer, visits = (rng.random(n) < 0.4).astype(float), rng.normal(size=n)
    target = wave(n, seed) + 4.0 * (DAYS[:n].day_of_week >= 5) + 3 * offer
    return pd.DataFrame({"y": target, "offer": offer, "visits": visits}, DAYS[:n])


def with_gaps(table, seed=0, share=0.2):
    """The same with readings missing in runs, but for the first rows."""
    rng = np.random.default_rng(seed)
    table = table.copy()
    for column in table:
        for start in rng.integers(WINDOW, len(table), int(share * len(table) / 3)):
            table.iloc[start : start + rng.integers(1, 6), table.columns.get_loc(column)] = NAN
    return table


# --- fewer steps, and more --------------------------------------------------------------------------------------

CALENDARS = {
    "weekday": (lambda n: DAYS[:n], {"calendar": ["dayofweek"]}),
    "hour": (lambda n: HOURS[:n], {"calendar": "auto"}),
    "lagged": (lambda n: DAYS[:n], {"calendar": ["dayofweek"], "differences": 6}),
    "standardised": (lambda n: DAYS[:n], {"calendar": ["dayofmonth"], "scaling": None}),
    "quantiles": (lambda n: DAYS[:n], {"loss": "quantile", "quantiles": [0.1, 0.5, 0.9], "calendar": ["dayofweek"]}),
    "recursive": (lambda n: DAYS[:n], {"calendar": ["dayofweek"], "strategy": "recursive"}),
}


@pytest.mark.parametrize("kind", CALENDARS)
def test_fewer_steps_are_the_first_of_more(kind):
    times, parameters = CALENDARS[kind]
    model = lstm(**parameters).fit(pd.Series(wave(120), times(120)))
    whole = model.predict(3 * H)
    for k in range(1, 3 * H):
        assert_array_equal(model.predict(k), whole[:k])
    paths = [model.simulate(2, k, random_state=0).iloc[:3] for k in (3, H)]
    pd.testing.assert_frame_equal(*paths)
    if kind == "quantiles":
        pd.testing.assert_frame_equal(model.predict(3, level=80), model.predict(H, level=80)[:3])


def test_covariates_further_ahead_go_in_where_they_are_given():
    data = frame()
    model = lstm(future=["offer"], past=[], calendar=["dayofweek"]).fit(data[:120], target="y")
    ahead = data[["offer"]][120 : 120 + 2 * H]
    whole = model.predict(2 * H, future=ahead)
    for k in range(1, 2 * H):
        blocks = -(-k // H) * H
        assert_array_equal(model.predict(k, future=ahead[:blocks]), whole[:k])
    some = [model.predict(1, future=ahead[:n])["y_pred"].iloc[0] for n in (2, 3, 4)]
    assert len({*some}) == 3  # each row that is known counts
    with pytest.raises(ValueError, match="future must have the rows .*, got 1 surplus: 2024-05-03"):
        model.predict(1, future=ahead.iloc[[0, 1, 3]])
    with pytest.raises(ValueError, match="future must have the rows .*, got 4 surplus: 2024-05-04"):
        model.predict(3, future=ahead)
    with pytest.raises(ValueError, match="future must have the rows .*, got 1 missing"):
        model.predict(3, future=ahead[:2])


def test_covariates_of_many_series_may_be_known_differently_far():
    data = pd.concat([frame(seed=k).rename_axis("ds").reset_index().assign(unique_id=k) for k in (1, 2)])
    data = data.drop(columns="visits")
    model = lstm(future=["offer"]).fit(data[data["ds"] < DAYS[120]])
    ahead = data[(data["ds"] >= DAYS[120]) & (data["ds"] < DAYS[120 + H])].drop(columns="y")
    whole, short = model.predict(future=ahead), model.predict(2, future=ahead[ahead["ds"] < DAYS[122]])
    mixed = model.predict(2, future=ahead[(ahead["unique_id"] == 1) | (ahead["ds"] < DAYS[122])])
    assert mixed["y_pred"].tolist() == [*whole["y_pred"][:2], *short["y_pred"][2:]]


@pytest.mark.parametrize("kind", ["constant", "weekly", "level"])
def test_what_is_unknown_of_a_covariate_does_not_change_what_does_not_depend_on_it(kind):
    n = 120 + H
    covariate = {
        "constant": np.full(n, 7.0),
        "weekly": np.arange(n) % 6 * 1.0,  # comes back after a season
        "level": np.where(np.arange(n) < 60, 1.0, 9.0),  # stays as it is
    }[kind]
    data = pd.DataFrame({"y": wave(n) + covariate, "x": covariate}, DAYS[:n])
    model = lstm(future=["x"], calendar=["dayofweek"]).fit(data[:120], target="y")
    whole = model.predict(future=data[["x"]][120:])
    for k in range(1, H):
        assert_array_equal(model.predict(k, future=data[["x"]][120 : 120 + k]), whole[:k])


# --- nothing from behind a forecast's last row -------------------------------------------------------------------

MODELS = {
    "covariates": lambda: lstm(future=["offer"], past=["visits"], calendar=["dayofweek"]),
    "known ahead, lagged": lambda: lstm(future=["offer"], past=[], differences=6),
    "own quantiles": lambda: lstm(future=["offer"], past=[], loss="quantile", quantiles=[0.1, 0.5, 0.9]),
    "dropout": lambda: lstm(future=["offer"], past=[], intervals="dropout", n_models=1, hidden_size=2),
    "recursive": lambda: lstm(future=["offer"], past=[], strategy="recursive", max_iter=1),
    "seasonal naive": lambda: SeasonalNaive(H),
    "drift": lambda: Drift(H, window=9),
    "all rows": lambda: Drift(H),
    "mean": lambda: WindowAverage(H, window=9),
}


def forecasts_of(table, cutoff, *, name="y_pred"):
    """All that a backtest says at a cutoff, the truth apart."""
    return table[table["cutoff"] == cutoff].drop(columns="y")


def changed_after(data, row, seed=5):
    """Other numbers and other gaps behind this row."""
    rng = np.random.default_rng(seed)
    data = data.copy()
    n = len(data) - row - 1
    data.iloc[row + 1 :] = np.where(rng.random((n, 3)) < 0.3, NAN, 50 * rng.normal(size=(n, 3)))
    data.iloc[row + 1 :, 1] = 1.0 - data.iloc[row + 1 :, 1].gt(0)
    return data


@pytest.mark.parametrize("kind", MODELS)
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    n_windows=st.integers(2, 4),
    step=st.sampled_from([1, 3, H, 7]),
    gap=st.integers(0, 6),
    refit=st.sampled_from([False, False, True, 2]),
    window=st.sampled_from(["expanding", "sliding"]),
    missing=st.sampled_from(WAYS),
    level=st.sampled_from([None, 80]),
    way=st.sampled_from(["fitted on all", "fitted before", "updated", "newer"]),
    seed=st.integers(0, 9),
)
def test_backtests_see_what_predict_would_be_given(
    kind, n_windows, step, gap, refit, window, missing, level, way, seed
):
    if kind == "covariates" and gap:
        gap = 0  # what is known no longer than the target serves one block
    if refit or level:
        n_windows = 2
    model, data = MODELS[kind]().set_params(missing=missing), with_gaps(frame(110, seed), seed)
    options = {"n_windows": n_windows, "step": step, "gap": gap, "refit": refit, "window": window, "level": level}
    tables = []
    last = len(data) - 1 - step * (n_windows - 1)  # row that the first window forecasts last
    for given_data in (data, changed_after(data, last)):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of readings that are far from others
            fitted = model.fit(given_data if way == "fitted on all" else given_data[:70], target="y")
            if way == "updated":
                fitted.update(given_data[70:])
            tables.append(fitted.backtest({"newer": given_data[70:], "fitted before": given_data}.get(way), **options))
    cutoff = tables[0]["cutoff"].min()
    assert cutoff == data.index[last - gap - H]
    one, two = (forecasts_of(table, cutoff) for table in tables)
    assert np.isfinite(one["y_pred"]).all()
    pd.testing.assert_frame_equal(one, two, check_exact=True)


@pytest.mark.parametrize("missing", WAYS)
@pytest.mark.parametrize("kind", ["covariates", "known ahead, lagged", "own quantiles", "seasonal naive", "mean"])
def test_a_backtest_is_predict_at_each_cutoff(kind, missing):
    data = with_gaps(frame(), seed=3)
    data["offer"] = data["offer"].fillna(0.0)  # `predict` takes none that is missing
    gap = 0 if kind == "covariates" else 3
    model = MODELS[kind]().set_params(missing=missing).fit(data[:90], target="y")
    table = model.backtest(data[90:], n_windows=5, step=7, gap=gap)
    for cutoff in table["cutoff"].unique():
        at = data.index.get_loc(cutoff)
        ahead = data[["offer"]][at + 1 : at + 1 + gap + H] if kind != "seasonal naive" and kind != "mean" else None
        said = model.predict(gap + H, data=data[90 : at + 1], future=ahead)["y_pred"][gap:]
        assert_array_equal(said, table.loc[table["cutoff"] == cutoff, "y_pred"])


@pytest.mark.parametrize("missing", WAYS)
@pytest.mark.parametrize("skipped", [0, 3])
def test_a_score_sees_what_predict_would_be_given(missing, skipped):
    data = with_gaps(frame(), seed=1)
    data["offer"] = data["offer"].fillna(0.0)
    model = lstm(missing=missing, future=["offer"], past=[], calendar=["dayofweek"]).fit(data[:100], target="y")
    start, n = 100 + skipped, 2 * H
    errors = []
    for block in range(2):
        cutoff = start + block * H if block else 100
        k = start + (block + 1) * H - cutoff
        ahead = data[["offer"]][cutoff : cutoff + k].copy()
        ahead[: start - cutoff] = NAN  # not there, and so filled from what is
        if ahead.isna().any(axis=None):
            ahead = ahead.bfill() if missing != "mask" else ahead.fillna(data["offer"][:100].mean())
        said = model.predict(k, data=data[100:cutoff] if cutoff > 100 else None, future=ahead)["y_pred"]
        truth = data["y"][cutoff : cutoff + k]
        errors.append(np.abs(truth - said).to_numpy()[-H:])
    wanted = np.nanmean(errors)
    scores = [
        model.score(data[start : start + n]),
        model.score(changed_after(data[: start + n], start + n - 1)[start:]),
    ]
    assert scores[0] == scores[1]
    if not skipped:
        naive = Naive(H, missing=missing).fit(data[["y"]][:100], target="y")
        scale = np.abs(naive.backtest(data[["y"]][start : start + n], n_windows=1)["y_pred"]).mean()
        assert scale > 0
        ratio = model.score(data[start : start + n]) / lstm_scale(data["y"][:100], model)
        assert_allclose(-ratio, wanted)


def lstm_scale(known, model):
    """One over the change over a season, as `score` divides by."""
    from tsl.forecasting.frames.schema import Schema
    from tsl.forecasting.panel.scale import naive_scale
    from tsl.forecasting.panel.seasonality import find_season

    _, panel = Schema.learn(known)
    return 1.0 / naive_scale(panel, find_season(panel, model.schema_.season_hints))[0]


# --- nothing but the window --------------------------------------------------------------------------------------

SEEN_AS = {
    "window": {"scaling": "window"},
    "level": {"scaling": "level"},
    "nothing": {"scaling": None},
    "changes": {"differences": 6},
    "short window": {"window": 3, "season": 6},  # the level is the mean of a season, of which the window has a half
}


def fitted_once(**parameters):
    key = tuple(sorted(parameters.items()))
    if key not in FITTED:
        FITTED[key] = lstm(**parameters, freq=1).fit(pd.Series(wave(90), name="a"))  # gaps are meant
    return FITTED[key]


FITTED = {}


@pytest.mark.parametrize("seen_as", SEEN_AS)
@settings(max_examples=10, deadline=None)
@given(
    missing=st.sampled_from(["error", *WAYS]),
    size=st.sampled_from([1e-9, 1.0, 1e9, 1e15]),
    row=st.integers(0, 40),
    gap=st.tuples(st.integers(30, 59), st.integers(0, 30)),
    value=st.sampled_from([-1.0, 0.0, NAN, 4294967295.0, -1e15, 1e30]),
)
def test_rows_before_the_window_do_not_count(seen_as, missing, size, row, gap, value):
    model = fitted_once(missing=missing, **SEEN_AS[seen_as])
    values = size * wave(60, seed=1)
    if missing != "error":
        values[gap[0] : gap[0] + gap[1]] = NAN
    context = model._context_length()
    if np.isnan(values[-context:]).all():
        values[-1] = size * 10
    changed = values.copy()
    changed[: min(row, 60 - context)] = 0.0 if np.isnan(value) and missing == "error" else value
    if np.isnan(value):
        changed[0] = 1.0  # a series has a reading
    times = np.arange(1000, 1060)  # they stand by themselves
    one, other = (model.predict(data=pd.Series(each, times, name="a")) for each in (values, changed))
    assert_array_equal(one, other)


def test_a_window_is_constant_by_its_own_values():
    model = fitted_once(scaling="window")
    steps = np.arange(60)
    for size in (1e-12, 1.0, 1e12):
        values = size * (10 + np.sin(2 * np.pi * steps / 6))
        values[0] = 1e15 * size
        forecast = model.predict(data=pd.Series(values, 1000 + steps, name="a"))
        assert np.ptp(forecast) > 0.01 * size
    for constant in (0.0, 0.1 + 0.2, -7e-300, 1e30):  # as far as readings that differ in the last bit
        values = np.nextafter(constant, np.where(steps % 2, constant, np.inf))
        values[:30] = steps[:30]
        forecast = model.predict(data=pd.Series(values, 1000 + steps, name="a"))
        assert_allclose(forecast, constant, rtol=1e-12, atol=1e-300)


@pytest.mark.parametrize("seen_as", ["window", "level", "changes"])
@settings(max_examples=10, deadline=None)
@given(
    sizes=st.lists(st.sampled_from([1e-12, 1e-6, 1.0, 1e6, 1e12, 1e15]), min_size=1, max_size=4),
    lengths=st.lists(st.integers(1, 60), min_size=4, max_size=4),
    offset=st.sampled_from([0.0, 1.0, 1e9]),
    place=st.integers(0, 4),
    missing=st.sampled_from(["error", "mask", "interpolate"]),
)
def test_a_series_does_not_depend_on_those_beside_it(seen_as, sizes, lengths, offset, place, missing):
    scale = sizes if seen_as != "level" else [min(size, 1e6) for size in sizes]  # beyond that float32 has no number
    model = wide_once(missing=missing, **SEEN_AS[seen_as])
    tables = [long_of("own", wave(60, 1))]
    for k, size in enumerate(scale):
        values = size * (offset + wave(lengths[k], k))
        if missing != "error" and len(values) > 4:
            values[1:3] = NAN
        tables.insert(place, long_of(f"s{k}", values))
    alone = model.predict(data=tables[0] if len(tables) == 1 else long_of("own", wave(60, 1)))
    beside = model.predict(data=pd.concat(tables))
    assert_array_equal(beside.loc[beside["unique_id"] == "own", "y_pred"], alone["y_pred"])


def long_of(name, values):
    return pd.DataFrame({"unique_id": name, "ds": np.arange(len(values)), "y": values})


def wide_once(**parameters):
    key = ("long", *sorted(parameters.items()))
    if key not in FITTED:
        FITTED[key] = lstm(**parameters).fit(pd.concat([long_of("x", wave(90)), long_of("z", wave(70, 2))]))
    return FITTED[key]


# --- however readings arrive -------------------------------------------------------------------------------------


def arrivals(model, parts):
    """Forecasts of a model that was fitted on the first part, when the others come one way or another."""
    updated, other = model(parts[0]), model(parts[0])
    for part in parts[1:]:
        updated.update(part)
    yield updated.predict()
    yield other.predict(data=pd.concat(parts[1:]))
    yield other.predict(data=pd.concat(parts))
    yield model(parts[0]).update(pd.concat(parts[1:])).predict()


@pytest.mark.parametrize("kind", ["lstm", "lagged", "seasonal naive", "naive", "mean", "drift", "all rows"])
@settings(max_examples=10, deadline=None)
@given(
    missing=st.sampled_from(WAYS),
    form=st.sampled_from(["single", "long", "wide"]),
    start=st.integers(40, 60),
    length=st.integers(0, 30),
    cuts=st.lists(st.integers(45, 85), min_size=1, max_size=3, unique=True),
    value=st.sampled_from([12.0, -5.0]),
)
def test_a_gap_is_filled_the_same_however_its_readings_arrive(kind, missing, form, start, length, cuts, value):
    kinds = {
        "lstm": lambda: lstm(past=None if form == "wide" else ["visits"]),
        "lagged": lambda: lstm(differences=6, past=()),
        "seasonal naive": lambda: SeasonalNaive(H, season=6),
        "naive": lambda: Naive(H, season=6),
        "mean": lambda: WindowAverage(H, window=9, season=6),
        "drift": lambda: Drift(H, window=9, season=6),
        "all rows": lambda: Drift(H, season=6),
    }
    table = frame(90)[["y", "visits"]]
    table.iloc[start : start + length, 0] = NAN
    table.iloc[start + 3 : start + length + 5, 1] = NAN
    table.iloc[-1, 0] = value
    if form == "wide":
        table = table.rename(columns={"y": "a", "visits": "b"}).assign(c=wave(90))
        table.iloc[-1, 1] = value
    roles = {} if form == "wide" else {"target": "y"}
    if form == "long":
        table = table.assign(ds=table.index, unique_id="a")
    bounds = [0, *sorted(cuts), 90]
    parts = [table.iloc[one:two] for one, two in pairwise(bounds)]

    def fitted(part):
        return kinds[kind]().set_params(missing=missing).fit(part, **roles)

    first, *others = arrivals(fitted, parts)
    for other in others:
        if form == "long":
            first, other = first.reset_index(drop=True), other.reset_index(drop=True)
        pd.testing.assert_frame_equal(first, other, check_exact=True)
