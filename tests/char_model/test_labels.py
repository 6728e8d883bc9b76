"""Models of labelled texts."""

import copy
import pickle

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from text_models import QUESTION

import tsl
from tsl import LSTMCharModel

TICK, TACK = "tick " * 60, "tack " * 60
TEXTS, LABELS = [TICK, TACK], ["clock", "fork"]
SMALL = {"hidden_size": 16, "max_iter": 40, "random_state": 0, "n_threads": 1}
KINDS = {
    "streams": {},
    "one-hot": {"encoding": "onehot"},
    "windows": {"windowed": True, "window": 4, "max_iter": 20, "learning_rate_init": 1e-2},
    "bytes": {"tokens": "byte"},
}


def fitted(**options):
    return LSTMCharModel(**SMALL | options).fit(TEXTS, labels=LABELS)


@pytest.fixture(scope="module")
def models():
    return {name: fitted(**options) for name, options in KINDS.items()}


@pytest.fixture(scope="module")
def model(models):
    return models["streams"]


@pytest.mark.parametrize("kind", KINDS)
def test_the_label_says_how_a_text_goes_on(kind, models):
    model = models[kind]
    assert model.labels_.tolist() == LABELS
    # The beginnings are the same: only the label tells what comes.
    assert model.generate("ck t", 9, label="clock", temperature=0) == "ick tick "
    assert model.generate("ck t", 9, label="fork", temperature=0, n_samples=2) == ["ack tack "] * 2
    assert "".join(model.stream("ck t", 4, label="fork", temperature=0)) == "ack "
    if kind != "bytes":
        assert model.generate("ck t", 9, label="clock", beam_width=2) == "ick tick "
        contexts, labels = ["ck t", "ck t", "ck ta"], ["clock", "fork", "fork"]
        assert model.predict(contexts, labels=labels).tolist() == ["i", "a", "c"]
    assert model.score(TEXTS, labels=LABELS) > model.score(TEXTS, labels=LABELS[::-1]) + 0.05


def test_each_score_is_that_of_its_text(model):
    alone = [model.score(text, labels=label) for text, label in zip(TEXTS, LABELS)]
    assert_allclose(model.score(TEXTS, labels=LABELS), np.mean(alone), rtol=1e-12)
    assert_allclose(-model.surprisal(TICK, label="clock").mean(), alone[0], rtol=1e-12)
    assert_allclose(-model.bits_per_char(TICK, labels="clock") * np.log(2), alone[0], rtol=1e-12)
    assert_allclose(model.perplexity(TICK, labels=["clock"]), np.exp(-alone[0]), rtol=1e-12)
    context, label = [TICK[:7]], ["clock"]
    probability = model.predict_proba(context, labels=label)[0, list(model.classes_).index(TICK[7])]
    assert_allclose(model.score(context, [TICK[7]], labels=label), np.log(probability), rtol=1e-12)
    assert_allclose(-model.surprisal(TICK, label="clock")[7], np.log(probability), rtol=1e-5)


def test_gates_are_those_under_the_label(model):
    clock, fork = (model.gates("tick", label=label)[0].hidden for label in LABELS)
    assert clock.shape == (1, 4, 16)
    assert abs(clock - fork).max() > 0.1


def test_a_state_keeps_its_label_until_another_one_is_given(model):
    text, state = model.generate("t", 4, label="clock", temperature=0, return_state=True)
    assert (text, state.labels.tolist()) == ("ick ", [0])
    assert model.generate("t", 4, temperature=0, state=state) == "ick "
    text, other = model.generate("t", 20, label="fork", temperature=0, state=state, return_state=True)
    assert other.labels.tolist() == [1]
    assert "tack" in text
    stream = model.stream("t", 9, label="fork", n_samples=2, random_state=0)
    next(stream)
    assert stream.state.labels.tolist() == [1, 1]
    plain = LSTMCharModel(**SMALL | {"max_iter": 1}).fit(TEXTS)
    with pytest.raises(ValueError, match="state must come from this model"):
        plain.generate(state=state)
    _, bare = plain.generate(length=1, return_state=True)
    with pytest.raises(ValueError, match="state must come from this model"):
        model.generate(state=bare)


def test_training_goes_on_with_known_labels(model):
    again = copy.deepcopy(model)
    again.partial_fit(TACK, labels="clock")
    assert again.score(TACK, labels="clock") > model.score(TACK, labels="clock") + 0.1
    again.set_params(warm_start=True, max_iter=1).fit([TACK, TICK], labels=["fork", "clock"])
    assert again.labels_.tolist() == LABELS
    for train in (again.fit, again.partial_fit):
        before = again.network_.params.copy()
        with pytest.raises(
            ValueError, match=r"labels must be known from fit, one of 2 \('clock', 'fork'\), got 'bell'"
        ):
            train(TICK, labels="bell")
        with pytest.raises(ValueError, match="labels must be given for a model that was fitted with labels, got None"):
            train(TICK)
        assert_array_equal(again.network_.params, before)
    new = again.set_params(warm_start=False, max_iter=1).fit(TEXTS)
    assert new.labels_ is None
    with pytest.raises(ValueError, match="labels must be None for a model that was fitted without labels, got .'clock"):
        new.partial_fit(TICK, labels="clock")


def test_new_characters_leave_what_is_known_of_labels():
    model = fitted(unknown="grow", encoding="onehot", max_iter=10)
    named = model.network_.named()["lstm_0.w_in"][-2:].copy()
    before = model.predict_proba(["t", "t"], labels=LABELS)
    grown = copy.deepcopy(model)
    grown.labels_, encoder = None, grown.labels_
    grown._prepare_network(grown.vocabulary_.grown("zé"), 0, tsl.char_model.labels.LabelEncoder(encoder), resume=True)
    assert_array_equal(grown.network_.named()["lstm_0.w_in"][-2:], named)
    old = np.isin(grown.classes_, model.classes_)
    after = grown.predict_proba(["t", "t"], labels=LABELS)[:, old]
    assert_allclose(after / after.sum(axis=1, keepdims=True), before, rtol=1e-5)  # float32 has 7 digits


@pytest.mark.parametrize("labels", [[7, -3], np.array([7, -3]), pd.Series([7, -3]), ("b", "a"), np.array(["b", "a"])])
def test_labels_are_texts_or_whole_numbers(labels):
    model = LSTMCharModel(**SMALL | {"max_iter": 1}).fit(TEXTS, labels=labels)
    assert model.labels_.tolist() == sorted(np.asarray(labels).tolist())
    assert len(model.generate("t", 3, label=labels[0])) == 3
    assert model.score(TEXTS, labels=labels) < 0


@pytest.mark.parametrize(
    ("labels", "error", "message"),
    [
        (["a"], ValueError, "labels must have one entry per text, 2 of them, got 1"),
        ("ab", TypeError, "labels must be a list with a label for each text, got 'ab'"),
        (["a", 1], TypeError, "labels must be all str or all int, got int, str"),
        ([0.5, 1.5], TypeError, "labels must be all str or all int, got float"),
        ([True, False], TypeError, "labels must be all str or all int, got bool"),
        ([None, "a"], TypeError, "labels must be all str or all int, got NoneType, str"),
    ],
)
def test_refuses_labels_that_are_not_one_for_each_text(labels, error, message):
    with pytest.raises(error, match=message):
        LSTMCharModel(**SMALL).fit(TEXTS, labels=labels)


def test_refuses_labels_beside_codes_as_numbers():
    with pytest.raises(ValueError, match='labels need encoding="embedding" or "onehot", got "scalar"'):
        LSTMCharModel(**SMALL, encoding="scalar", window=5).fit(TEXTS, labels=LABELS)


@pytest.mark.parametrize(
    "ask",
    [
        lambda model, **label: model.generate("t", **label),
        lambda model, **label: model.stream("t", **label),
        lambda model, **label: model.surprisal("t", **label),
        lambda model, **label: model.gates("t", **label),
    ],
)
def test_names_a_label_that_is_missing_unknown_or_too_much(ask, model):
    with pytest.raises(ValueError, match="label must be given for a model that was fitted with labels, got None"):
        ask(model)
    with pytest.raises(ValueError, match=r"label must be known from fit, one of 2 \('clock', 'fork'\), got 'bell'"):
        ask(model, label="bell")
    with pytest.raises(TypeError, match="label must be a str or an int, got 0.5"):
        ask(model, label=0.5)
    plain = LSTMCharModel(**SMALL | {"max_iter": 1}).fit(TEXTS)
    with pytest.raises(ValueError, match="label must be None for a model that was fitted without labels, got 'clock'"):
        ask(plain, label="clock")


@pytest.mark.parametrize("method", ["score", "bits_per_char", "perplexity", "predict", "predict_proba"])
def test_names_labels_that_are_missing_or_unknown(method, model):
    ask = getattr(model, method)
    with pytest.raises(ValueError, match="labels must be given for a model that was fitted with labels, got None"):
        ask(["t"])
    with pytest.raises(ValueError, match=r"labels must be known from fit, one of 2 .*, got 'bell'"):
        ask(["t"], labels=["bell"])


@pytest.mark.parametrize("kind", KINDS)
def test_copies_are_equal(kind, models, tmp_path):
    model, path = models[kind], tmp_path / "model.tsl"
    tsl.save(model, path)
    for copied in (pickle.loads(pickle.dumps(model)), tsl.load(path)):
        assert_array_equal(copied.surprisal(TACK, label="fork"), model.surprisal(TACK, label="fork"))
        assert copied.labels_.tolist() == LABELS
        trained = [copy.deepcopy(one).partial_fit(TICK, labels="fork").network_.params for one in (copied, model)]
        assert_array_equal(*trained)
    again = clone(model).fit(TEXTS, labels=LABELS)
    assert_array_equal(again.network_.params, model.network_.params)


def test_labels_are_held_out_with_their_texts():
    contexts = [TICK[k : k + 5] for k in range(12)]
    following, labels = [TICK[k + 5] for k in range(12)], [k % 3 for k in range(12)]
    model = LSTMCharModel(**SMALL | {"max_iter": 2}, early_stopping=True, validation_fraction=0.25)
    model.fit(contexts, following, labels=labels)
    assert model.class_count_.sum() == 9
    model.fit([*TEXTS, QUESTION], labels=labels[:3])
    # Only the last text is held out, and its label is known nevertheless.
    assert model.class_count_.sum() == len(TICK + TACK + QUESTION) - round(0.25 * len(TICK + TACK + QUESTION))
    assert model.labels_.tolist() == [0, 1, 2]
