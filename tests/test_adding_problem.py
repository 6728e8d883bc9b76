"""The adding problem of Hochreiter & Schmidhuber 1997, as run in the example."""

import pathlib
import runpy

import pytest

EXAMPLE = pathlib.Path(__file__).parents[1] / "examples" / "plot_adding_problem.py"


@pytest.mark.long
def test_solved_within_as_many_sequences_as_the_first_lstm_needed(monkeypatch):
    matplotlib = pytest.importorskip("matplotlib", reason="the example draws its errors")
    matplotlib.use("agg")
    found = runpy.run_path(str(EXAMPLE))
    assert len(found["X"]) == 74_000  # table 7 of the article, T = 100; each is seen once
    assert found["model"].n_iter_ == 1
    assert len(found["X_test"]) == 2_560
    assert found["n_wrong"] <= 3  # the article's network had 1 wrong


def test_the_task_is_the_one_of_the_article(monkeypatch):
    source = EXAMPLE.read_text(encoding="utf-8").split("# The model")[0]
    found = {}
    exec(source.replace("74_000", "200").replace("2_560", "10"), found)
    for sequence, target in zip(found["X"], found["y"], strict=True):
        values, markers = sequence.T
        assert 100 <= len(sequence) <= 110
        assert markers[0] in (-1, 1)
        assert markers[-1] == -1
        marked = [k for k in range(len(sequence)) if markers[k] == 1]
        assert len(marked) == 2
        assert marked[0] < 10 or marked[1] < 10
        assert max(marked) < 50
        assert target == 0.5 + sum(values[k] for k in marked if k > 0) / 4
