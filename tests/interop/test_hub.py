"""Folders for the Hugging Face Hub: round trips, and downloads by a replaced function."""

import json
import re
import sys
import textwrap
import types
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import Lasso

from tsl import LSTMRegressor
from tsl.interop import _hub, from_pretrained, save_pretrained

X = np.random.default_rng(0).normal(size=(40, 6, 2))
PAGE = Path(__file__).parents[2] / "docs/how-to/hugging_face.rst"
BLOCK = re.compile(r"^\.\. code-block:: python\n\n((?:    .*\n|\n)+)", flags=re.MULTILINE)
FILES = {"README.md", "config.json", "model.tsl"}


@pytest.fixture(scope="module")
def model():
    return LSTMRegressor(hidden_size=4, max_iter=2, random_state=0).fit(X, X[:, -1, 0])


@pytest.fixture
def folder(model, tmp_path):
    save_pretrained(model, tmp_path / "tides", repo_id="ada/tides")
    return tmp_path / "tides"


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


class NotFound(OSError):
    """What the package raises for a repository that is not there."""


class RevisionNotFound(OSError):
    """What it raises for such a revision."""


@pytest.fixture
def hub(monkeypatch):
    """A package huggingface_hub whose downloads come from a dict: what `snapshot_download` was called with is kept."""
    repositories, calls = {}, []

    def snapshot_download(repo_id, *, revision, allow_patterns):
        calls.append((repo_id, revision, allow_patterns))
        if repo_id not in repositories:
            raise NotFound(f"404: {repo_id}")
        if revision == "v9":
            raise RevisionNotFound("404: v9")
        return str(repositories[repo_id])

    package, errors = types.ModuleType("huggingface_hub"), types.ModuleType("huggingface_hub.errors")
    package.snapshot_download = snapshot_download
    package.create_repo = lambda repo_id, **options: repositories.setdefault(repo_id)
    package.upload_folder = lambda *, repo_id, folder_path, **options: repositories.update({repo_id: folder_path})
    errors.HFValidationError = type("HFValidationError", (ValueError,), {})
    errors.RepositoryNotFoundError, errors.RevisionNotFoundError = NotFound, RevisionNotFound
    monkeypatch.setitem(sys.modules, "huggingface_hub", package)
    monkeypatch.setitem(sys.modules, "huggingface_hub.errors", errors)
    return types.SimpleNamespace(repositories=repositories, calls=calls)


@pytest.fixture
def no_hub(monkeypatch):
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)


# --- folders --------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("no_hub")
@pytest.mark.parametrize("kind", [str, lambda path: path], ids=["str", "path"])
def test_a_folder_gives_the_model_back_without_the_package(kind, model, tmp_path):
    save_pretrained(model, kind(tmp_path / "new" / "tides"))
    assert_array_equal(from_pretrained(kind(tmp_path / "new" / "tides")).predict(X), model.predict(X))
    assert {path.name for path in (tmp_path / "new" / "tides").iterdir()} == FILES


def test_configuration_names_class_and_format(folder):
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    assert (config["library_name"], config["model_class"], config["model_file"]) == (
        "tsl",
        "LSTMRegressor",
        "model.tsl",
    )
    assert not {"model_type", "architectures", "auto_map"} & set(config)  # by which the Hub takes it for transformers'


def test_other_files_are_left_alone(model, folder):
    (folder / "notes.txt").write_text("mine")
    save_pretrained(model, folder, license="mit")
    found = contents(folder)
    assert found.keys() == FILES | {"notes.txt"}
    assert found["notes.txt"] == b"mine"
    assert b'license: "mit"' in found["README.md"]  # nobody had edited it


@pytest.mark.parametrize("config", ["kept", "lost", "broken"])
def test_an_edited_card_is_not_lost_in_silence(config, model, folder):
    (folder / "README.md").write_text("my own card")
    if config == "lost":
        (folder / "config.json").unlink()
    elif config == "broken":
        (folder / "config.json").write_text("[]")
    before = contents(folder)
    with pytest.raises(ValueError, match=r"card must be 'keep' or 'replace', as .*README.md is not as save_pretrained"):
        save_pretrained(model, folder)
    assert contents(folder) == before

    (folder / "model.tsl").unlink()
    save_pretrained(model, folder, card="keep")
    assert (folder / "README.md").read_text() == "my own card"
    assert (folder / "model.tsl").exists()
    with pytest.raises(ValueError, match="card must be"):
        save_pretrained(model, folder)
    save_pretrained(model, folder, card="replace")
    assert "LSTMRegressor" in (folder / "README.md").read_text(encoding="utf-8")
    save_pretrained(model, folder)


def test_a_card_that_was_kept_unedited_is_still_ours(model, folder):
    save_pretrained(model, folder, card="keep", license="mit")
    assert "license" not in (folder / "README.md").read_text(encoding="utf-8")
    save_pretrained(model, folder, license="mit")
    assert "license" in (folder / "README.md").read_text(encoding="utf-8")


def test_failed_writing_changes_nothing(model, folder, monkeypatch, tmp_path):
    def full_disk(path, content):
        raise OSError("no space left")

    before = contents(folder)
    monkeypatch.setattr(_hub, "replace_file", full_disk)
    for target in (folder, tmp_path / "new"):
        with pytest.raises(OSError, match="no space left"):
            save_pretrained(model, target, license="mit")
    assert contents(folder) == before
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    ("estimator", "error", "message"),
    [
        (LSTMRegressor(), NotFittedError, "not fitted"),
        (Lasso(), TypeError, "model must be an estimator that tsl can save, got Lasso"),
    ],
)
def test_what_cannot_be_saved_leaves_no_folder(estimator, error, message, tmp_path):
    with pytest.raises(error, match=message):
        save_pretrained(estimator, tmp_path / "new")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"repo_id": "tides"}, ValueError, "repo_id must be the name of a repository as in 'owner/name', got 'tides'"),
        ({"repo_id": 3}, TypeError, "repo_id must be a str or None, got 3"),
        ({"license": ["mit"]}, TypeError, r"license must be a str or None, got \['mit'\]"),
        ({"tags": "energy"}, TypeError, "tags must be a list of str, got 'energy'"),
        ({"tags": 3}, TypeError, "tags must be a list of str, got 3"),
        ({"card": "yes"}, ValueError, "card must be 'keep', 'replace' or None, got 'yes'"),
    ],
)
def test_wrong_arguments_are_named(arguments, error, message, model, tmp_path):
    with pytest.raises(error, match=message):
        save_pretrained(model, tmp_path / "new", **arguments)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_without_a_model_is_named(tmp_path):
    (tmp_path / "file").touch()
    for source in (tmp_path, tmp_path / "file"):
        with pytest.raises(FileNotFoundError, match=f"has a file model.tsl, got '{source}'"):
            from_pretrained(source)


# --- repositories -----------------------------------------------------------------------------------------------------


def test_a_repository_is_downloaded(hub, folder, model):
    hub.repositories["ada/tides"] = folder
    assert_array_equal(from_pretrained("ada/tides", revision="v1").predict(X), model.predict(X))
    # the configuration too: requests for it are what the Hub counts
    assert hub.calls == [("ada/tides", "v1", ["model.tsl", "config.json"])]


def test_the_lines_of_the_card_load_the_model(hub, folder, model):
    hub.repositories["ada/tides"] = folder
    [program] = re.findall(r"```python\n(.*?)```", (folder / "README.md").read_text(encoding="utf-8"), flags=re.DOTALL)
    names = {"X": X}
    exec(program, names)
    assert_array_equal(names["y"], model.predict(X))


@pytest.mark.parametrize(
    ("source", "revision", "error", "message"),
    [
        ("ada/nothing", None, FileNotFoundError, "a repository of the Hub that you may read, got 'ada/nothing': 404"),
        ("ada/tides", "v9", FileNotFoundError, "revision must be one of 'ada/tides' on the Hub, got 'v9'"),
        ("ada/empty", None, FileNotFoundError, "has a file model.tsl, got 'ada/empty'"),
        ("tides", None, FileNotFoundError, "source must be a folder, or a repository as in 'owner/name', got 'tides'"),
        ("a/b/c", None, FileNotFoundError, "got 'a/b/c'"),
        (3, None, TypeError, "source must be a folder or the name of a repository, got 3"),
    ],
)
def test_wrong_repositories_are_named(source, revision, error, message, hub, folder, tmp_path):
    (tmp_path / "empty").mkdir()
    hub.repositories |= {"ada/tides": folder, "ada/empty": tmp_path / "empty"}
    with pytest.raises(error, match=message):
        from_pretrained(source, revision=revision)


def test_a_path_is_never_a_repository(hub, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FileNotFoundError, match="source must be a folder"):
        from_pretrained(tmp_path.relative_to(tmp_path) / "ada" / "tides")
    assert hub.calls == []


def test_a_folder_has_no_revisions(folder):
    with pytest.raises(ValueError, match="revision must be None if source is a folder, got 'v1'"):
        from_pretrained(folder, revision="v1")


@pytest.mark.usefixtures("no_hub")
def test_a_missing_package_is_named():
    with pytest.raises(ImportError, match=r"a repository needs huggingface_hub: pip install \"tsl-lstm\[hub\]\""):
        from_pretrained("ada/tides")


@pytest.mark.usefixtures("hub")
def test_programs_of_the_how_to_upload_and_load(capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    names = {}
    for block in BLOCK.findall(PAGE.read_text(encoding="utf-8")):
        exec(compile(textwrap.dedent(block), PAGE.name, "exec"), names)
    assert len(re.findall(r"^20\d\d ", capsys.readouterr().out, flags=re.MULTILINE)) == 11  # years forecast
