"""Bytes, rare characters, contexts with the character that follows, and documents."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from text_models import FRENCH, QUESTION

from tsl import LSTMCharModel
from tsl.text import CharWindow

SMALL = {"hidden_size": 16, "max_iter": 8, "random_state": 0, "n_threads": 1}

# --- bytes --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def of_bytes():
    options = {"max_iter": 60, "dropout": 0, "recurrent_dropout": 0, "weight_dropout": 0, "tokens": "byte"}
    return LSTMCharModel(**SMALL | options).fit(FRENCH)


def test_bytes_are_scored_by_character(of_bytes):
    text = "voilà où"
    surprisal = of_bytes.surprisal(text)
    assert surprisal.shape == (8,)
    assert_allclose(of_bytes.score(text), -surprisal.sum() / 8, rtol=1e-12)
    # the last character is two bytes, each expected after those before it
    first = "ù".encode()[0]
    after_both = of_bytes.predict_proba(["voilà o"])[0, first]
    assert surprisal[-1] > -np.log(after_both)
    assert of_bytes.score(FRENCH) > -1.0  # 2.6 nats for how often characters come


def test_bytes_know_every_text(of_bytes):
    assert_array_equal(of_bytes.classes_, np.arange(256))
    assert np.isfinite(of_bytes.score("日本語 \N{GRINNING FACE} \x00"))
    assert of_bytes.predict(["la questio"]).tolist() == [ord("n")]


def test_bytes_are_written_as_characters(of_bytes):
    text = of_bytes.generate("être o", length=30, temperature=0)
    assert len(text) == 30
    assert text.startswith("ù ne pas")


# --- rare and new characters --------------------------------------------------------------------------------


def test_rare_characters_become_one():
    model = LSTMCharModel(**SMALL, min_frequency=5, unknown="replace").fit(QUESTION + "xyz")
    assert "x" not in model.classes_
    assert model.class_count_[model.classes_ == "\N{REPLACEMENT CHARACTER}"] == 3
    assert "\N{REPLACEMENT CHARACTER}" in model.classes_
    with pytest.raises(ValueError, match="min_frequency"):
        LSTMCharModel(**SMALL, min_frequency=5).fit(QUESTION)


def test_thousands_of_characters():
    text = "".join(map(chr, range(0x4E00, 0x4E00 + 3000))) * 2
    model = LSTMCharModel(hidden_size=8, max_iter=1, random_state=0).fit(text)
    assert model.predict_proba([text[:5]]).shape == (1, 3000)
    assert len(model.generate(length=20, random_state=0)) == 20


# --- contexts with the character after each -----------------------------------------------------------------


def test_contexts_are_learned_like_windows_of_the_text():
    window = 10
    windows = [QUESTION[k : k + window] for k in range(len(QUESTION) - window)]
    options = SMALL | {"max_iter": 2}
    model = LSTMCharModel(**options).fit(windows, list(QUESTION[window:]))
    twin = LSTMCharModel(**options, windowed=True, window=window).fit(QUESTION)
    assert_array_equal(model.network_.params, twin.network_.params)
    assert_array_equal(model.predict_proba(windows[:5]), twin.predict_proba(windows[:5]))
    expected = np.log(model.predict_proba(windows))
    answers = np.searchsorted(model.classes_, list(QUESTION[window:]))
    assert model.score(windows, list(QUESTION[window:])) == pytest.approx(
        expected[np.arange(len(windows)), answers].mean()
    )
    assert model.partial_fit(windows, list(QUESTION[window:])).n_iter_ == 3


def test_last_step_of_a_pipeline():
    text, window = QUESTION[:400], 10
    pipeline = make_pipeline(
        CharWindow(window=window, output="text"), LSTMCharModel(**SMALL | {"max_iter": 40}, learning_rate_init=0.01)
    )
    pipeline.fit(text[:-1], list(text[window:]))
    assert pipeline.predict("not to be, that").shape == (6,)
    assert pipeline.score(text[:-1], list(text[window:])) > -2.0  # 2.5 nats for how often characters come
    search = GridSearchCV(pipeline[-1], {"hidden_size": [4, 8]}, cv=2, error_score="raise")
    search.fit(pipeline[:-1].transform(text[:-1]), list(text[window:]))
    assert np.isfinite(search.best_score_)


def test_contexts_stop_early_on_the_last_ones():
    windows = [QUESTION[k : k + 5] for k in range(100)]
    model = LSTMCharModel(**SMALL, early_stopping=True).fit(windows, list(QUESTION[5:105]))
    assert len(model.validation_scores_) == model.n_iter_


@pytest.mark.parametrize(
    ("contexts", "y", "message"),
    [
        (["ab", "bc"], ["c"], "y must be 2 characters"),
        (["ab", "bc"], ["c", "ab"], "y must be 2 characters"),
        (["ab", ""], ["c", "a"], "at least 1 known character"),
    ],
)
def test_wrong_contexts_are_refused(contexts, y, message):
    with pytest.raises(ValueError, match=message):
        LSTMCharModel(**SMALL).fit(contexts, y)


def test_bytes_are_learned_from_whole_texts_alone():
    with pytest.raises(ValueError, match="without y"):
        LSTMCharModel(**SMALL, tokens="byte").fit(["ab"], ["c"])


# --- documents ----------------------------------------------------------------------------------------------


def test_documents_begin_anew():
    """In short texts that begin alike, what comes first must be known from nothing."""
    names = ["macbeth.", "malcolm.", "macduff."] * 60
    model = LSTMCharModel(hidden_size=16, max_iter=40, random_state=0).fit(names)
    assert model.predict(["m", "ma"]).tolist()[0] == "a"
    # half of a nat a character would be for three names of eight letters, once the first two are known
    assert model.score(names[:3]) > -0.6
    assert np.isfinite(cross_val_score(LSTMCharModel(**SMALL), names[:30], cv=3)).all()
