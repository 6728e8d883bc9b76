"""`LSTMCharModel` with bytes, rare characters, new characters, and contexts with answers."""

import copy

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline

from tsl import LSTMCharModel
from tsl.text import CharWindow

TEXT = "to be or not to be, that is the question: " * 20
FRENCH = "être où ne pas être, voilà la question… " * 20
SMALL = {"hidden_size": 16, "max_iter": 8, "random_state": 0, "n_threads": 1}
ENCODINGS = ["embedding", "onehot"]


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
    model = LSTMCharModel(**SMALL, min_frequency=5, unknown="replace").fit(TEXT + "xyz")
    assert "x" not in model.classes_
    assert model.class_count_[model.classes_ == "\N{REPLACEMENT CHARACTER}"] == 3
    assert "\N{REPLACEMENT CHARACTER}" in model.classes_
    with pytest.raises(ValueError, match="min_frequency"):
        LSTMCharModel(**SMALL, min_frequency=5).fit(TEXT)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_new_characters_are_added_and_learned(encoding):
    model = LSTMCharModel(**SMALL, unknown="grow", encoding=encoding).fit(TEXT)
    contexts, old = ["to b", "the qu"], model.classes_
    before = model.predict_proba(contexts)
    counts = dict(zip(old, model.class_count_))
    with pytest.raises(ValueError, match="grown"):
        model.score("être")

    grown = copy.deepcopy(model)
    grown._prepare_network(grown.vocabulary_.grown("êàz"), 0, go_on=True)  # as partial_fit does before it trains
    kept = np.isin(grown.classes_, old)
    assert_array_equal(grown.classes_[~kept], ["z", "à", "ê"])
    # the old ones make room for the new ones, but keep their ratios; float32 has 7 digits
    after = grown.predict_proba(contexts)
    assert_allclose(after[:, kept] / after[:, kept].sum(axis=1, keepdims=True), before, rtol=1e-5)
    assert 0 < after[:, ~kept].sum() < 0.3
    assert dict(zip(grown.classes_[kept], grown.class_count_[kept])) == counts
    assert grown.class_count_[~kept].sum() == 0

    for _ in range(25):
        model.partial_fit(FRENCH)
    assert_array_equal(model.classes_, sorted(set(TEXT + FRENCH)))
    assert model.score(FRENCH) > -1.2  # 2.6 nats for how often characters come
    assert model._optimizer_state.mean.size == model.network_.params.size


def test_growing_with_nothing_new_changes_nothing():
    model, twin = (LSTMCharModel(**SMALL, unknown=unknown).fit(TEXT) for unknown in ("grow", "error"))
    assert_array_equal(model.partial_fit(TEXT[:200]).network_.params, twin.partial_fit(TEXT[:200]).network_.params)


def test_codes_read_as_numbers_cannot_grow():
    model = LSTMCharModel(**SMALL | {"max_iter": 1}, unknown="grow", encoding="scalar", window=8).fit(TEXT)
    before = model.network_.params.copy()
    with pytest.raises(ValueError, match="scalar"):
        model.partial_fit(FRENCH)
    assert_array_equal(model.network_.params, before)
    assert len(model.classes_) == len(model.class_count_) == len(set(TEXT))


def test_thousands_of_characters():
    text = "".join(map(chr, range(0x4E00, 0x4E00 + 3000))) * 2
    model = LSTMCharModel(hidden_size=8, max_iter=1, random_state=0).fit(text)
    assert model.predict_proba([text[:5]]).shape == (1, 3000)
    assert len(model.generate(length=20, random_state=0)) == 20


# --- contexts with the character after each -----------------------------------------------------------------


def test_contexts_are_learned_like_windows_of_the_text():
    window = 10
    windows = [TEXT[k : k + window] for k in range(len(TEXT) - window)]
    options = SMALL | {"max_iter": 2}
    model = LSTMCharModel(**options).fit(windows, list(TEXT[window:]))
    twin = LSTMCharModel(**options, windowed=True, window=window).fit(TEXT)
    assert_array_equal(model.network_.params, twin.network_.params)
    assert_array_equal(model.predict_proba(windows[:5]), twin.predict_proba(windows[:5]))
    expected = np.log(model.predict_proba(windows))
    answers = np.searchsorted(model.classes_, list(TEXT[window:]))
    assert model.score(windows, list(TEXT[window:])) == pytest.approx(expected[np.arange(len(windows)), answers].mean())
    assert model.partial_fit(windows, list(TEXT[window:])).n_iter_ == 3


def test_last_step_of_a_pipeline():
    text, window = TEXT[:400], 10
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
    windows = [TEXT[k : k + 5] for k in range(100)]
    model = LSTMCharModel(**SMALL, early_stopping=True).fit(windows, list(TEXT[5:105]))
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
