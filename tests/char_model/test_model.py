"""`LSTMCharModel`: what it learns, how training ends and continues, copies."""

import copy
import math
import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from text_models import OTHER, QUESTION, SMALL, TEXT

from tsl import LSTMCharModel
from tsl.char_model.encoding import network_inputs
from tsl.network import Architecture
from tsl.training import TrainingInterruptedWarning

WHOLE = {"dropout": 0, "recurrent_dropout": 0, "weight_dropout": 0}


@pytest.fixture(scope="module")
def question():
    return LSTMCharModel(hidden_size=32, max_iter=30, random_state=0).fit(QUESTION)


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
    with pytest.raises(ValueError, match="cannot continue training"):
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
