"""The notebook view of a fitted forecaster, and what a fit reports about its trials."""

import copy
import re
from dataclasses import replace
from types import SimpleNamespace

import pytest
from lstm_forecasters import SMALL, make_frame
from sklearn import config_context

from tsl import LSTMForecaster
from tsl.forecasting.report import choices_html


@pytest.fixture(scope="module")
def fitted():
    return LSTMForecaster(6, **SMALL).fit(make_frame())


def rows(html):
    """The cells of each row of all tables."""
    found = re.findall(r"<tr.*?</tr>", html, flags=re.DOTALL)
    return [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row) for row in found]


def test_a_notebook_shows_what_was_chosen_and_what_was_tried(fitted):
    html = fitted._repr_mimebundle_()["text/html"]
    own = html.split('<div class="tsl-choices">')[1]
    assert fitted._repr_html_().endswith(own)  # before it are numbers of this view
    assert "season of 12 steps, 30 training steps for each network" in own
    table = rows(own)
    weights = fitted.series_weights_.mean().to_numpy()
    heaviest = fitted.members_[weights.argmax()]
    assert table[0] == ["member", "window", "segment", "differences", "scaling", "mean weight in 3 series"]
    assert table[1][:2] == [heaviest.kind, str(heaviest.windowing.window)]
    assert float(table[1][-1]) == pytest.approx(weights.max(), abs=0.006)
    assert sum(float(row[-1]) for row in table[1 : 1 + len(fitted.members_)]) == pytest.approx(1, abs=0.02)
    trials = table[2 + len(fitted.members_) :]
    assert [row[0] for row in trials] == fitted.search_results_["stage"]
    assert [row[-1] == "✓" for row in trials] == fitted.search_results_["chosen"].tolist()
    assert "nan" not in own


def test_whole_numbers_stay_whole_beside_none(fitted):
    first = fitted.members_[0]
    members = [replace(first, windowing=replace(first.windowing, lag=lag)) for lag in (0, 12)]
    html = choices_html(SimpleNamespace(members_=members, season_=12, n_steps_=30))
    assert [row[3] for row in rows(html)] == ["differences", "none", "12"]


def test_before_fit_and_as_text_nothing_is_added(fitted):
    assert "tsl-choices" not in LSTMForecaster()._repr_html_()
    with config_context(display="text"):
        assert list(fitted._repr_mimebundle_()) == ["text/plain"]


def test_a_model_of_an_earlier_version_is_shown_without(fitted):
    old = copy.copy(fitted)
    del old.members_
    assert "tsl-choices" not in old._repr_html_()


def test_a_fit_says_what_it_is_trying_if_asked(capsys):
    LSTMForecaster(6, verbose=1, **SMALL | {"max_iter": 1}).fit(make_frame())
    assert re.search(r"^trying windows 1 of \d+$", capsys.readouterr().err, flags=re.MULTILINE)
