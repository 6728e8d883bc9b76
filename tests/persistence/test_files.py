"""Model files: what is loaded is what was saved, and nothing else is accepted as a model."""

import json
import pathlib
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import pytest
from forged_files import stored
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from regressor_problem import problem
from saved_models import TEXT, assert_same, fitted, there_and_back
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GridSearchCV

from tsl import LSTMCharModel, LSTMRegressor, persistence
from tsl.baselines import Naive
from tsl.persistence import load, save
from tsl.text import CharVocabulary
from tsl.windows import SlidingWindow

MORE = "When the hurly-burly's done, When the battle's lost and won. " * 4

KINDS = {
    "streams": {},
    "two layers": {"hidden_size": (6, 5), "recurrent_dropout": 0.2, "dropout": 0.1},
    "windowed": {"windowed": True, "window": 8},
    "one-hot": {"encoding": "onehot"},
    "dropped weights": {"weight_dropout": 0.3, "embedding_size": 3},
    "bytes": {"tokens": "byte"},
    "rare characters left out": {"min_frequency": 13},
    "vocabulary that grows": {"unknown": "grow"},
    "scalar": {"encoding": "scalar", "window": 8},
    "validated": {"early_stopping": True, "n_iter_no_change": 5},
    "other parameters": {"solver": "sgd", "lowercase": True, "clip_norm": None, "learning_rate": "plateau"},
    "own random state": {"random_state": np.random.RandomState(3)},
    "no seed": {"random_state": None},
    "numpy's numbers": {"hidden_size": np.int64(5), "alpha": np.float64(0.1), "lowercase": np.bool_(True)},
    "unknown replaced": {"unknown": "replace"},
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_loaded_model_is_the_same_and_goes_on_as_the_saved_one_would(kind, path):
    model = fitted(**KINDS[kind])
    loaded = there_and_back(model, path)
    assert vars(model).keys() == vars(loaded).keys()
    assert_same(model, loaded)
    if not model.early_stopping:
        assert_same(model.partial_fit(MORE), loaded.partial_fit(MORE))
    assert_same(model.set_params(warm_start=True).fit(TEXT), loaded.set_params(warm_start=True).fit(TEXT))
    assert_same(model, there_and_back(loaded, path))


def test_a_loaded_model_writes_what_the_saved_one_writes(path):
    model = fitted()
    expected = model.generate("When", 50, random_state=1)
    assert there_and_back(model, path).generate("When", 50, random_state=1) == expected


def test_parameters_come_back_as_they_were(path):
    model = fitted(hidden_size=(6, 5), clip_norm=None, max_time=5.0, n_threads=1)
    loaded = there_and_back(model, path)
    assert loaded.get_params() == model.get_params()
    assert type(loaded.hidden_size) is tuple
    clone(loaded)  # scikit-learn's, which wants each parameter unchanged


def test_a_random_state_that_draws_for_two_goes_on_doing_so(path):
    loaded = there_and_back(fitted(random_state=np.random.RandomState(3)), path)
    assert loaded.random_state is loaded._random_state
    assert loaded._random_state is not np.random.mtrand._rand


def test_characters_of_all_kinds_come_back(path):
    odd = "a\0b\u0301 \U0001f40d \ud800 \ufffd \x7f" * 40  # NUL, a combining mark, an astral one, a lone surrogate
    model = fitted(odd)
    loaded = there_and_back(model, path)
    assert loaded.vocabulary_.characters_ == model.vocabulary_.characters_
    assert loaded.classes_.tolist() == model.classes_.tolist()
    assert_array_equal(loaded.surprisal(odd), model.surprisal(odd))


PLACES = st.sampled_from("ab\ud83c\ud83d\udbff\udc00\ude00\udfff\U0001f600")


@given(st.text(PLACES, min_size=1, max_size=8))
def test_halves_of_surrogate_pairs_stay_what_they_are(text):
    with TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "tree.tsl"
        tree = {text: np.arange(2), "texts": [text, (text, 1)], "array": np.array([text, "b"], object)}
        persistence.write_tree(path, tree, "tree")
        found = persistence.read_tree(path, "tree")
        vocabulary = there_and_back(CharVocabulary().fit(text), path)
    assert found.keys() == tree.keys()
    assert found[text].tolist() == [0, 1]
    assert found["texts"] == tree["texts"]
    assert found["array"].tolist() == [text, "b"]
    assert vocabulary.decode(vocabulary.encode(text)) == text
    assert len(vocabulary) == len(set(text))


def test_a_model_that_has_learned_both_halves_is_the_same_when_it_is_loaded(path, tmp_path):
    text = "good \ud83d. bad \ude00. " * 20  # never side by side but in the sorted vocabulary
    for options in ({}, {"unknown": "replace"}, {"tokens": "byte"}, {"windowed": True, "window": 4}):
        model = fitted(text, **options)
        loaded = there_and_back(model, path)
        assert loaded.vocabulary_.characters_ == model.vocabulary_.characters_
        assert loaded.classes_.tolist() == model.classes_.tolist()
        assert loaded.generate("good ", 20, random_state=0) == model.generate("good ", 20, random_state=0)
    kept = tmp_path / "fit.checkpoint"
    whole = LSTMCharModel(hidden_size=4, max_iter=2, random_state=0)
    whole.fit(text, checkpoint=kept)
    assert_array_equal(clone(whole).fit(text, checkpoint=kept).network_.params, whole.network_.params)


def test_series_named_by_halves_of_surrogate_pairs_come_back(path):
    names = ["\ud83d", "\ude00", "\ud83d\ude00"]
    if len(pd.unique(pd.Series(names, dtype=object))) < 3:
        pytest.skip("this pandas takes halves of surrogate pairs for one text")  # 2.2 does
    hours = pd.date_range("2024-01-01", periods=4, freq="h")
    ids = pd.Series(np.repeat(names, 4).tolist(), dtype=object)  # pandas' type for text may not hold them
    frame = pd.DataFrame({"unique_id": ids, "ds": hours.tolist() * 3, "y": np.repeat([0.0, 1, 2], 4)})
    model = there_and_back(Naive(1).fit(frame), path)
    assert model.predict()["unique_id"].tolist() == names
    rows = frame.set_index("ds").rename(columns={"unique_id": "g"})
    windows = there_and_back(SlidingWindow(2, groups="g").fit(rows), path)
    later = rows.set_index(rows.index + pd.Timedelta("4h")).iloc[::4]
    assert windows.transform(later)[:, 0, 0].tolist() == [0, 1, 2]


def test_callbacks_stay_behind_and_may_save(path):
    class Keep:
        def on_epoch_end(self, epoch, history, network):
            if epoch == 1:
                save(self.model, path)

    keep = Keep()
    keep.model = LSTMCharModel(hidden_size=8, max_iter=3, unknown="ignore", random_state=0, callbacks=[keep])
    keep.model.fit(TEXT)
    early = load(path)
    assert early.callbacks is None
    assert early.history_.n_iter == 1
    assert_array_equal(early.surprisal(MORE), there_and_back(early, path).surprisal(MORE))


def test_the_file_holds_tensors_and_json(path):
    model = fitted(hidden_size=(6, 5))
    save(model, path)
    tensors, metadata = stored(path)
    moments = model._optimizer_state
    for path, flat in [
        ("network_", None),
        ("_optimizer_state.mean", moments.mean),
        ("_optimizer_state.mean_sq", moments.mean_sq),
    ]:
        for name, array in model.network_.named(flat).items():
            assert_array_equal(tensors[f"{path}.{name}"], array, strict=True)
    assert_array_equal(tensors["class_count_"], model.class_count_)
    assert (metadata["format"], metadata["format_version"]) == ("tsl", "2")
    tree = json.loads(metadata["model"], parse_constant=pytest.fail)  # NaN is no JSON
    assert tree["$class"] == "LSTMCharModel"
    assert tree["parameters"]["hidden_size"] == {"$tuple": [6, 5]}
    assert tree["state"]["vocabulary_"]["state"]["characters_"] == model.vocabulary_.characters_
    assert tree["state"]["history_"]["state"]["loss"] == model.history_.loss
    assert tree["state"]["network_"]["state"]["architecture"]["state"]["n_outputs"] == len(model.classes_)


# --- what is no model -------------------------------------------------------------------------------------------------


def test_what_cannot_be_saved_is_refused_and_leaves_no_file(path):
    with pytest.raises(TypeError, match="model must be an estimator that tsl can save, got LinearRegression"):
        save(LinearRegression(), path)
    search = GridSearchCV(LSTMRegressor(hidden_size=2, max_iter=1), {"alpha": [0.0]}, cv=2).fit(*problem())
    with pytest.raises(TypeError, match="got GridSearchCV: save its best_estimator_"):
        save(search, path)
    with pytest.raises(NotFittedError):
        save(LSTMRegressor(), path)
    with pytest.raises(TypeError, match="got str"):
        save("model", path)
    with pytest.raises(NotFittedError):
        save(LSTMCharModel(), path)
    model = fitted()
    model.note_ = object()
    with pytest.raises(TypeError, match="note_ is a object, which is not a number, text or array"):
        save(model, path)
    model.note_ = np.array([object()])
    with pytest.raises(TypeError, match=r"note_\[0\] is a object, which is not a number"):
        save(model, path)
    model.note_ = np.array([[None]])
    with pytest.raises(TypeError, match="note_ is an array of objects of 2 dimensions"):
        save(model, path)
    model.note_ = np.zeros(2, complex)
    with pytest.raises(TypeError, match="note_ is an array of complex128"):
        save(model, path)
    model.note_ = np.random.RandomState(np.random.PCG64(0))
    with pytest.raises(TypeError, match="note_ draws from PCG64"):
        save(model, path)
    assert list(path.parent.iterdir()) == []


# --- files ------------------------------------------------------------------------------------------------------------
