"""What is written, where, and how often."""

import io
import math
import os
import sys
from types import SimpleNamespace

import pytest

from tsl.training import History
from tsl.training import progress as module
from tsl.training.progress import LINE_SECONDS, REDRAW_SECONDS, Progress, TrialProgress


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def clock(monkeypatch):
    """Seconds, to be changed by the test."""
    now = [100.0]
    monkeypatch.setattr(module, "perf_counter", lambda: now[0])
    return now


@pytest.fixture
def terminal(monkeypatch):
    """A terminal of 80 columns as stderr."""
    stream = Terminal()
    monkeypatch.setattr(module, "sys", SimpleNamespace(stderr=stream))
    monkeypatch.setattr(module.shutil, "get_terminal_size", lambda *_, **__: os.terminal_size((80, 24)))
    return stream


def show_epochs(progress, clock, seconds, n_epochs, val_loss=math.nan):
    history = History()
    for _ in range(n_epochs):
        clock[0] += seconds
        progress.stretch(history.n_iter + 1, 0.5, 0.9)
        history.add_epoch(loss=0.5, val_loss=val_loss, learning_rate=1e-3, grad_norm=1.0, seconds=1.0, n_steps=1)
        progress.epoch(history)
    progress.close()


def test_nothing_is_written_to_a_terminal_unless_asked(clock, terminal):
    show_epochs(Progress(0, 3), clock, 1.0, 3)
    assert terminal.getvalue() == ""


def test_nothing_is_written_elsewhere_unless_asked(clock, capsys):
    show_epochs(Progress(0, 3), clock, 1.0, 3)
    assert capsys.readouterr() == ("", "")


def test_without_a_console_nothing_is_written(clock, monkeypatch):
    monkeypatch.setattr(module, "sys", SimpleNamespace(stderr=None))
    show_epochs(Progress(2, 3), clock, 1.0, 3)


def test_off_a_terminal_lines_are_sparse_and_the_last_epoch_has_one(clock, capsys):
    show_epochs(Progress(1, 9), clock, LINE_SECONDS / 2, 6)
    out, err = capsys.readouterr()
    assert out == ""
    # every second epoch is 5 s after the line before, and the sixth is the last
    assert err.splitlines() == [
        "epoch 1/9  loss 0.5  rate 0.001  2.5 s",
        "epoch 3/9  loss 0.5  rate 0.001  7.5 s",
        "epoch 5/9  loss 0.5  rate 0.001  12.5 s",
        "epoch 6/9  loss 0.5  rate 0.001  15.0 s",
    ]


def test_every_epoch_has_a_line_when_asked(clock, capsys):
    show_epochs(Progress(2, 3), clock, 0.01, 3, val_loss=0.25)
    lines = capsys.readouterr().err.splitlines()
    assert [line.split()[1] for line in lines] == ["1/3", "2/3", "3/3"]
    assert all("loss 0.5  validation 0.25  rate 0.001" in line for line in lines)


def test_on_a_terminal_one_line_is_drawn_over_and_over(clock, terminal):
    show_epochs(Progress(1, 2), clock, 2 * REDRAW_SECONDS, 2)
    written = terminal.getvalue()
    assert written.count("\n") == 1
    assert written.endswith("\x1b[K\n")
    drawn = [line.removesuffix("\x1b[K") for line in written.strip().split("\r")]
    # the end of each epoch comes less than REDRAW_SECONDS after its middle, so only the last one is shown
    assert drawn == [
        "#####...............  epoch 1/2  loss 0.9  0.2 s, 1 s left",
        "###############.....  epoch 2/2  loss 0.9  rate 0.001  0.4 s, 0 s left",
        "####################  epoch 2/2  loss 0.5  rate 0.001  0.4 s",
    ]


def test_a_terminal_is_not_redrawn_more_often_than_eyes_can_follow(clock, terminal):
    show_epochs(Progress(1, 100), clock, REDRAW_SECONDS / 10, 100)
    # 100 epochs take 10 redraw intervals: the first draw, ten more, and the last line
    assert 10 <= terminal.getvalue().count("\r") <= 12


def test_a_line_is_cut_to_the_width_of_the_terminal(clock, terminal, monkeypatch):
    monkeypatch.setattr(module.shutil, "get_terminal_size", lambda *_, **__: os.terminal_size((30, 24)))
    show_epochs(Progress(1, 2), clock, 1.0, 1)
    for line in terminal.getvalue().strip("\n").split("\r"):
        assert len(line.removesuffix("\x1b[K")) <= 29


def test_lines_of_epochs_stay_on_a_terminal_when_asked(clock, terminal):
    show_epochs(Progress(2, 3), clock, 1.0, 3)
    assert terminal.getvalue().count("\n") == 3


def test_nothing_to_show_is_no_empty_line(clock, terminal):
    Progress(1, 3).close()
    assert terminal.getvalue() == ""


def test_compiling_is_announced_once(clock, capsys):
    progress = Progress(1, 3)
    progress.compiling()
    progress.compiling()
    show_epochs(progress, clock, 1.0, 1)
    first, *others = capsys.readouterr().err.splitlines()
    assert first == module.COMPILING
    assert len(others) == 1
    assert others[0].startswith("epoch 1/3")  # not held back on account of the line before


def test_compiling_takes_a_line_of_its_own_in_a_terminal(clock, terminal):
    progress = Progress(1, 3)
    progress.stretch(1, 0.1, 0.9)
    progress.compiling()
    show_epochs(progress, clock, 1.0, 3)
    bar, message, *_ = terminal.getvalue().replace("\n", "\r").split("\r")[1:]
    assert "epoch 1/3" in bar
    assert message == f"{module.COMPILING}\x1b[K"
    assert f"{module.COMPILING}\x1b[K\n" in terminal.getvalue()


def test_compiling_is_not_announced_unless_asked(terminal):
    Progress(0, 3).compiling()
    assert terminal.getvalue() == ""


class Notebook(io.StringIO):
    """The stderr of a notebook is of this module."""


Notebook.__module__ = "ipykernel.iostream"


@pytest.fixture
def notebook(monkeypatch):
    """The stderr of a notebook, and its outputs, each a list of what it has shown."""
    stream, outputs = Notebook(), []

    def display(content, *, raw, display_id):
        assert raw
        assert display_id
        outputs.append([content["text/plain"]])
        return SimpleNamespace(update=lambda content, raw, shown=outputs[-1]: shown.append(content["text/plain"]))

    monkeypatch.setattr(module, "sys", SimpleNamespace(stderr=stream))
    monkeypatch.setitem(sys.modules, "IPython.display", SimpleNamespace(display=display))
    return stream, outputs


def test_a_notebook_has_an_output_that_is_updated(clock, notebook):
    stream, outputs = notebook
    progress = Progress(1, 2)
    progress.compiling()
    show_epochs(progress, clock, 2 * REDRAW_SECONDS, 2)
    assert stream.getvalue() == module.COMPILING + "\n"
    [[first, _, last]] = outputs
    assert "left" in first
    assert last.endswith("rate 0.001  0.4 s")


def test_a_notebook_has_lines_where_all_epochs_are_kept(clock, notebook):
    stream, outputs = notebook
    show_epochs(Progress(2, 3), clock, 1.0, 3)
    assert [line.split()[1] for line in stream.getvalue().splitlines()] == ["1/3", "2/3", "3/3"]
    assert outputs == []


def test_a_notebook_keeps_the_end_of_each_search(clock, notebook):
    progress = TrialProgress(1)
    for what in ("windows", "penalties"):
        progress.show(f"trying {what} 1 of 1")
        progress.close(f"1 of {what} tried")
    assert notebook[1] == [
        ["trying windows 1 of 1", "1 of windows tried"],
        ["trying penalties 1 of 1", "1 of penalties tried"],
    ]


def test_what_is_tried_is_one_line_that_the_next_replaces(clock, terminal):
    progress = TrialProgress(1)
    for line in ("trying windows 1 of 2", "trying windows 2 of 2"):
        progress.show(line)
    progress.close("2 windows tried")
    drawn = [line.removesuffix("\x1b[K") for line in terminal.getvalue().rstrip("\n").split("\r")]
    assert drawn == ["", "trying windows 1 of 2", "trying windows 2 of 2", "2 windows tried"]
    assert terminal.getvalue().count("\n") == 1


def test_off_a_terminal_trials_have_few_lines(clock, capsys):
    progress = TrialProgress(1)
    for number in range(6):
        progress.show(f"trying windows {number} of 6")
        clock[0] += LINE_SECONDS / 2
    progress.close("6 windows tried")
    assert [line.split()[2] for line in capsys.readouterr().err.splitlines()] == ["0", "2", "4"]


def test_trials_are_silent_unless_asked(terminal):
    progress = TrialProgress(0)
    progress.show("trying windows 1 of 2")
    progress.close("2 windows tried")
    assert terminal.getvalue() == ""
