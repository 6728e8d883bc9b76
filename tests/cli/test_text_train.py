"""`tsl text train`."""

import math
import re
from pathlib import Path

import command_line
import pytest
from numpy.testing import assert_array_equal
from text_commands import PLAY, SMALL, fails, run

pytest.importorskip("typer", reason="the command line is an extra")

from typer.testing import CliRunner

from tsl import LSTMCharModel
from tsl.cli import text as text_cli
from tsl.cli.app import app
from tsl.network import Network
from tsl.persistence import load


def test_train_keeps_the_model_that_python_would_train(play):
    said = run("train", play, *SMALL, "--seed", 3, "--lowercase", "--set", "dropout=0.2", "--set", "solver=adam")
    options = {"dropout": 0.2, "solver": "adam", "lowercase": True, "early_stopping": True, "validation_fraction": 0.1}
    expected = LSTMCharModel(hidden_size=(8,), max_iter=2, random_state=3, **options).fit([PLAY])
    loaded = load("play.tsl")  # named after the text
    assert_array_equal(loaded.surprisal(PLAY), expected.surprisal(PLAY))
    bits = min(expected.history_.val_loss) / math.log(2)
    assert said.startswith(f"play.tsl: {bits:.3f} bits per character held out, ")
    assert "text read 2 times" in said


def test_train_reads_several_files_and_learns_without_judging(play):
    Path("other.txt").write_text("Double, double toil and trouble; " * 20, encoding="utf-8")
    said = run("train", play, "other.txt", *SMALL, "--validation", 0, "--out", "both.tsl", "--quiet")
    assert re.match(r"both\.tsl: \d\.\d{3} bits per character in training, text read 2 times", said)
    expected = LSTMCharModel(hidden_size=(8,), max_iter=2, random_state=0)
    expected.fit([PLAY, Path("other.txt").read_text(encoding="utf-8")])
    assert_array_equal(load("both.tsl").network_.params, expected.network_.params)


def test_train_reads_standard_input_without_mark_and_carriage_returns(play):
    stdin = b"\xef\xbb\xbf" + PLAY.replace("\n", "\r\n").encode()
    run("train", "-", *SMALL, "--quiet", stdin=stdin)
    run("train", play, *SMALL, "--quiet")
    assert_array_equal(load("model.tsl").network_.params, load("play.tsl").network_.params)


def test_train_goes_on_with_a_model(play):
    run("train", play, *SMALL, "--quiet")
    expected = load("play.tsl").set_params(warm_start=True, max_iter=3).fit([PLAY])
    run("train", play, "--start-from", "play.tsl", "--epochs", 3, "--out", "more.tsl", "--quiet")
    more = load("more.tsl")
    assert more.history_.n_iter == 5
    assert_array_equal(more.network_.params, expected.network_.params)


def test_train_goes_on_from_a_checkpoint(play):
    first = run("train", play, *SMALL, "--checkpoint", "play-fit.tsl", "--quiet")
    expected = load("play.tsl")
    again = run("train", play, *SMALL, "--checkpoint", "play-fit.tsl", "--force")
    assert again == first  # with the seconds that it took then
    assert_array_equal(load("play.tsl").network_.params, expected.network_.params)
    wrong = ("train", play, *SMALL, "--seed", 1, "--checkpoint", "play-fit.tsl", "--force", "--quiet")
    assert "belongs to another fit" in fails(*wrong)


def test_train_in_bytes_needs_no_alphabet(play):
    run("train", play, *SMALL, "--tokens", "byte")
    assert load("play.tsl").vocabulary_.tokens == "byte"
    assert "perplexity" in run("score", "play.tsl", "-", stdin="Çà et là\n")
    assert len(run("generate", "play.tsl", "--prompt", "Çà", "--length", 30)) == 30 + len("\n")


def test_train_shows_how_it_gets_on_unless_quiet(play):
    arguments = ["text", "train", play, "--hidden-size", "8", "--minutes", "0.02"]
    found = CliRunner().invoke(app, arguments, catch_exceptions=False)
    shown = found.stderr.splitlines()
    n = math.ceil(0.9 * len(PLAY))
    assert f"reading {n:,} characters; Ctrl-C ends the training and keeps the model" in shown
    first = re.compile(r" +\d+ s  \d\.\d{3} bits/char, held out \d\.\d{3}  [\d,]+ char/s  epoch 1")
    place = next(k for k, line in enumerate(shown) if first.fullmatch(line))
    assert re.fullmatch(" {8}.{60}", shown[place + 1])
    assert max(len(line) for line in shown) < 80  # so that nothing is wrapped
    assert "\x1b" not in found.stderr  # nothing is redrawn in a pipe
    assert CliRunner().invoke(app, [*arguments, "--quiet"]).stderr == ""


@pytest.mark.parametrize("budget", [["--minutes", "0.02"], ["--epochs", "400"]])
def test_train_redraws_a_line_on_a_terminal(play, budget, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")  # rich then takes everything for a terminal
    monkeypatch.setenv("TERM", "xterm")
    found = CliRunner().invoke(app, ["text", "train", play, "--hidden-size", "8", *budget], catch_exceptions=False)
    assert re.search(r"#+\.*  \d+( of 1)? s  \d\.\d{3} bits/char, held out ", found.stderr)
    # what stands on a line when it ends: nothing before the last return to its start counts
    lines = [re.split(r"\r|\x1b\[2K|\x1b\[\?25l", line)[-1] for line in found.stderr.replace("\r\n", "\n").split("\n")]
    assert any(re.fullmatch(r" +\d+ s .*epoch 1", line) for line in lines), lines


def test_samples_on_a_terminal_have_no_control_characters():
    assert text_cli.printable("one\n\ttwo\x1b[2J\a") == "one↵⇥two�[2J�"


@pytest.mark.filterwarnings("always")  # as the command runs
def test_ctrl_c_in_training_keeps_the_best_model_so_far(play, monkeypatch):
    on_epoch_end = text_cli.TrainingReport.on_epoch_end

    def interrupt(self, epoch, history, network):
        on_epoch_end(self, epoch, history, network)
        if epoch == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(text_cli.TrainingReport, "on_epoch_end", interrupt)
    found = CliRunner().invoke(app, ["text", "train", play, "--hidden-size", "8", "--epochs", "50"])
    assert found.exit_code == 0, found.output
    assert "tsl: note: training was interrupted in epoch 3: it has ended, with the weights" in found.stderr
    kept = load("play.tsl")
    assert kept.history_.stopped_by == "interrupt"
    assert f"{min(kept.history_.val_loss) / math.log(2):.3f} bits per character held out" in found.stdout


@pytest.fixture
def interrupted(monkeypatch):
    """Ctrl-C in the training of the small network, after so many stretches of steps as are appended."""
    train_steps = Network.train_steps
    left = []

    def steps(self, *arguments, **options):
        if self.architecture.hidden_sizes == (8,):
            if left[0] == 0:
                raise KeyboardInterrupt
            left[0] -= 1
        return train_steps(self, *arguments, **options)

    monkeypatch.setattr(Network, "train_steps", steps)
    return left


@pytest.mark.filterwarnings("always")
def test_ctrl_c_before_the_first_epoch_is_over_keeps_what_there_is(play, interrupted):
    interrupted.append(1)  # of several: the first one is a single step, to see how long that takes
    found = CliRunner().invoke(app, ["text", "train", play, *SMALL, "--set", "sequence_length=4"])
    assert found.exit_code == 0, found.output
    assert re.match(r"play\.tsl: \d\.\d{3} bits per character in training, text read 1 times", found.stdout)
    assert load("play.tsl").history_.stopped_by == "interrupt"


@pytest.mark.filterwarnings("always")
def test_ctrl_c_before_anything_is_learned_writes_nothing(play, interrupted):
    interrupted.append(0)
    code, out, err = command_line.ended("text", "train", play, *SMALL, "--quiet")
    assert (code, out) == (130, "")
    assert err.splitlines()[-1] == "tsl: nothing was learned before Ctrl-C: play.tsl is not written"
    assert not Path("play.tsl").exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "tsl: bad.txt is empty"),
        (b"\xef\xbb\xbf", "tsl: bad.txt is empty"),
        ("Café".encode("latin-1"), "tsl: bad.txt is not UTF-8: byte 0xe9 at position 3; convert it first, .*iconv"),
        (b"\xff\xfe\x4d\x00\x61", "tsl: bad.txt is not UTF-8: byte 0x61 at position"),
        (b"x", "tsl: validation_fraction=0.1 leaves 0 of 1 characters of text to train on"),
    ],
    ids=["empty", "mark alone", "latin-1", "utf-16", "one character"],
)
def test_texts_that_cannot_be_learned_are_refused(play, content, message):
    Path("bad.txt").write_bytes(content)
    assert re.match(message, fails("train", "bad.txt", *SMALL, "--quiet"))
    assert not Path("bad.tsl").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--out", "play.txt", "--force"], "tsl: play.txt is the input file: name another file with --out"),
        (["--out", "nowhere/play.tsl"], "tsl: there is no folder nowhere to write play.tsl to"),
        (["--out", "."], "tsl: . is a folder: name another file with --out"),
        (["--set", "colour=red"], "tsl: --set must name one of alpha, .*, windowed, got 'colour'"),
        (["--set", "callbacks=[]"], "tsl: --set must name one of .* got 'callbacks'"),
        (["--set", "dropout"], "tsl: --set must have the form NAME=VALUE, got 'dropout'"),
        (["--set", "dropout=2"], "tsl: The 'dropout' parameter of LSTMCharModel must be"),
        (["--tokens", "word"], "tsl: The 'tokens' parameter of LSTMCharModel must be"),
        (["--start-from", "play.txt"], "tsl: play.txt is not a tsl file"),
        (["--start-from", "none.tsl"], "tsl: .*none.tsl"),
    ],
    ids=" ".join,
)
def test_wrong_options_of_train_are_refused_before_it_begins(play, arguments, message):
    assert re.match(message, fails("train", play, *SMALL, "--quiet", *arguments))
    assert [path.name for path in Path().iterdir()] == ["play.txt"]


def test_a_missing_text_is_named(play):
    assert "none.txt" in fails("train", "none.txt")
