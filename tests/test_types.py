"""What annotations claim is checked when the program runs."""

import types
import typing

import numpy as np
import pandas as pd
import pytest
from regressor_problem import problem, small

from tsl import LSTMCharModel, LSTMClassifier, LSTMForecaster, LSTMRegressor, datasets
from tsl._sklearn import StrOptions
from tsl.baselines import Drift, Naive, SeasonalNaive, WindowAverage
from tsl.model_selection import PanelTimeSeriesSplit
from tsl.text import CharVocabulary, CharWindow
from tsl.training import History
from tsl.windows import SlidingWindow

CHECKED = [LSTMRegressor, LSTMClassifier, LSTMCharModel, LSTMForecaster, Naive, SeasonalNaive, Drift, WindowAverage]


def words_of(annotation):
    """The words that an annotation lets in; None for any text."""
    if annotation is str:
        return None
    if typing.get_origin(annotation) is typing.Literal:
        return set(typing.get_args(annotation))
    if typing.get_origin(annotation) not in (typing.Union, types.UnionType):
        return set()
    parts = [words_of(part) for part in typing.get_args(annotation)]
    return None if None in parts else set().union(*parts)


@pytest.mark.parametrize("Estimator", CHECKED)
def test_words_in_annotations_are_those_that_are_checked(Estimator):
    hints = typing.get_type_hints(Estimator.__init__)
    for name, constraints in Estimator._parameter_constraints.items():
        allowed = set().union(*(one.options for one in constraints if isinstance(one, StrOptions)))
        if allowed and name in hints:
            assert words_of(hints[name]) == allowed, name


@pytest.mark.parametrize(
    ("use", "name"),
    [
        (lambda **one: SlidingWindow(**one).fit(np.ones((4, 1))), "pad"),
        (lambda **one: SlidingWindow(**one).fit(np.ones((4, 1))), "output"),
        (lambda **one: CharVocabulary(**one).fit("ab"), "unknown"),
        (lambda **one: CharVocabulary(**one).fit("ab"), "tokens"),
        (lambda **one: CharWindow(1, **one).fit("ab"), "unknown"),
        (lambda **one: CharWindow(1, **one).fit("ab"), "output"),
        (lambda **one: list(PanelTimeSeriesSplit(2, horizon=1, **one).split(pd.Series(range(9)))), "window"),
        (lambda **one: list(PanelTimeSeriesSplit(2, horizon=1, **one).split(pd.Series(range(9)))), "align"),
    ],
)
def test_words_in_other_annotations_are_taken_and_no_other(use, name):
    kind = {
        "pad": SlidingWindow,
        "tokens": CharVocabulary,
        "window": PanelTimeSeriesSplit,
        "align": PanelTimeSeriesSplit,
    }
    for Kind in (kind[name],) if name in kind else (CharVocabulary, CharWindow, SlidingWindow):
        hints = typing.get_type_hints(Kind.__init__)
        if name in hints and Kind.__name__ in use.__code__.co_names:
            for word in words_of(hints[name]):
                use(**{name: word})
    with pytest.raises(ValueError, match=name):
        use(**{name: "no such word"})


def test_fit_keeps_its_signature():
    assert typing.get_type_hints(LSTMRegressor.fit)["return"] is typing.Self
    assert "sample_weight" in typing.get_type_hints(LSTMForecaster.fit)


@pytest.mark.parametrize("name", sorted(set(datasets.__all__) - {"load_macbeth"}))
def test_loaders_give_what_their_overloads_say(name):
    load = getattr(datasets, name)
    for overload in typing.get_overloads(load):
        hints = typing.get_type_hints(overload)
        words = {key: typing.get_args(hint) for key, hint in hints.items() if key in ("as_frame", "return_X_y")}
        if not all(words.values()):
            continue  # the one for a bool that is not known
        ticker = {"ticker": "IBM"} if hints.get("ticker") is str else {}
        result, wanted = load(**ticker, **{key: one for key, (one,) in words.items()}), hints["return"]
        kinds = typing.get_args(wanted) if typing.get_origin(wanted) is tuple else (wanted,)
        for one, kind in zip(result if len(kinds) > 1 else [result], kinds, strict=True):
            assert isinstance(one, typing.get_origin(kind) or kind)


def test_a_history_is_short():
    assert repr(History()) == "History(n_iter=0, stopped_by=None)"
    X, y = problem()
    assert repr(small(max_iter=3).fit(X, y).history_).startswith("History(n_iter=3, loss=")
    history = small(max_iter=50).fit(X, y, X_val=X, y_val=y).history_
    assert "val_loss=" in repr(history)
    assert len(repr(history)) < 100
    assert len(repr(small().fit(X, y).network_)) < 100
