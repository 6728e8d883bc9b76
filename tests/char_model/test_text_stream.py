"""`stream`, the end of a text, and states to continue from."""

import copy
import itertools
import pickle

import pytest

from tsl.char_model import TextState


def test_stream_gives_characters_as_they_come(streams):
    stream = streams.stream("The ", 10**9, random_state=0)
    assert "".join(next(stream) for _ in range(5)) == streams.generate("The ", 5, random_state=0)


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
    with pytest.raises(TypeError, match="state must be one that generate or stream returned, got dict"):
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
