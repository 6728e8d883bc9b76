"""Correctness of what the classifier is compared with: data sets, nearest neighbour, and the output of the suite."""

import json
import sys

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from benchmarks import classification as suite
from benchmarks import classification_tasks
from benchmarks.__main__ import main
from benchmarks.classification_tasks import PUBLISHED, Task, archive_tasks, resampled


def part(lengths, seed):
    """Series of two channels, whose level is their class."""
    rng = np.random.default_rng(seed)
    y = np.arange(len(lengths)) % 2
    return [level + 0.1 * rng.normal(size=(length, 2)) for level, length in zip(y, lengths)], np.array(["a", "b"])[y]


@pytest.fixture
def task():
    return Task("levels", *part([20, 18, 16, 20, 19, 20], 0), *part([17, 20, 24, 18], 1), {"InceptionTime": 0.9})


def test_series_of_the_archive_have_time_first(monkeypatch):
    def load(name, split, load_equal_length):
        assert not load_equal_length  # which would be an edited copy
        n = {"train": 3, "test": 5}[split]
        return [np.arange(2.0 * length).reshape(2, length) for length in range(4, 4 + n)], np.arange(n).astype(str)

    module = type(sys)("datasets")
    module.load_classification = load
    monkeypatch.setattr(classification_tasks.importlib, "import_module", {"aeon.datasets": module}.__getitem__)
    tasks = archive_tasks()
    assert set(tasks) == set(PUBLISHED)
    gun = tasks["GunPoint"]
    assert [len(series) for series in gun.X_test] == [4, 5, 6, 7, 8]
    assert_array_equal(gun.X_train[0], [[0, 4], [1, 5], [2, 6], [3, 7]])
    assert gun.in_words().startswith("GunPoint: 3 series to train on, 5 to test on; 4 to 6 steps, channels: 2, ")


def test_missing_aeon_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "aeon.datasets", None)
    with pytest.raises(ImportError, match="python -m pip install aeon"):
        archive_tasks()


def test_resampling_keeps_straight_lines_and_ends():
    line = np.column_stack([np.linspace(1, 5, 9), np.linspace(0, -2, 9)])
    once, same = resampled([line, line[::2]], 5)
    assert_allclose(once, line[::2])
    assert_array_equal(same, line[::2])


def test_nearest_neighbour_is_that_of_the_definition(task):
    found = suite.nearest_neighbour(task)
    train, test = (resampled(X, 20).reshape(len(X), -1) for X in (task.X_train, task.X_test))
    nearest = [np.argmin(((train - one) ** 2).sum(axis=1)) for one in test]
    assert found["accuracy"] == np.mean(task.y_train[nearest] == task.y_test) == 1.0
    few = Task("two", task.X_train[:2], task.y_train[:2], [task.X_train[0]] * 4, np.array(list("aabb")))
    assert suite.nearest_neighbour(few)["accuracy"] == 0.5


def test_suite_compares_with_what_has_to_be_beaten(task, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(suite, "archive_tasks", lambda: {"levels": task, "again": task})
    path = tmp_path / "results.json"
    assert main(["classification", "--quick", "--peers", "none", "--json", str(path)]) == 0
    written = capsys.readouterr().out
    for word in ("nearest neighbour", "LSTMClassifier", "InceptionTime", "0.900", "published", "mean of all"):
        assert word in written
    results = {one["case"]: one for one in json.loads(path.read_text(encoding="utf-8"))["results"]}
    (own,) = results["levels"]["methods"]["LSTMClassifier"]
    assert 0 <= own["accuracy"] <= 1
    assert own["fit_seconds"] > 0


def test_every_seed_is_a_model_of_its_own(task):
    options = type("Options", (), {"quick": False, "seeds": 2, "n_threads": 1})
    runs = suite.own_runs(type("Bench", (), {"options": options}), task.quick())
    assert [one["seed"] for one in runs] == [0, 1]


def test_quick_tasks_keep_every_class():
    X, y = [np.zeros((50, 1))] * 60, np.repeat(["a", "b", "c"], 20)
    few = Task("sorted", X, y, X, y).quick()
    assert len(few.y_train) == len(few.X_test) == 12
    assert set(few.y_train) == {"a", "b", "c"}
    assert {len(series) for series in few.X_train} == {40}


def test_verdicts():
    assert suite._verdict("a", 0.9, 0.8, 0.95) == ["a", "0.900", "0.800", "0.950", "reached"]
    assert suite._verdict("a", 0.95, 0.8, 0.95)[-1] == "goal reached"
    assert suite._verdict("a", 0.7, 0.8, 0.95)[-1] == "MISSED"


def test_published_figures_come_out_of_the_data_that_aeon_ships():
    pytest.importorskip("aeon", reason="the data sets are files of aeon, which only the comparison needs")
    tasks = archive_tasks()
    # of the archive's own table: 1 minus its error rates for the Euclidean distance (Dau et al. 2018)
    for name, accuracy in [("GunPoint", 0.9133), ("ItalyPowerDemand", 0.9553), ("ArrowHead", 0.8), ("OSULeaf", 0.5207)]:
        assert suite.nearest_neighbour(tasks[name])["accuracy"] == pytest.approx(accuracy, abs=5e-5)
