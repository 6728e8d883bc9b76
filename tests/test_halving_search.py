"""The halving search over backtest windows, and its plot."""

import json

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import randint
from sklearn.base import clone

from tsl import LSTMForecaster
from tsl.baselines import Naive, SeasonalNaive
from tsl.model_selection import HalvingSearch, PanelTimeSeriesSplit

DAYS = pd.date_range("2024-01-01", periods=120)
SERIES = pd.Series(np.tile([1.0, 5.0, 2.0, 8.0, 3.0, 9.0], 20) + np.random.default_rng(0).normal(size=120), DAYS)
SPACE = {"season": [2, 3, 4, 5, 6, 7]}


class Counting(SeasonalNaive):
    """Counts its fits."""

    n_fits = 0

    def fit(self, data, y=None, **options):
        type(self).n_fits += 1
        return super().fit(data, y, **options)


def search(space=SPACE, **options):
    return HalvingSearch(Counting(4, season=1), space, **{"random_state": 0, "n_candidates": 7, **options})


def test_the_better_half_goes_on():
    found = search().fit(SERIES)
    assert found.best_params_ == {"season": 6}
    assert sorted(found.results_["n_windows"]) == [1, 1, 1, 2, 2, 4, 4]
    assert found.results_["params"][0] == {}
    folds = list(PanelTimeSeriesSplit(4, 4).split(SERIES))[::-1]
    train, test = folds[0]
    by_hand = [
        -Counting(4, season=params.get("season", 1)).fit(SERIES.iloc[train]).score(SERIES.iloc[test])
        for params in found.results_["params"]
    ]
    assert_allclose(found.errors_[:, 0], by_hand)
    went_on = np.flatnonzero(found.results_["n_windows"] > 1)
    assert set(went_on) == set(np.argsort(by_hand, kind="stable")[:4])
    best = found.results_["params"].index({"season": 6})
    assert_allclose(found.best_score_, -found.errors_[best].mean())
    wanted = SeasonalNaive(4, season=6).fit(SERIES)
    pd.testing.assert_series_equal(found.predict(), wanted.predict())
    pd.testing.assert_frame_equal(found.predict(level=80), wanted.predict(level=80))


def test_long_frames_and_names_of_columns():
    frame = pd.concat([pd.DataFrame({"shop": name, "day": DAYS, "sales": SERIES.to_numpy()}) for name in "ab"])
    names = {"id_col": "shop", "time_col": "day", "target": "sales"}
    assert search().fit(frame, **names).best_params_ == {"season": 6}


def test_the_first_candidate_is_tried_whatever_the_budget():
    found = search(budget_seconds=1e-9).fit(SERIES)
    assert found.best_params_ == {}
    assert found.results_["n_windows"].tolist() == [1] + [0] * 6
    assert np.isnan(found.results_["mase"][1:]).all()


def test_a_budget_that_ends_between_compares_what_all_have_done(monkeypatch):
    ticks = iter(range(10**6))
    monkeypatch.setattr("tsl.model_selection._search.perf_counter", lambda: float(next(ticks)))  # a second each
    found = search(budget_seconds=9).fit(SERIES)  # seven candidates in one window, two of the better four in the next
    assert sorted(found.results_["n_windows"]) == [1, 1, 1, 1, 1, 2, 2]
    assert found.best_params_ == found.results_["params"][int(np.argmin(found.errors_[:, 0]))]


def test_a_search_resumes(tmp_path):
    path = tmp_path / "search.json"
    Counting.n_fits = 0
    whole = search().fit(SERIES, checkpoint=path)
    n_fits, text = Counting.n_fits, path.read_text()
    lines = text.split("\n")
    path.write_text("\n".join(lines[:6]) + "\n" + lines[6][:10])  # five results, and one that was cut off
    Counting.n_fits = 0
    resumed = search().fit(SERIES, checkpoint=path)
    assert Counting.n_fits == n_fits - 5
    assert_array_equal(resumed.errors_, whole.errors_)
    assert len(path.read_text().split("\n")) == len(lines)
    Counting.n_fits = 0
    again = search().fit(SERIES, checkpoint=path)
    assert Counting.n_fits == 1  # of the best one, to all rows
    assert again.best_params_ == whole.best_params_
    for other, data in ((search(n_windows=3), SERIES), (search(), SERIES + 1), (search({"season": [2]}), SERIES)):
        with pytest.raises(ValueError, match="belongs to another search"):
            other.fit(data, checkpoint=path)
    path.write_text(json.dumps([1]) + "\n")
    with pytest.raises(ValueError, match="is not a file of a search"):
        search().fit(SERIES, checkpoint=path)
    with pytest.raises(ValueError, match="checkpoint needs an int as random_state, got None"):
        search(random_state=None).fit(SERIES, checkpoint=path)


def test_candidates_that_cannot_be_fitted_are_left_out():
    found = search({"season": [0, 6]}).fit(SERIES)
    wrong = found.results_["params"].index({"season": 0})
    assert found.errors_[wrong, 0] == np.inf
    assert "season" in found.results_["error"][wrong]
    assert found.best_params_ == {"season": 6}
    with pytest.raises(ValueError, match="no candidate can be fitted: .*season"):
        HalvingSearch(Counting(4, season=0), SPACE, n_candidates=1).fit(SERIES)


def test_distributions_and_the_default_space():
    found = search({"season": randint(2, 8)}, n_candidates=3, n_windows=1).fit(SERIES)
    assert len(found.results_["params"]) == 3
    drawn = HalvingSearch(LSTMForecaster(4), n_candidates=5, random_state=0)._candidates()
    for params in drawn[1:]:
        LSTMForecaster(4).set_params(**params)
        assert 1e-3 <= params["learning_rate_init"] <= 1e-2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_candidates": 0}, "n_candidates must be a whole number from 1 up, got 0"),
        ({"n_windows": True}, "n_windows must be a whole number from 1 up, got True"),
        ({"budget_seconds": -1}, "budget_seconds must be a number above 0 or None, got -1"),
        ({"space": "default"}, "'default' for LSTMForecaster, got 'default' for Counting"),
        ({"space": {}}, "space must be a dict"),
        ({"n_windows": 40}, "n_splits=40"),
    ],
)
def test_what_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        search().set_params(**options).fit(SERIES)
    with pytest.raises(TypeError, match="y must be None"):
        search().fit(SERIES, SERIES)


def test_a_search_is_an_estimator():
    assert clone(search()).get_params()["n_candidates"] == 7
    assert "forecaster__season" in search().get_params()


def test_the_picture():
    pytest.importorskip("matplotlib", reason="extra 'plot'")
    from tsl.plotting import plot_search

    found = search().fit(SERIES)
    ax = plot_search(found)
    assert len(ax.lines) == 7
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["as given", "best"]
    best = ax.lines[-1].get_ydata()
    assert_allclose(best[-1], -found.best_score_)
    with pytest.raises(ValueError, match="search must be a fitted HalvingSearch, got a Naive"):
        plot_search(Naive(4))
