"""What a model tells about a text: probabilities, scores, gates; and unknown characters."""

import math
import tracemalloc

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from text_models import OTHER, SMALL, TEXT, tiny

from tsl import LSTMCharModel
from tsl.char_model import reading

KINDS = {
    "streams": {},
    "two layers": {"hidden_size": (12, 16)},
    "windows": {"windowed": True, "window": 12, "max_iter": 1},
    "scalar": {"encoding": "scalar", "window": 12, "max_iter": 1},
}


@pytest.fixture(scope="module")
def models():
    return {name: LSTMCharModel(**{**SMALL, **options}).fit(TEXT) for name, options in KINDS.items()}


@pytest.fixture(scope="module", params=KINDS)
def model(request, models):
    return models[request.param]


# --- what it expects ----------------------------------------------------------------------------------------


def test_probabilities(model):
    contexts = ["", "T", TEXT[:11], TEXT[:12], TEXT[:13], TEXT[:200]]
    probabilities = model.predict_proba(contexts)
    assert probabilities.shape == (6, len(model.classes_))
    assert probabilities.dtype == np.float64
    assert_allclose(probabilities.sum(axis=1), 1.0, rtol=1e-12)
    assert (probabilities > 0).all()
    assert_array_equal(model.predict(contexts), model.classes_[probabilities.argmax(axis=1)])
    assert_allclose(probabilities[0], (model.class_count_ + 1) / (len(TEXT) + len(model.classes_)), rtol=1e-12)


def test_a_context_s_result_does_not_depend_on_the_others(model):
    contexts = [TEXT[k : k + n] for k, n in enumerate([3, 300, 1, 64, 65, 0, 129, 30])] * 9  # more than read at once
    together = model.predict_proba(contexts)
    for k in range(8):
        assert_array_equal(together[k], model.predict_proba(contexts[k : k + 1])[0])
    assert_array_equal(together[8:16], together[:8])


def test_a_windowed_model_sees_its_window(models):
    for name in ("windows", "scalar"):
        assert_array_equal(*models[name].predict_proba([TEXT[:12], "Macbeth" + TEXT[:12]]))
    assert (np.diff(models["streams"].predict_proba([TEXT[:12], "Macbeth" + TEXT[:12]]), axis=0) != 0).any()


def test_no_contexts(model):
    assert model.predict_proba([]).shape == (0, len(model.classes_))
    assert model.predict([]).shape == (0,)


def test_surprisal_is_what_predict_proba_says(model):
    text = OTHER[:150]
    probabilities = model.predict_proba([text[:k] for k in range(len(text))])
    codes = model.vocabulary_.encode(text)
    assert_allclose(model.surprisal(text), -np.log(probabilities[np.arange(150), codes]), rtol=1e-12)


@pytest.mark.parametrize("chunk", [1, 7, 299, 300])
def test_reading_in_pieces_changes_no_bit(model, monkeypatch, chunk):
    surprisal, probabilities = model.surprisal(OTHER[:300]), model.predict_proba([OTHER[:100], OTHER])
    text = model.generate(OTHER, 20, random_state=0)
    monkeypatch.setattr(reading, "CHUNK", chunk)
    monkeypatch.setattr(reading, "GROUP_CHUNK", chunk)
    assert_array_equal(model.surprisal(OTHER[:300]), surprisal)
    assert_array_equal(model.predict_proba([OTHER[:100], OTHER]), probabilities)
    assert model.generate(OTHER, 20, random_state=0) == text


def test_scores(model):
    surprisal = model.surprisal(OTHER)
    assert model.score(OTHER) == pytest.approx(-surprisal.mean(), rel=1e-12)
    assert model.bits_per_char(OTHER) == pytest.approx(surprisal.mean() / math.log(2), rel=1e-12)
    assert model.perplexity(OTHER) == pytest.approx(math.exp(surprisal.mean()), rel=1e-12)
    texts = [OTHER[:50], "", OTHER[:7]]
    total = sum(model.surprisal(text).sum() for text in texts)
    assert model.score(texts) == pytest.approx(-total / 57, rel=1e-12)
    assert isinstance(model.score(OTHER), float)


def test_long_texts_take_little_memory(streams):
    text = TEXT * 70
    streams.score(TEXT)  # compiles
    tracemalloc.start()
    streams.surprisal(text)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # 210,000 characters: UTF-32, codes and where they are, and surprisals take about 25 bytes each, 5 MB;
    # all outputs at once would be 210,000 * 64 float32, 54 MB
    assert peak < 15e6


def test_gates(models):
    for name, sizes in [("streams", [24]), ("two layers", [12, 16]), ("scalar", [24])]:
        gates = models[name].gates("Macbeth")
        assert [(one.layer, one.direction, one.forget.shape) for one in gates] == [
            (k, "forward", (1, 7, size)) for k, size in enumerate(sizes)
        ]
        for one in gates:
            before = np.concatenate([np.zeros((1, 1, one.cell.shape[2]), np.float32), one.cell[:, :-1]], axis=1)
            assert_allclose(one.cell, one.forget * before + one.input * one.candidate, atol=1e-6)
            assert_allclose(one.hidden, one.output * np.tanh(one.cell), atol=1e-6)


# --- unknown characters -------------------------------------------------------------------------------------


def test_unknown_characters_are_an_error(streams):
    for call in (streams.generate, streams.stream, streams.surprisal, streams.score, streams.gates):
        with pytest.raises(ValueError, match=r"not in the vocabulary: 'Ω' at position 2"):
            call("aaΩ")
    for call in (streams.predict, streams.predict_proba):
        with pytest.raises(ValueError, match="'Ω' at position 2"):
            call(["aaΩ"])


def test_unknown_characters_can_be_left_out():
    model = LSTMCharModel(**{**SMALL, "max_iter": 1}, unknown="ignore").fit(TEXT)
    assert model.generate("aΩb", 10, random_state=0) == model.generate("ab", 10, random_state=0)
    assert_array_equal(*model.predict_proba(["aΩb", "ab"]))
    assert_array_equal(*model.predict_proba(["Ω", ""]))
    assert_array_equal(model.surprisal("aΩb"), model.surprisal("ab"))
    assert model.score("aΩb") == model.score("ab")
    for nothing in ("Ω", "", [], ["Ω", ""]):
        with pytest.raises(ValueError, match="at least 1 known character"):
            model.score(nothing)


@pytest.mark.parametrize("temperature", [1.0, 1000.0])
def test_unknown_characters_can_have_a_code_which_is_never_written(temperature):
    model = LSTMCharModel(**{**SMALL, "max_iter": 1}, unknown="replace").fit(TEXT)
    assert "\N{REPLACEMENT CHARACTER}" in model.classes_
    assert_array_equal(*model.predict_proba(["aΩb", "a\N{REPLACEMENT CHARACTER}b"]))
    assert model.surprisal("aΩb").shape == (3,)
    assert np.isfinite(model.surprisal("Ω")).all()
    written = model.generate("Ω", 300, temperature=temperature, random_state=0)
    assert "\N{REPLACEMENT CHARACTER}" not in written


# --- small texts --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["ab", "abc", "a" * 40, "aa"])
def test_texts_shorter_than_a_chunk(text):
    model = tiny().fit(text)
    assert np.isfinite(model.score(text))
    assert set(model.generate(text, 5, random_state=0)) <= set(text)


def test_one_distinct_character():
    model = tiny().fit("aaaa")
    assert model.score("aaaaaa") == 0.0
    assert model.generate("a", 3, random_state=0) == model.generate("", 3, temperature=0) == "aaa"
    assert_array_equal(model.predict_proba(["", "aa"]), [[1.0], [1.0]])
