"""`tsl text train`, `generate` and `score`."""

import math
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import command_line
import numpy as np
import pytest
from numpy.testing import assert_array_equal

pytest.importorskip("typer", reason="the command line is an extra")

from typer.testing import CliRunner

from tsl import LSTMCharModel, cli
from tsl.cli import text as text_cli
from tsl.cli.app import app
from tsl.network import Network
from tsl.persistence import load, save

PLAY = "FIRST WITCH.\nWhen shall we three meet again?\nIn thunder, lightning, or in rain?\n\n" * 12
SMALL = ["--hidden-size", "8", "--epochs", "2"]


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


def run(*arguments, stdin=None):
    """What a command that succeeds writes to stdout."""
    return command_line.run("text", *arguments, stdin=stdin)


def fails(*arguments, code=2):
    """The one line with which a command fails."""
    return command_line.fails("text", *arguments, code=code)


# --- train ------------------------------------------------------------------------------------------------------------


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


# --- labels -----------------------------------------------------------------------------------------------------------


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


# --- generate ---------------------------------------------------------------------------------------------------------


def test_generate_writes_what_the_model_writes(model, saved):
    expected = model.generate("When ", 50, temperature=0.7, random_state=1)
    assert run("generate", saved, "--prompt", "When ", "--length", 50, "--seed", 1) == f"{expected}\n"
    said = run("generate", saved, "--prompt", "-", "--length", 50, "--seed", 1, "--echo", stdin="When ")
    assert said == f"When {expected}\n"


@pytest.mark.parametrize(
    ("arguments", "options"),
    [
        (["--temperature", 0], {"temperature": 0}),
        (["--top-k", 3], {"top_k": 3}),
        (["--top-p", 0.5], {"top_p": 0.5}),
        (["--min-p", 0.2], {"min_p": 0.2}),
        (["--repetition-penalty", 1.3], {"repetition_penalty": 1.3}),
        (["--stop", "\n", "--stop", "ghi"], {"stop": ["\n", "ghi"]}),
        (["--forbid", "eW"], {"forbid": "eW"}),
    ],
    ids=lambda value: str(value[0]) if isinstance(value, list) else "",
)
def test_generate_hands_its_options_on(model, saved, arguments, options):
    expected = model.generate("When ", 80, random_state=1, **({"temperature": 0.7} | options))
    assert run("generate", saved, "--prompt", "When ", "--length", 80, "--seed", 1, *arguments) == f"{expected}\n"


def test_generate_searches_with_beams(model, saved):
    expected = model.generate("When ", 20, beam_width=3)
    assert run("generate", saved, "--prompt", "When ", "--length", 20, "--beam-width", 3) == f"{expected}\n"


def test_generate_writes_several_texts_under_their_numbers(model, saved):
    one, two = model.generate("When ", 20, temperature=0.7, n_samples=2, random_state=1)
    found = run("generate", saved, "--prompt", "When ", "--length", 20, "--samples", 2, "--seed", 1, "--echo")
    assert found == f"--- 1\nWhen {one}\n--- 2\nWhen {two}\n"


def test_generate_and_score_say_what_to_do_about_unknown_characters(model, saved):
    message = fails("generate", saved, "--prompt", "Wheñ")
    assert message.endswith("'ñ' at position 3; --ignore-unknown leaves such characters out")
    expected = model.generate("Whe", 9, temperature=0.7, random_state=1)
    arguments = ["generate", saved, "--length", 9, "--seed", 1]
    assert run(*arguments, "--prompt", "Wheñ", "--ignore-unknown") == f"{expected}\n"
    Path("new.txt").write_text("Wheñ shall we", encoding="utf-8")
    assert "--ignore-unknown" in fails("score", saved, "new.txt")
    assert "perplexity" in run("score", saved, "new.txt", "--ignore-unknown")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--top-p", 0], "tsl: top_p must be"),
        (["--repetition-penalty", 0], "tsl: repetition_penalty must be"),
        (["--beam-width", 2, "--temperature", 0.5], "tsl: .*beam_width"),
        (["--forbid", "".join(sorted(set(PLAY)))], "tsl: .*forbid"),
        (["--stop", ""], "tsl: .*stop"),
    ],
    ids=lambda value: str(value[0]) if isinstance(value, list) else "",
)
def test_wrong_options_of_generate_are_one_line(saved, arguments, message):
    assert re.match(message, fails("generate", saved, *arguments))


@pytest.mark.parametrize("arguments", [["--temperature", "nan"], ["--length", "-1"], ["--top-k", "0"]])
def test_numbers_out_of_range_are_refused(saved, arguments):
    found = CliRunner().invoke(app, ["text", "generate", saved, *arguments])
    assert found.exit_code != 0
    assert found.stdout == ""


def test_a_file_that_is_no_model_is_refused(play):
    assert "play.txt is not a tsl file" in fails("generate", play)
    assert "play.txt is not a tsl file" in fails("score", play, play)


def endless(saved):
    """A process that writes far more than a test has time for."""
    script = "from tsl.cli import main; main()"
    return subprocess.Popen(
        [sys.executable, "-c", script, "text", "generate", saved, "--length", "1000000000"],
        env={**os.environ, "PYTHONPATH": str(Path(cli.__file__).parents[2])},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


@pytest.mark.skipif(os.name != "posix", reason="signals as POSIX has them")
def test_text_comes_as_it_is_written_until_ctrl_c_ends_it_without_a_word(saved):
    process = endless(saved)
    assert len(process.stdout.read(2000)) == 2000  # all of it would take hours
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (130, b"")
    assert out.endswith(b"\n")


def test_a_closed_pipe_ends_writing_without_a_word(saved):
    process = endless(saved)
    assert len(process.stdout.read(10)) == 10  # as `head -c 10` does
    process.stdout.close()
    assert process.wait(timeout=60) == 0
    assert process.stderr.read() == b""
    process.stderr.close()


# --- score ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["file", "stdin"])
def test_score_prints_the_mean_cost_of_a_character(model, saved, play, way):
    stdin = PLAY if way == "stdin" else None
    found = dict(line.rsplit(None, 1) for line in run("score", saved, "-" if stdin else play, stdin=stdin).splitlines())
    nats = -model.score(PLAY)
    assert found == {
        "characters": str(len(PLAY)),
        "nats per character": f"{nats:.4f}",
        "bits per character": f"{model.bits_per_char(PLAY):.4f}",
        "perplexity": f"{np.exp(nats):.4f}",
    }


def test_score_while_learning_from_the_text(model, saved, play):
    lines = run("score", saved, play, "--adapt").splitlines()
    found = dict(line.rsplit(None, 1) for line in lines)
    nats = -model.score(PLAY, adapt=True)
    assert found["nats per character"] == f"{-model.score(PLAY):.4f}"
    assert found["adapted nats per character"] == f"{nats:.4f}"
    assert found["adapted bits per character"] == f"{nats / np.log(2):.4f}"
    assert found["adapted perplexity"] == f"{np.exp(nats):.4f}"
    assert len({len(line) for line in lines[1:3]}) == 1


def test_score_of_nothing_is_refused(saved):
    Path("empty.txt").touch()
    assert fails("score", saved, "empty.txt") == "tsl: empty.txt is empty"
