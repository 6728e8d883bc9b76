"""Correctness of what character models are compared with: texts, splits, yardsticks, and the output of the suite."""

import json
import math
from collections import Counter, defaultdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from benchmarks import text as suite
from benchmarks.__main__ import main
from benchmarks.ngram import witten_bell
from benchmarks.text_tasks import SHAKESPEARE_TRAIN, lower_case, split, text_tasks
from tsl.datasets import load_macbeth
from tsl.text import CharVocabulary


@pytest.fixture
def folder(tmp_path):
    """Texts in the place of public ones: one as long as tiny Shakespeare, and one with a character too late."""
    (tmp_path / "tinyshakespeare.txt").write_text("to be or not to be\n" * (SHAKESPEARE_TRAIN // 19 + 600))
    (tmp_path / "letters.txt").write_text("abcde" * 2000 + "fünf", encoding="utf-8")
    (tmp_path / "numbers.csv").write_text("1,2,3")
    return tmp_path


def test_texts_are_split_where_published_figures_split_them(folder):
    tasks = text_tasks(str(folder))
    play = load_macbeth()
    for name in ("Macbeth, 60 s", "Macbeth, 180 s"):
        assert tasks[name].train + tasks[name].test == play
        assert len(tasks[name].test) == pytest.approx(len(play) / 10, abs=1)
    assert len(tasks["tiny Shakespeare, 60 s"].train) == SHAKESPEARE_TRAIN
    assert tasks["tiny Shakespeare, 60 s"].settings == {}  # the defaults are what is measured
    assert {task.seconds for task in tasks.values()} == {60, 180, 600}
    assert lower_case(tasks["Macbeth, 60 s"]).test == tasks["Macbeth, 60 s"].test.lower()
    assert set(text_tasks(None)) == {"Macbeth, 60 s", "Macbeth, 180 s"}


def test_characters_that_come_too_late_are_counted_and_left_out(folder):
    task = text_tasks(str(folder))["letters, 60 s"]
    assert task.test.endswith("deabcde")
    assert task.n_unseen == 4
    assert split("aab", 2) == {"train": "aa", "test": "", "n_unseen": 1}


# --- the n-gram model ---------------------------------------------------------------------------------------------


def codes_of(*texts):
    vocabulary = CharVocabulary().fit(texts)
    return [vocabulary.encode(text).astype(np.int64) for text in texts]


def test_n_gram_gives_the_published_figure():
    task = text_tasks(None)["Macbeth, 60 s"]
    assert {name: round(run["nats"], 3) for name, (run,) in suite.n_gram(task).items()} == {"n-gram, context 4": 1.628}


def slow_witten_bell(train, test, context):
    """Straight from the definition, by dictionaries."""
    followers = defaultdict(Counter)
    for t, character in enumerate(train):
        for k in range(min(t, context) + 1):
            followers[train[t - k : t], k][character] += 1

    def expected(before, character, k):
        if k < 0:
            return 1 / len(set(train))
        seen = followers[before[len(before) - k :], k]
        shorter = expected(before, character, k - 1)
        if not seen:
            return shorter
        return (seen[character] + len(seen) * shorter) / (seen.total() + len(seen))

    whole, n = train + test, len(train)
    return -np.mean([math.log(expected(whole[:t], whole[t], min(t, context))) for t in range(n, len(whole))])


@given(st.text("abc", min_size=4, max_size=40), st.text("ab", min_size=1, max_size=10), st.integers(0, 3))
def test_n_gram_is_that_of_the_definition(train, test, context):
    train = "ab" + train  # all of `test` is known
    assert_allclose(witten_bell(*codes_of(train, test), longest=3)[context], slow_witten_bell(train, test, context))


# --- the suite ----------------------------------------------------------------------------------------------------


def run_suite(tmp_path, *arguments):
    """Results by case, of a run with tiny work and no peers."""
    path = tmp_path / "results.json"
    assert main(["text", "--quick", "--peers", "none", "--json", str(path), *arguments]) == 0
    return {result["case"]: result for result in json.loads(path.read_text(encoding="utf-8"))["results"]}


def test_suite_compares_with_what_has_to_be_beaten(folder, tmp_path, capsys):
    results = run_suite(tmp_path, "--data", str(folder), "--only", "tiny Shakespeare, 60 s")
    written = capsys.readouterr().out
    for word in ("n-gram, context", "nanoGPT on a CPU, 180 s", "1.880", "max_time=0.2", "1.580"):
        assert word in written
    (own,) = results["tiny Shakespeare, 60 s"]["methods"]["LSTMCharModel"]
    assert own["nats"] > 0
    assert own["steps"] > 0
    assert results["tiny Shakespeare, 60 s"]["settings"] == {"hidden_size": 8, "max_time": 0.2}


def test_other_texts_have_to_beat_the_n_gram(folder, tmp_path, capsys):
    results = run_suite(tmp_path, "--data", str(folder), "--only", "letters")
    verdict = capsys.readouterr().out.splitlines()
    (n_gram,) = (runs for name, runs in results["letters, 60 s"]["methods"].items() if name.startswith("n-gram"))
    (line,) = (line for line in verdict if line.startswith("letters, 60 s") and line.endswith(("reached", "MISSED")))
    assert line.split()[4] == f"{n_gram[0]['nats']:.3f}"


def test_without_files_only_the_play_is_learnt(tmp_path, capsys):
    assert set(run_suite(tmp_path, "--only", "Macbeth, 60")) == {"Macbeth, 60 s"}
    assert "--data DIR names the folder of their .txt files" in capsys.readouterr().out


def test_seconds_are_those_of_the_first_budget_that_is_enough_for_every_seed(tmp_path, monkeypatch, capsys):
    losses = iter([2.6, 2.5, 2.59, 2.58])  # two seeds with the first budget, then with the second
    monkeypatch.setattr(suite, "BUDGETS", (0.1, 0.12, 0.14))
    monkeypatch.setattr(suite, "_seeds", lambda bench: range(2))
    monkeypatch.setattr(suite, "learnt", lambda task, *rest: {"nats": next(losses), "seconds": 2 * task.seconds})
    (result,) = run_suite(tmp_path, "--only", "lower case").values()
    assert [one["max_time"] for one in result["tries"]] == [0.1, 0.12]
    assert "0.24  3.00  1.00  goal reached" in capsys.readouterr().out


def test_seconds_that_nothing_was_enough_for(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(suite, "learnt", lambda task, *rest: {"nats": 3.0, "seconds": task.seconds})
    assert len(next(iter(run_suite(tmp_path, "--only", "lower case").values()))["tries"]) == 3
    assert "inf  3.00  1.00   MISSED" in capsys.readouterr().out


def test_suite_prints_characters_per_second(tmp_path, capsys):
    results = run_suite(tmp_path, "--only", "one stream")
    assert set(results) == {f"one stream, 256 units, {choice}" for choice in suite.CHOICES}
    written = capsys.readouterr().out
    for result in results.values():
        assert f"{1e3 / result['median_ms']:,.0f}" in written


def test_verdicts():
    assert suite._verdict("a", 1.5, 1.52, 1.48, "{:.2f}", -1) == ["a", "1.50", "1.52", "1.48", "reached"]
    assert suite._verdict("a", 1.48, 1.52, 1.48, "{:.2f}", -1)[-1] == "goal reached"
    assert suite._verdict("a", 1.6, 1.52, None, "{:.2f}", -1)[-2:] == ["", "MISSED"]
    assert suite._verdict("a", 50.0, 30.0, 100.0, "{:.0f}", 1)[-1] == "reached"
    assert suite._verdict("a", 20.0, 30.0, 100.0, "{:.0f}", 1)[-1] == "MISSED"


def test_the_peer_learns_the_same_text():
    torch_text = pytest.importorskip("benchmarks.peers.torch_text", reason="PyTorch, which only comparisons need")
    answer = torch_text.learnt(None, True, "Macbeth, 60 s", 1)
    assert answer["steps"] > 0
    assert answer["settings"]["weight_dropout"] == 0.2
    # no better than knowing all of it, no worse than knowing nothing of 49 characters
    assert 0 < answer["nats"] < 1.1 * math.log(49)
