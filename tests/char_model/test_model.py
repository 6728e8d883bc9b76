"""`LSTMCharModel`: what it learns, what it says of a text, what it writes, and what it refuses."""

import copy
import math
import pickle
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV

from tsl import LSTMCharModel
from tsl.char_model import TextSamples, defaults, reading
from tsl.char_model.encoding import network_inputs
from tsl.char_model.settings import new_dropout, new_optimizer, new_schedule
from tsl.datasets import load_macbeth
from tsl.network import Architecture
from tsl.training import TrainingInterruptedWarning

TEXT = load_macbeth()[1_000:4_000]
OTHER = "".join(character for character in load_macbeth()[40_000:40_300] if character in TEXT)
QUESTION = "to be or not to be, that is the question: " * 20

SMALL = {"hidden_size": 24, "max_iter": 6, "random_state": 0, "n_threads": 1}
WHOLE = {"dropout": 0, "recurrent_dropout": 0, "weight_dropout": 0}
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


@pytest.fixture(scope="module")
def streams(models):
    return models["streams"]


@pytest.fixture(scope="module")
def question():
    return LSTMCharModel(hidden_size=32, max_iter=30, random_state=0).fit(QUESTION)


def unlikely_to_be_fitted():
    return LSTMCharModel(hidden_size=4, max_iter=1, random_state=0)


# --- learning -----------------------------------------------------------------------------------------------


def test_it_learns_a_text_by_heart(question):
    assert question.generate("to be or ", length=33, temperature=0) == QUESTION[9:42]
    # All is certain but where in the sentence a text begins: 4 bits over 100 characters, and some for practice.
    assert question.bits_per_char(QUESTION[:100]) < 0.3
    assert_array_equal(question.predict(["that is th", "the questio"]), ["e", "n"])


@pytest.mark.parametrize(
    "options",
    [
        {"hidden_size": (24, 24), "max_iter": 40},
        {"windowed": True, "window": 8, "batch_size": 8, "max_iter": 3, "learning_rate_init": 1e-2},
        {"encoding": "scalar", "window": 8, "batch_size": 8, "max_iter": 8, "learning_rate_init": 1e-2},
    ],
    ids=["two layers", "windows", "scalar"],
)
def test_every_kind_learns_more_than_how_often_characters_come(options):
    model = LSTMCharModel(**{"hidden_size": 24, **options}, **WHOLE, random_state=0)
    model.fit(QUESTION)
    often = model.class_count_ / model.class_count_.sum()
    entropy = -(often * np.log(often)).sum()
    # 2.4 nats: the model leaves less than half of it
    assert -model.score(QUESTION) < entropy / 2


def test_the_article_s_model():
    article = LSTMCharModel(
        encoding="scalar",
        window=50,
        hidden_size=(300, 300),
        dropout=0.2,
        recurrent_dropout=0,
        weight_dropout=0,
        batch_size=40,
        lowercase=True,
        solver="adam",
        learning_rate_init=1e-3,
        learning_rate="constant",
        clip_norm=None,
        max_iter=1,
    )
    article.fit(TEXT[:131])
    assert article.network_.architecture == Architecture(1, (300, 300), len(set(TEXT[:131].lower())))
    # 81 windows have a next character: batches of 40, 40 and 1
    assert article.history_.n_steps == [3]
    assert article.history_.learning_rate == [1e-3]
    inputs = network_inputs(article.network_.architecture, np.array([0, 3], np.int32))
    assert_allclose(inputs, [[0.0], [3 / len(article.classes_)]])


def test_same_seed_same_model(streams):
    again = LSTMCharModel(**SMALL).fit(TEXT)
    assert_array_equal(again.network_.params, streams.network_.params)
    assert again.history_.loss == streams.history_.loss
    other = LSTMCharModel(**{**SMALL, "random_state": 1}).fit(TEXT)
    assert (other.network_.params != streams.network_.params).any()


@pytest.mark.parametrize("options", [{}, {"windowed": True, "window": 30, "batch_size": 32}])
def test_any_number_of_threads_gives_the_same_bits(options):
    # large enough for two threads to be worth their while
    one, two = (
        LSTMCharModel(**{**SMALL, "hidden_size": 64, "max_iter": 1, **options, "n_threads": n}).fit(TEXT[:1200])
        for n in (1, 2)
    )
    assert_array_equal(one.network_.params, two.network_.params)
    assert_array_equal(one.predict_proba([TEXT[:50]] * 9), two.predict_proba([TEXT[:50]] * 9))
    assert one.score(OTHER) == two.score(OTHER)


def test_what_it_knows_of_its_training(streams):
    assert streams.n_iter_ == 6
    assert streams.loss_curve_ == streams.history_.loss
    assert streams.validation_scores_ is None
    assert streams.best_loss_ == min(streams.loss_curve_)
    # 2,999 characters to predict make 11 streams of 8 chunks and more; a chunk has at most 32 steps: 9, and one more
    # where the text begins anew
    assert streams.history_.n_steps == [10] * 6
    assert_array_equal(streams.classes_, sorted(set(TEXT)))
    assert_array_equal(streams.class_count_, [TEXT.count(character) for character in streams.classes_])


def test_partial_fit_goes_on():
    model = LSTMCharModel(**SMALL).partial_fit(TEXT)
    assert model.n_iter_ == 1
    before = model.score(TEXT)
    for _ in range(5):
        model.partial_fit(TEXT)
    assert model.n_iter_ == 6
    assert model.score(TEXT) > before + 0.1
    assert model.class_count_.sum() == 6 * len(TEXT)
    with pytest.raises(ValueError, match="not in the vocabulary"):
        model.partial_fit("Ω")


def test_partial_fit_after_fit_keeps_what_was_learnt(question):
    model = copy.deepcopy(question)
    model.partial_fit(QUESTION)
    assert model.score(QUESTION) > question.score(QUESTION) - 0.1  # 0.04 nats before
    assert model.n_iter_ == 31


def test_warm_start_goes_on_and_fit_starts_anew():
    model = LSTMCharModel(**SMALL).fit(TEXT)
    first = model.score(TEXT)
    again = model.fit(TEXT).score(TEXT)
    assert again == first
    model.set_params(warm_start=True).fit(TEXT)
    assert model.n_iter_ == 12
    assert model.score(TEXT) > first + 0.1
    with pytest.raises(ValueError, match="cannot go on training"):
        model.set_params(hidden_size=8).fit(TEXT)


def test_early_stopping_holds_out_the_end():
    model = LSTMCharModel(**SMALL, early_stopping=True, validation_fraction=0.2, tol=0.0).fit(TEXT)
    assert model.class_count_.sum() == 2_400
    best = model.history_.best_iter
    assert model.score(TEXT[2_400:]) == model.validation_scores_[best - 1]
    assert model.best_loss_ == -max(model.validation_scores_) == min(model.history_.val_loss)
    assert_array_equal(model.classes_, sorted(set(TEXT)))


def test_early_stopping_stops():
    model = LSTMCharModel(
        **{**SMALL, "max_iter": 200, "hidden_size": 48}, **WHOLE, early_stopping=True,
        n_iter_no_change=3, learning_rate="constant",
    ).fit(TEXT[:1000])  # fmt: skip
    assert model.history_.stopped_by == "early_stopping"
    assert model.n_iter_ == model.history_.best_iter + 3 < 200


def test_time_ends_training():
    model = LSTMCharModel(hidden_size=24, max_time=2.0, random_state=0).fit(TEXT)
    assert model.history_.stopped_by == "time"
    # the cosine comes down to 1 %, and is below a half in the last stretch even if the machine is away for a second
    assert model.history_.learning_rate[-1] < 0.5 * max(model.history_.learning_rate)


def test_time_and_iterations_whichever_ends_first():
    model = LSTMCharModel(**SMALL, max_time=600).fit(TEXT)
    assert (model.n_iter_, model.history_.stopped_by) == (6, "max_iter")


def test_callbacks_may_use_the_model():
    seen = []

    def report(epoch, history, network):
        seen.append((epoch, model.score(OTHER), model.generate("T", 3, random_state=0)))
        return epoch == 2

    model = LSTMCharModel(**SMALL, callbacks=[report])
    model.partial_fit(TEXT)
    assert [epoch for epoch, _, _ in seen] == [1]
    seen.clear()
    model.fit(TEXT)
    assert [epoch for epoch, _, _ in seen] == [1, 2]
    assert seen[0][1] != seen[1][1]
    assert seen[1][1:] == (model.score(OTHER), model.generate("T", 3, random_state=0))
    assert model.history_.stopped_by == "callback"


def test_ctrl_c_keeps_what_was_learnt():
    def press(epoch, history, network):
        if epoch == 3:
            raise KeyboardInterrupt

    with pytest.warns(TrainingInterruptedWarning):
        model = LSTMCharModel(**SMALL, callbacks=[press]).fit(TEXT)
    assert (model.n_iter_, model.history_.stopped_by) == (3, "interrupt")
    assert len(model.generate(length=20, random_state=0)) == 20
    assert model.score(OTHER) > LSTMCharModel(**{**SMALL, "max_iter": 1}).fit(TEXT).score(OTHER)


def test_samples_are_shown_on_the_way(capsys):
    LSTMCharModel(**SMALL, callbacks=[TextSamples(0.0, length=20, random_state=0)]).fit(TEXT)
    shown = capsys.readouterr().err
    assert shown.count("bits per character") == 6
    assert "--- epoch 6, " in shown
    model = LSTMCharModel(**SMALL, callbacks=[TextSamples(1e9)]).fit(TEXT)
    assert capsys.readouterr().err == ""
    assert isinstance(clone(model).callbacks[0], TextSamples)  # which has kept nothing of the model


def test_history_speaks_in_bits_too(streams):
    assert_allclose(streams.history_.bits, np.array(streams.loss_curve_) / math.log(2))
    assert np.isnan(streams.history_.val_bits).all()


def test_several_texts_keep_their_borders():
    model = LSTMCharModel(hidden_size=16, max_iter=80, random_state=0).fit(["ab" * 150, "cd" * 150])
    assert_array_equal(model.predict(["ab" * 10 + "a", "cd" * 10 + "c", "cd" * 10]), ["b", "d", "c"])
    # "b" was followed by "a" alone, though the last one of the first text has a "c" after it
    assert model.predict_proba(["ab" * 10])[0, 2] < 0.01


def test_lowercase():
    model = LSTMCharModel(**{**SMALL, "max_iter": 1}, lowercase=True).fit(TEXT)
    assert_array_equal(model.classes_, sorted(set(TEXT.lower())))
    assert model.score(OTHER) == model.score(OTHER.lower())
    assert model.generate("MACBETH", 20, random_state=0) == model.generate("macbeth", 20, random_state=0)


def test_it_is_a_scikit_learn_estimator():
    search = GridSearchCV(
        LSTMCharModel(hidden_size=4, max_iter=1, unknown="replace", random_state=0),
        {"batch_size": [2, 4]},
        cv=2,
        error_score="raise",
    )
    search.fit([TEXT[k : k + 300] for k in range(0, 1200, 300)])
    assert np.isfinite(search.best_score_)


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
    model = unlikely_to_be_fitted().fit(text)
    assert np.isfinite(model.score(text))
    assert set(model.generate(text, 5, random_state=0)) <= set(text)


def test_one_distinct_character():
    model = unlikely_to_be_fitted().fit("aaaa")
    assert model.score("aaaaaa") == 0.0
    assert model.generate("a", 3, random_state=0) == model.generate("", 3, temperature=0) == "aaa"
    assert_array_equal(model.predict_proba(["", "aa"]), [[1.0], [1.0]])


@pytest.mark.parametrize("options", [{}, {"windowed": True}, {"encoding": "scalar"}])
@pytest.mark.parametrize("text", ["", [], ["", ""], "a", ["a", "b"]])
def test_too_little_text(text, options):
    with pytest.raises(ValueError, match="text must have at least"):
        unlikely_to_be_fitted().set_params(**options).fit(text)


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


# --- what is refused ----------------------------------------------------------------------------------------


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
    ("options", "error", "message"),
    [
        ({"temperature": -0.1}, ValueError, "temperature must be a finite number of at least 0, got -0.1"),
        ({"temperature": math.nan}, ValueError, "temperature must be .* got nan"),
        ({"temperature": math.inf}, ValueError, "temperature must be .* got inf"),
        ({"temperature": "hot"}, TypeError, "temperature must be a number of at least 0, got 'hot'"),
        ({"temperature": None}, TypeError, "temperature must be"),
        ({"length": -1}, ValueError, "length must be at least 0, got -1"),
        ({"length": 2.5}, TypeError, "length must be a whole number of at least 0, got 2.5"),
        ({"length": True}, TypeError, "length must be a whole number"),
        ({"random_state": "seed"}, ValueError, "seed"),
    ],
)
def test_wrong_wishes_are_refused_at_once(streams, options, error, message):
    with pytest.raises(error, match=message):
        streams.generate("The ", **options)
    with pytest.raises(error, match=message):
        streams.stream("The ", **options)


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
        unlikely_to_be_fitted().set_params(callbacks=[5]).fit("abab")


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


# --- copies -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
def test_copies_are_alike_and_go_on_alike(copied):
    model = LSTMCharModel(**{**SMALL, "max_iter": 2}).fit(TEXT)
    other = copied(model)
    assert other.score(OTHER) == model.score(OTHER)
    assert other.generate("The ", 20, random_state=0) == model.generate("The ", 20, random_state=0)
    before = model.network_.params.copy()
    other.partial_fit(TEXT)
    assert_array_equal(model.network_.params, before)
    assert_array_equal(model.partial_fit(TEXT).network_.params, other.network_.params)


def test_clone_is_unfitted():
    model = LSTMCharModel(**{**SMALL, "max_iter": 1}, dropout="auto", lowercase=True).fit(TEXT)
    fresh = clone(model)
    assert fresh.get_params() == model.get_params()
    assert not hasattr(fresh, "network_")


def test_the_constructor_only_stores():
    parameters = {name: object() for name in LSTMCharModel().get_params()}
    assert LSTMCharModel(**parameters).get_params() == parameters


# --- numbers for "auto" -------------------------------------------------------------------------------------


def test_auto():
    # 93,083 characters of Macbeth in 16 streams: 182 steps of 32
    assert defaults.auto_max_iter(182) * 182 == pytest.approx(defaults.UPDATES, rel=0.02)
    assert defaults.auto_max_iter(1) == defaults.MAX_EPOCHS
    assert defaults.auto_max_iter(10**6) == 1
    assert defaults.auto_learning_rate(False, (256,)) == 1.5e-2
    assert defaults.auto_learning_rate(False, (64, 512)) == 7.5e-3
    assert defaults.auto_learning_rate(False, (16,)) == 1.5e-2
    rates = [defaults.auto_dropouts(epochs, (256,)) for epochs in (0.1, 1, 4, 10, 100, 1000)]
    assert [rate.outputs for rate in rates] == sorted(rate.outputs for rate in rates)
    assert rates[0] == rates[1] == (0.0, 0.0, 0.0)
    assert rates[2].weights == pytest.approx(0.075)  # half-way, by the logarithm, from 0 at 2 epochs to 0.15 at 8
    assert rates[-1] == defaults.AT_EPOCHS[-1]
    assert defaults.auto_dropouts(30, (8192, 10))[:2] == pytest.approx((0.7, 0.7))
    assert defaults.auto_dropouts(30, (8,)) < defaults.auto_dropouts(30, (256,))
    sizes = [defaults.auto_hidden_sizes(seconds) for seconds in (None, 0.1, 30, 60, 180, 1e6)]
    assert sizes == [(256,), (64,), (256,), (320,), (288, 288), (384, 384)]


def test_auto_is_for_parameters_left_alone():
    model = LSTMCharModel(**{**SMALL, "max_iter": 1}).fit(TEXT[:500])
    architecture = model.network_.architecture
    assert new_dropout(model, 80, architecture, 0).outputs == defaults.auto_dropouts(80, (24,)).outputs > 0
    assert (new_optimizer(model).alpha, new_optimizer(model).beta_2) == (0.1, 0.99)
    model.set_params(
        dropout=0.3, recurrent_dropout=0.2, weight_dropout=0.1, alpha=0.5, solver="adam", learning_rate_init=0.02
    )
    dropout = new_dropout(model, 80, architecture, 0)
    assert (dropout.outputs, dropout.recurrent, dropout.weights) == (0.3, 0.2, 0.1)
    assert (new_optimizer(model).alpha, new_optimizer(model).beta_2) == (0.5, 0.999)
    assert new_schedule(model, architecture).init == 0.02
    assert new_optimizer(LSTMCharModel(solver="adam")).alpha == 0.0
