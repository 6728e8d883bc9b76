"""Invalid texts and parameters."""

import copy
import math
from pathlib import Path

import pytest
from sklearn.exceptions import NotFittedError
from text_models import OTHER, QUESTION, TEXT, tiny

from tsl import LSTMCharModel


@pytest.mark.parametrize("options", [{}, {"windowed": True}, {"encoding": "scalar"}])
@pytest.mark.parametrize("text", ["", [], ["", ""], "a", ["a", "b"]])
def test_too_little_text(text, options):
    with pytest.raises(ValueError, match="text must have at least"):
        tiny().set_params(**options).fit(text)


def test_a_window_needs_a_next_character():
    model = LSTMCharModel(hidden_size=4, max_iter=1, windowed=True, window=10)
    with pytest.raises(ValueError, match=r"at least 11 characters for window=10 and the next character, got 10"):
        model.fit("abcdefghij")
    assert model.fit("abcdefghijk").history_.n_steps == [1]


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("", {}),
        (b"bytes", {}),
        ("a", {}),
        (TEXT[:9], {"windowed": True}),
        (TEXT[:9], {"hidden_size": ()}),
        (TEXT[:2], {"early_stopping": True}),
    ],
)
def test_a_refused_text_leaves_the_model_as_it_was(streams, text, options):
    model = copy.deepcopy(streams).set_params(**options)
    with pytest.raises((ValueError, TypeError)):
        model.fit(text)
    assert model.score(OTHER) == streams.score(OTHER)
    assert model.history_.loss == streams.history_.loss


def test_validation_must_leave_something():
    with pytest.raises(ValueError, match=r"validation_fraction=0.9 leaves 1 of 10 characters"):
        LSTMCharModel(hidden_size=4, early_stopping=True, validation_fraction=0.9).fit("abcdefghij")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"bytes", r"must be a str, got bytes: decode it first, as in text.decode\('utf-8'\)"),
        (5, "must be a str, got int"),
        (None, "must be a str, got NoneType"),
        (["text", 5], "must be a str, got int"),
        (Path("macbeth.txt"), r"read it first, as in text.read_text\(encoding='utf-8'\)"),
    ],
)
@pytest.mark.parametrize("lowercase", [True, False])
def test_what_is_not_text(text, message, lowercase):
    for call in (LSTMCharModel(lowercase=lowercase).fit, LSTMCharModel(lowercase=lowercase).partial_fit):
        with pytest.raises(TypeError, match=message):
            call(text)


def test_what_is_not_text_later(streams):
    for call in (streams.surprisal, streams.gates, streams.score):
        with pytest.raises(TypeError, match="text must be a str, got bytes: decode it first"):
            call(b"bytes")
    for call in (streams.generate, streams.stream):
        with pytest.raises(TypeError, match="prompt must be a str, got bytes: decode it first"):
            call(b"bytes")
    with pytest.raises(TypeError, match="text must be a str, got list"):
        streams.surprisal(["a"])
    for call in (streams.predict, streams.predict_proba):
        with pytest.raises(TypeError, match=r"contexts must be a sequence of str, got a str: .* \['Macbeth'\]"):
            call("Macbeth")
        with pytest.raises(TypeError, match="text must be a str, got bytes: decode it first"):
            call(["Macbeth", b"bytes"])
    for call in (streams.score, streams.gates):
        with pytest.raises(ValueError, match="at least 1 known character"):
            call("")
    assert streams.surprisal("").shape == (0,)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("hidden_size", 0), ("hidden_size", 2.5), ("hidden_size", "big"), ("hidden_size", ()), ("hidden_size", (8, 0)),
        ("encoding", "word"), ("embedding_size", 0), ("weight_dropout", 1.0), ("tokens", "word"), ("min_frequency", 0),
        ("windowed", "yes"), ("window", 0), ("sequence_length", 0), ("batch_size", 0),
        ("batch_size", "all"), ("dropout", 1.0), ("dropout", -0.1), ("dropout", "much"), ("recurrent_dropout", 1),
        ("solver", "lbfgs"), ("alpha", -1), ("alpha", math.nan), ("learning_rate_init", 0),
        ("learning_rate", "invscaling"), ("max_iter", 0), ("max_time", 0), ("max_time", "long"), ("clip_norm", 0),
        ("early_stopping", "maybe"), ("validation_fraction", 0.0), ("validation_fraction", 1.0),
        ("n_iter_no_change", 0), ("tol", -1), ("unknown", "guess"), ("lowercase", "yes"), ("random_state", "seed"),
        ("warm_start", "hot"), ("verbose", -1), ("n_threads", 0), ("callbacks", 5),
    ],
)  # fmt: skip
def test_wrong_parameters_are_refused_in_fit(name, value):
    model = LSTMCharModel(**{name: value})
    for fit in (model.fit, model.partial_fit):
        with pytest.raises(ValueError, match=name):
            fit(QUESTION)
    assert not hasattr(model, "network_")


def test_callbacks_that_cannot_be_called():
    with pytest.raises(TypeError, match="callbacks has 5"):
        tiny().set_params(callbacks=[5]).fit("abab")


def test_partial_fit_does_not_stop_early():
    with pytest.raises(ValueError, match="early_stopping=True is for fit"):
        LSTMCharModel(early_stopping=True).partial_fit(TEXT)


def test_an_unfitted_model_says_so():
    model = LSTMCharModel()
    calls = [model.predict, model.predict_proba]
    for call in [*calls, model.score, model.bits_per_char, model.perplexity, model.surprisal, model.gates]:
        with pytest.raises(NotFittedError):
            call(["a"] if call in calls else "a")
    for call in (model.generate, model.stream):
        with pytest.raises(NotFittedError):
            call()
