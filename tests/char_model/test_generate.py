"""What `LSTMCharModel` writes: how characters are chosen, where texts end, and how they go on."""

import copy
import itertools
import math
import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from tsl import LSTMCharModel
from tsl.char_model import TextState
from tsl.datasets import load_macbeth

TEXT = load_macbeth()[1_000:4_000]
SMALL = {"hidden_size": 24, "max_iter": 6, "random_state": 0, "n_threads": 1}
KINDS = {
    "streams": {},
    "two layers": {"hidden_size": (12, 16)},
    "windows": {"windowed": True, "window": 12, "max_iter": 1},
    "scalar": {"encoding": "scalar", "window": 40, "max_iter": 1},
    "bytes": {"tokens": "byte"},
}


@pytest.fixture(scope="module")
def models():
    return {name: LSTMCharModel(**{**SMALL, **options}).fit(TEXT) for name, options in KINDS.items()}


@pytest.fixture(scope="module", params=KINDS)
def model(request, models):
    return models[request.param]


@pytest.fixture(scope="module")
def streams(models):
    return models["streams"]


@pytest.fixture(scope="module")
def of_bytes():
    """A model that often writes bytes which are no UTF-8."""
    return LSTMCharModel(**SMALL | {"max_iter": 2}, tokens="byte").fit("où être là… \N{GRINNING FACE}日本語 " * 40)


@pytest.fixture(scope="module")
def clock():
    return LSTMCharModel(hidden_size=16, max_iter=40, random_state=0).fit("tick tock " * 50)


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


def test_stream_gives_characters_as_they_come(streams):
    stream = streams.stream("The ", 10**9, random_state=0)
    assert "".join(next(stream) for _ in range(5)) == streams.generate("The ", 5, random_state=0)


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


# --- where it ends ------------------------------------------------------------------------------------------


def test_stops_before_what_it_is_told(model):
    text = model.generate("The ", 400, random_state=0)
    for stop in (text[50:53], text[255:258], text[256:260], text[7]):
        assert model.generate("The ", 400, stop=stop, random_state=0) == text[: text.index(stop)]
        assert "".join(model.stream("The ", 400, stop=stop, random_state=0)) == text[: text.index(stop)]
    assert (
        model.generate("The ", 400, stop=["never to be seen", text[50:53]], random_state=0)
        == text[: text.index(text[50:53])]
    )
    assert model.generate("The ", 400, stop="never to be seen", random_state=0) == text


def test_the_prompt_does_not_stop_it(clock):
    assert clock.generate("tick", 5, temperature=0, stop="tick") == " tock"


@pytest.mark.parametrize("length", [0, 1, 255, 256, 257, 1000])
def test_length_counts_characters(streams, of_bytes, length):
    for model in (streams, of_bytes):
        text = model.generate("", length, random_state=0)
        assert len(text) == length
        assert "".join(model.stream("", length, random_state=0)) == text


def test_a_million_characters(clock):
    assert len(clock.generate("tick ", 10**6, temperature=0)) == 10**6


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


# --- going on -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [0, 1, 30, 255, 256, 300])
def test_a_state_goes_on_where_it_was(model, n):
    whole = model.generate("The ", 320, temperature=0)
    text, state = model.generate("The ", n, temperature=0, return_state=True)
    assert text == whole[:n]
    assert model.generate(length=320 - n, temperature=0, state=state) == whole[n:]
    assert model.generate(whole[n : n + 3], 9, temperature=0, state=state) == whole[n + 3 : n + 12]
    state = pickle.loads(pickle.dumps(state))
    assert model.generate(length=320 - n, temperature=0, state=state, n_samples=2) == [whole[n:]] * 2


@pytest.mark.parametrize("n", [0, 1, 30, 255, 256, 300])
def test_a_stream_knows_where_it_is(model, n):
    whole = model.generate("The ", 320, temperature=0)
    stream = model.stream("The ", 10**9, temperature=0)
    assert "".join(itertools.islice(stream, n)) == whole[:n]
    state = stream.state
    assert model.generate(length=320 - n, temperature=0, state=state) == whole[n:]
    assert "".join(itertools.islice(stream, 320 - n)) == whole[n:]  # asking changed nothing


def test_states_of_bytes_keep_halves_of_characters(of_bytes):
    """Many of its characters are two to four bytes, and many bytes are no character."""
    whole = of_bytes.generate("où ", 120, temperature=0.9, top_k=1)
    stream = of_bytes.stream("où ", 200, temperature=0.9, top_k=1)
    for n in range(60):
        assert of_bytes.generate(length=120 - n, top_k=1, state=stream.state) == whole[n:]
        assert next(stream) == whole[n]


def test_a_state_is_behind_the_stop(clock):
    text, state = clock.generate("tick ", temperature=0, stop="ck", return_state=True)
    assert text == "to"
    assert clock.generate(length=5, temperature=0, state=state) == " tick"


def test_states_of_several_texts(streams):
    texts, state = streams.generate("The ", 600, n_samples=3, stop="\n", random_state=0, return_state=True)
    assert isinstance(state, TextState)
    assert state.n == 3
    more = streams.generate(length=30, temperature=0, n_samples=3, state=state)
    for text, following in zip(texts, more):
        end = "\n" if len(text) < 600 else ""
        assert following == streams.generate("The " + text + end, 30, temperature=0)


def test_states_of_other_models_are_refused(models):
    _, state = models["streams"].generate("The ", 3, return_state=True)
    for other in ("two layers", "windows", "bytes"):
        with pytest.raises(ValueError, match="state must come from this model"):
            models[other].generate(state=state)
    with pytest.raises(TypeError, match="state must be one that generate or stream has given, got dict"):
        models["streams"].generate(state={})
    _, three = models["streams"].generate("The ", 3, n_samples=3, return_state=True)
    with pytest.raises(ValueError, match="state must be of one text or of n_samples=2, got that of 3"):
        models["streams"].generate(state=three, n_samples=2)


def test_an_interrupted_stream_leaves_the_model_as_it_was(streams):
    before = copy.deepcopy(streams)
    stream = streams.stream("The ", 1000, random_state=0)
    for _ in range(300):
        next(stream)
    del stream  # as a loop does that Ctrl-C has ended
    assert streams.generate("The ", 50, random_state=0) == before.generate("The ", 50, random_state=0)


# --- beams --------------------------------------------------------------------------------------------------


def log_likelihood(model, prompt, text):
    return -model.surprisal(prompt + text)[len(prompt) :].sum()


@pytest.mark.parametrize("kind", ["streams", "two layers", "windows"])
def test_beams_that_keep_all_find_the_likeliest_text(models, kind):
    model = models[kind]
    n = len(model.classes_)
    texts = ["".join(pair) for pair in itertools.product(model.classes_.tolist(), repeat=2)]
    likeliest = sorted(texts, key=lambda text: -log_likelihood(model, "The", text))
    found = model.generate("The", 2, beam_width=n, n_samples=3)
    assert_allclose(
        [log_likelihood(model, "The", text) for text in found],
        [log_likelihood(model, "The", text) for text in likeliest[:3]],
        rtol=1e-5,
    )


def test_wider_beams_find_likelier_texts(streams):
    def found(width):
        return sum(log_likelihood(streams, p, streams.generate(p, 25, beam_width=width)) for p in "abcdefghilmno")

    assert found(1) < found(2) < found(16)
    assert streams.generate("w", 25, beam_width=1) == streams.generate("w", 25, temperature=0)


def test_beams_end_and_go_on_like_other_texts(streams):
    whole = streams.generate("The", 25, beam_width=4)
    assert " " in whole
    text, state = streams.generate("The", 25, beam_width=4, stop=" ", return_state=True)
    assert text == whole[: whole.index(" ")]
    following = streams.generate("The" + text + " ", 10, temperature=0)
    assert streams.generate(length=10, temperature=0, state=state) == following
    assert " " not in streams.generate("The", 25, beam_width=4, forbid=" ")


# --- what is refused ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"top_k": 0}, ValueError, "top_k must be at least 1, got 0"),
        ({"top_k": 2.0}, TypeError, "top_k must be a whole number of at least 1, got 2.0"),
        ({"top_p": 0}, ValueError, "top_p must be a finite number above 0 and up to 1, got 0"),
        ({"top_p": 1.01}, ValueError, "top_p must be .* got 1.01"),
        ({"top_p": math.nan}, ValueError, "top_p must be .* got nan"),
        ({"min_p": -0.1}, ValueError, "min_p must be a finite number from 0 to 1, got -0.1"),
        ({"min_p": 2}, ValueError, "min_p must be"),
        ({"repetition_penalty": 0}, ValueError, "repetition_penalty must be a finite number above 0, got 0"),
        ({"n_samples": 0}, ValueError, "n_samples must be at least 1, got 0"),
        ({"stop": ""}, ValueError, "stop must not be empty"),
        ({"stop": ["a", ""]}, ValueError, "stop must not be empty"),
        ({"stop": 5}, TypeError, "stop must be a str or several, got 5"),
        ({"forbid": [5]}, TypeError, "forbid must be a str or several"),
        ({"forbid": "Ω"}, ValueError, "not in the vocabulary"),
        ({"forbid": "".join(sorted(set(TEXT)))}, ValueError, "forbid must leave a character that may come"),
    ],
)
def test_wrong_wishes_are_refused(streams, options, error, message):
    for call in (streams.generate, streams.stream):
        with pytest.raises(error, match=message):
            call("The ", **options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"beam_width": 0}, "beam_width must be at least 1"),
        ({"beam_width": 4, "temperature": 0.5}, "beam_width looks for the likeliest text and draws nothing"),
        ({"beam_width": 4, "top_k": 5}, "must be left alone"),
        ({"beam_width": 4, "n_samples": 5}, "n_samples must be at most beam_width=4, got 5"),
    ],
)
def test_wrong_beams_are_refused(streams, of_bytes, options, message):
    with pytest.raises(ValueError, match=message):
        streams.generate("The ", **options)
    with pytest.raises(ValueError, match="has none"):
        of_bytes.generate(beam_width=2)


def test_no_more_than_the_kernels_know_is_asked_for(streams):
    """Characters that a vocabulary has, but no text had, are never written."""
    assert_array_equal(
        np.unique(list(streams.generate(length=2000, temperature=50.0, random_state=0))), streams.classes_
    )
