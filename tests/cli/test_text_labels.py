"""Labels of `tsl text train`, `generate` and `score`."""

import re
from pathlib import Path

import pytest
from numpy.testing import assert_array_equal
from text_commands import PLAY, SMALL, fails, run

pytest.importorskip("typer", reason="the command line is an extra")


from tsl import LSTMCharModel
from tsl.persistence import load, save


@pytest.fixture
def labelled(play):
    """Two files of text in folders of their own, and a model of them with labels."""
    for folder, text in (("shout", PLAY.upper()), ("talk", PLAY)):
        Path(folder).mkdir()
        Path(folder, f"{folder}-1.txt").write_text(text, encoding="utf-8")
    texts = [PLAY.upper(), PLAY]
    model = LSTMCharModel(hidden_size=(8,), max_iter=2, random_state=0).fit(texts, labels=["shout", "talk"])
    save(model, "labelled.tsl")
    return model


FILES = ["shout/shout-1.txt", "talk/talk-1.txt"]


@pytest.mark.parametrize("way", [["--label", "shout", "--label", "talk"], ["--label-from", "folder"]], ids=" ".join)
def test_train_with_labels(labelled, way):
    found = run("train", *FILES, *SMALL, "--validation", 0, "--out", "new.tsl", *way)
    assert "2 times" in found
    model = load("new.tsl")
    assert model.labels_.tolist() == ["shout", "talk"]
    assert_array_equal(model.network_.params, labelled.network_.params)
    run("train", FILES[0], "--label", "shout", *SMALL, "--validation", 0, "--start-from", "new.tsl", "--out", "on.tsl")
    again = labelled.set_params(warm_start=True).fit([PLAY.upper()], labels=["shout"])
    assert_array_equal(load("on.tsl").network_.params, again.network_.params)


def test_names_of_files_as_labels(labelled):
    run("train", *FILES, *SMALL, "--label-from", "name", "--out", "new.tsl", "--quiet")
    assert load("new.tsl").labels_.tolist() == ["shout-1", "talk-1"]


def test_generate_and_score_with_a_label(labelled):
    written = run("generate", "labelled.tsl", "--label", "shout", "--length", 20, "--seed", 0)
    assert written == labelled.generate(length=20, temperature=0.7, random_state=0, label="shout") + "\n"
    for label in ("shout", "talk"):
        cost = f"{-labelled.score(PLAY, labels=label):.4f}"
        assert cost in run("score", "labelled.tsl", "play.txt", "--label", label).split()


def test_labels_that_are_numbers_are_named_as_they_are_written(play):
    save(LSTMCharModel(hidden_size=4, max_iter=1, random_state=0).fit([PLAY, PLAY], labels=[3, 12]), "years.tsl")
    assert "perplexity" in run("score", "years.tsl", play, "--label", "12")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train", *FILES, "--label", "a"], "--label must be given once for each text, 2 in all, got 1"),
        (["train", *FILES, "--label-from", "size"], "--label-from must be one of name, folder, got 'size'"),
        (["train", FILES[0], "--label", "a", "--label-from", "name"], "--label and --label-from exclude each other"),
        (["train", "-", "--label-from", "name"], "--label-from must have files to take names from, got standard input"),
        (["train", FILES[0], "--start-from", "labelled.tsl"], "--label must be given, because the model was trained"),
        (
            ["generate", "labelled.tsl"],
            "--label must be given, because the model was trained with labels: one of 'shout', ",
        ),
        (["score", "labelled.tsl", "play.txt", "--label", "tall"], "--label must be one of .*: did you mean talk"),
        (["score", "play.tsl", "play.txt", "--label", "talk"], "--label must be left out, because the model was trai"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_labels_are_one_line(labelled, saved, arguments, message):
    assert re.match(f"tsl: {message}", fails(*arguments))
