"""Models in files: what comes back is what was saved, and nothing else is taken for a model."""

import json
import os
import pathlib
import stat
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import pytest
from forged_files import forge, forge_changed, stored
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from regressor_problem import problem
from safetensors.numpy import save_file
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GridSearchCV

from tsl import LSTMCharModel, LSTMRegressor, persistence
from tsl.baselines import Naive
from tsl.persistence import load, save
from tsl.text import CharVocabulary
from tsl.windows import SlidingWindow

TEXT = "When shall we three meet again?\nIn thunder, lightning, or in rain? " * 12
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


def fitted(text=TEXT, **parameters):
    parameters = {"hidden_size": 8, "max_iter": 2, "random_state": 0, "unknown": "ignore"} | parameters
    return LSTMCharModel(**parameters).fit(text)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.tsl"


def there_and_back(model, path):
    save(model, path)
    return load(path)


def assert_same(one, other):
    """Predictions, all parameters of the network and all that was learned."""
    assert type(one) is type(other)
    assert_array_equal(one.surprisal(TEXT), other.surprisal(TEXT))
    assert_array_equal(one.predict_proba(["", "When ", TEXT]), other.predict_proba(["", "When ", TEXT]))
    assert_array_equal(one.network_.params, other.network_.params)
    for name in ("loss", "val_loss", "learning_rate", "grad_norm", "n_steps", "best_iter", "stopped_by"):
        assert_array_equal(getattr(one.history_, name), getattr(other.history_, name))
    assert one.classes_.tolist() == other.classes_.tolist()
    assert one.classes_.dtype == other.classes_.dtype
    assert one.class_count_.tolist() == other.class_count_.tolist()


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
    assert_array_equal(tensors["network_.params"], model.network_.params)
    assert_array_equal(tensors["_optimizer_state.mean"], model._optimizer_state.mean)
    assert_array_equal(tensors["class_count_"], model.class_count_)
    assert (metadata["format"], metadata["format_version"]) == ("tsl", "1")
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
    with pytest.raises(TypeError, match="note_ is a object, which is no number, text or array"):
        save(model, path)
    model.note_ = np.array([object()])
    with pytest.raises(TypeError, match=r"note_\[0\] is a object, which is no number"):
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


def test_every_truncated_file_is_refused(path):
    save(fitted(hidden_size=2), path)
    content = path.read_bytes()
    places = [*range(0, 200, 9), *range(200, len(content), len(content) // 30), len(content) - 1]
    for size in places:
        path.write_bytes(content[:size])
        with pytest.raises(ValueError, match="is not a file of tsl's, or is damaged"):
            load(path)


def test_every_flipped_bit_is_found(path):
    save(fitted(hidden_size=2), path)
    content = path.read_bytes()
    for place in [*range(0, 300, 7), *range(300, len(content), len(content) // 150)]:
        changed = bytearray(content)
        changed[place] ^= 1 << place % 8
        path.write_bytes(changed)
        with pytest.raises(ValueError, match=r"model\.tsl"):
            load(path)


def test_a_checkpoint_is_no_model(path):
    LSTMRegressor(hidden_size=2, max_iter=1).fit(np.zeros((4, 3)), np.arange(4.0), checkpoint=path)
    with pytest.raises(ValueError, match="holds no model, but a checkpoint"):
        load(path)
    save(fitted(), path)
    with pytest.raises(ValueError, match="holds no checkpoint, but a model"):
        LSTMRegressor(hidden_size=2, max_iter=1).fit(np.zeros((4, 3)), np.arange(4.0), checkpoint=path)


def infinite_weights(tree, tensors):
    tensors["network_.params"][0] = np.inf


@pytest.mark.parametrize(
    "content",
    [b"", b"to be or not to be\n", b"\x80\x04\x95" + b"\0" * 90, np.random.RandomState(0).bytes(5000)],
    ids=["empty", "text", "pickle", "noise"],
)
def test_foreign_files_are_refused(path, content):
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"model\.tsl is not a file of tsl's, or is damaged"):
        load(path)


def test_tensors_of_others_are_refused(path):
    save_file({"weights": np.zeros(3)}, path)
    with pytest.raises(ValueError, match="holds tensors, but no model"):
        load(path)


def test_another_version_is_refused(path):
    save(fitted(), path)
    tensors, metadata = stored(path)
    save_file(tensors, path, metadata | {"format_version": "2"})
    with pytest.raises(
        ValueError, match="has format '2', and this version reads 1: a newer version of tsl has written it"
    ):
        load(path)


def other_class(tree, tensors):
    tree["$class"] = "Popen"


def other_parameter(tree, tensors):
    tree["parameters"]["colour"] = "red"


def no_network(tree, tensors):
    del tree["state"]["network_"]


def wider_network(tree, tensors):
    tree["state"]["network_"]["state"]["architecture"]["state"]["hidden_sizes"] = {"$tuple": [4096]}


def sizes_of_text(tree, tensors):
    tree["state"]["network_"]["state"]["architecture"]["state"]["hidden_sizes"] = "many"


def larger_vocabulary(tree, tensors):
    tree["state"]["vocabulary_"]["state"]["characters_"] += "\U0010ffff"


def fewer_moments(tree, tensors):
    tensors["_optimizer_state.mean"] = tensors["_optimizer_state.mean"][1:]


def other_precision(tree, tensors):
    tensors["network_.params"] = tensors["network_.params"].astype(np.float64)


def tensor_gone(tree, tensors):
    del tensors["class_count_"]


@pytest.mark.parametrize(
    "damage",
    [
        other_class,
        other_parameter,
        no_network,
        wider_network,
        sizes_of_text,
        larger_vocabulary,
        fewer_moments,
        other_precision,
        tensor_gone,
        infinite_weights,
    ],
    ids=lambda damage: damage.__name__,
)
def test_what_does_not_fit_together_is_refused(path, damage):
    forge_changed(fitted(), path, damage)
    with pytest.raises(ValueError, match=r"model\.tsl is damaged, or of another version of tsl"):
        load(path)


@pytest.mark.parametrize("model", ["", "{", "[]", "3", "[" * 100_000])
def test_broken_json_is_refused(path, model):
    forge(path, model, {"x": np.zeros(1)})
    with pytest.raises(ValueError, match="is damaged"):
        load(path)


# --- files ------------------------------------------------------------------------------------------------------------


def test_missing_files_and_folders_are_os_errors(tmp_path):
    with pytest.raises(FileNotFoundError, match="none.tsl"):
        load(tmp_path / "none.tsl")
    with pytest.raises(OSError, match=str(tmp_path)):
        load(tmp_path)
    model = fitted()
    with pytest.raises(OSError, match="there is no folder .*nowhere to write model.tsl to"):
        save(model, tmp_path / "nowhere" / "model.tsl")
    with pytest.raises(OSError, match="is there and is not a file"):
        save(model, tmp_path)


def test_a_relative_path_and_a_str_will_do(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    model = fitted()
    save(model, "model.tsl")
    assert_same(model, load("model.tsl"))


def test_an_interrupted_save_leaves_the_old_file(path, monkeypatch):
    old = fitted()
    save(old, path)

    def interrupt(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(persistence.os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        save(fitted(random_state=1), path)
    assert list(path.parent.iterdir()) == [path]
    assert_same(old, load(path))


@pytest.mark.skipif(os.name != "posix", reason="permissions and links as POSIX has them")
def test_a_saved_file_has_usual_permissions_and_a_link_stays_one(path):
    model = fitted()
    link = path.with_name("link.tsl")
    link.symlink_to(path.name)
    save(model, link)
    assert link.is_symlink()
    usual = path.with_name("usual")
    pathlib.Path(usual).touch()
    assert stat.S_IMODE(path.stat().st_mode) == stat.S_IMODE(usual.stat().st_mode)
    assert_same(model, load(path))
