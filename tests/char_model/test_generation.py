"""`generate`: what it generates, and how the options change that."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from text_models import TEXT

from tsl import LSTMCharModel


def as_character(token):
    """A character, or the ASCII byte of one."""
    return str(token) if isinstance(token, str) else chr(token)


# --- what it writes -----------------------------------------------------------------------------------------


def test_length_counts_new_characters(model):
    for length in (0, 1, 40):
        assert len(model.generate("The ", length, random_state=0)) == length
    assert set(model.generate("The ", 40, random_state=0)) <= set(TEXT)


def test_the_same_seed_writes_the_same(model):
    text = model.generate("The ", 60, random_state=3)
    assert model.generate("The ", 60, random_state=3) == text
    assert model.generate("The ", 60, random_state=4) != text
    assert model.generate("The ", 20, random_state=3) == text[:20]
    assert "".join(model.stream("The ", 60, random_state=3)) == text
    assert model.generate("The ", 60, random_state=np.random.RandomState(3)) == text


def test_the_global_random_state_is_left_alone(streams):
    np.random.seed(0)  # noqa: NPY002
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    texts = {streams.generate("The ", 30) for _ in range(3)}
    np.random.seed(0)  # noqa: NPY002
    texts.add(streams.generate("The ", 30))
    assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002
    assert len(texts) == 4


def test_greedy_text_is_what_predict_says(model):
    text = "The "
    for _ in range(30):
        text += as_character(model.predict([text])[0])
    assert "The " + model.generate("The ", 30, temperature=0) == text
    assert "The " + model.generate("The ", 30, temperature=1e-300, random_state=0) == text
    assert "The " + model.generate("The ", 30, temperature=0, random_state=5) == text


@pytest.mark.parametrize("options", [{}, {"windowed": True, "window": 6}, {"tokens": "byte"}], ids=str)
def test_the_character_nul_is_one_like_others(options):
    model = LSTMCharModel(hidden_size=8, max_iter=60, random_state=0, **options).fit("ab\0" * 60)
    assert model.generate("b\0", 6, temperature=0) == "ab\0ab\0"
    assert "".join(model.stream("b\0", 6, temperature=0)) == "ab\0ab\0"
    assert model.generate("b\0", 6, temperature=0, stop="\0") == "ab"


def test_characters_come_as_often_as_expected(streams):
    expected, n = streams.predict_proba(["The "])[0], 50_000
    drawn = np.array(streams.generate("The ", 1, n_samples=n, random_state=0))
    often = np.array([(drawn == character).mean() for character in streams.classes_])
    # four and a half standard deviations: once in 100,000 of such shares by chance
    assert (np.abs(often - expected) <= 4.5 * np.sqrt(expected * (1 - expected) / n)).all()


def test_temperature_makes_it_wilder(streams):
    def mean_surprisal(temperature):
        return streams.surprisal(streams.generate("The ", 400, temperature=temperature, random_state=0)).mean()

    assert mean_surprisal(0.3) < mean_surprisal(1) < mean_surprisal(5)


def test_without_a_prompt_it_begins_as_characters_are_often(model):
    assert len(model.generate(length=5, random_state=0)) == 5
    most = as_character(model.classes_[model.class_count_.argmax()])
    assert model.generate(length=1, temperature=0) == most
    assert model.generate(length=4, temperature=0) == most + model.generate(most, 3, temperature=0)


# --- among likely characters --------------------------------------------------------------------------------


def test_one_likely_character_is_the_likeliest(model):
    greedy = model.generate("The ", 30, temperature=0)
    for options in ({"top_k": 1}, {"top_p": 1e-9}, {"min_p": 1.0}):
        assert model.generate("The ", 30, random_state=0, **options) == greedy


def test_limits_that_limit_nothing(model):
    text = model.generate("The ", 30, random_state=0)
    assert model.generate("The ", 30, random_state=0, top_k=10**9, top_p=1, min_p=0, repetition_penalty=1) == text


def test_nucleus_has_the_likeliest_characters(streams):
    probabilities = streams.predict_proba(["The "])[0]
    order = np.argsort(-probabilities)
    n = int(np.searchsorted(np.cumsum(probabilities[order]), 0.5)) + 1
    random_state = np.random.RandomState(0)
    drawn = {streams.generate("The ", 1, top_p=0.5, random_state=random_state) for _ in range(300)}
    assert drawn == set(streams.classes_[order[:n]])


def test_penalty_makes_repetition_rare(clock):
    text = clock.generate("tick ", 40, temperature=0, repetition_penalty=1e6)
    # never one of the 32 characters before, of which the model knows 6: then the least of the evils
    assert text[:2] != "to"
    assert clock.generate("tick ", 40, temperature=0, repetition_penalty=1.0).startswith("tock tick")


def test_forbidden_characters_never_come(model):
    text = model.generate("The ", 200, forbid="e \n", random_state=0)
    assert len(text) == 200
    assert not set("e \n") & set(text)
    assert model.generate("The ", 200, forbid=["e", " ", "\n"], random_state=0) == text
    assert model.generate("The ", 20, forbid="", random_state=0) == model.generate("The ", 20, random_state=0)


# --- several at once ----------------------------------------------------------------------------------------


def test_samples_differ_and_are_repeatable(model):
    texts = model.generate("The ", 50, n_samples=4, random_state=0)
    assert [len(text) for text in texts] == [50] * 4
    assert len(set(texts)) == 4
    assert model.generate("The ", 50, n_samples=4, random_state=0) == texts
    characters = list(model.stream("The ", 50, n_samples=4, random_state=0))
    assert len(characters) == 50
    assert ["".join(one) for one in zip(*characters)] == texts
    assert model.generate("The ", 20, n_samples=3, temperature=0) == [model.generate("The ", 20, temperature=0)] * 3


def test_samples_stop_each_for_itself(streams):
    whole = streams.generate("The ", 600, n_samples=3, random_state=0)
    texts = streams.generate("The ", 600, n_samples=3, stop="\n", random_state=0)
    assert texts == [text.split("\n")[0] for text in whole]
    rows = list(streams.stream("The ", 600, n_samples=3, stop="\n", random_state=0))
    assert ["".join(one) for one in zip(*rows)] == texts
    assert {len(row) for row in rows} == {3}


def test_no_more_than_the_kernels_know_is_asked_for(streams):
    """Characters that a vocabulary has, but no text had, are never written."""
    assert_array_equal(
        np.unique(list(streams.generate(length=2000, temperature=50.0, random_state=0))), streams.classes_
    )
