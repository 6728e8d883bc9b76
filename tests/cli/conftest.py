"""Fixtures for the tests of `tsl text`."""

from pathlib import Path

import pytest
from text_commands import PLAY

from tsl import LSTMCharModel
from tsl.persistence import save


@pytest.fixture
def play(tmp_path, monkeypatch):
    """A file of text in the current folder."""
    monkeypatch.chdir(tmp_path)
    Path("play.txt").write_text(PLAY, encoding="utf-8")
    return "play.txt"


@pytest.fixture(scope="module")
def model():
    return LSTMCharModel(hidden_size=8, max_iter=8, random_state=0).fit(PLAY)


@pytest.fixture
def saved(model, play):
    """The file of `model`."""
    save(model, "play.tsl")
    return "play.tsl"
