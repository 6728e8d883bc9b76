"""`tsl text generate` and `score`."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from text_commands import PLAY, fails, run

pytest.importorskip("typer", reason="the command line is an extra")

from typer.testing import CliRunner

from tsl import cli
from tsl.cli.app import app

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
