"""The options of the commands ``tsl text train``, ``generate`` and ``score``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from tsl.cli.choices import LABEL_SOURCES, TOKENS, UNKNOWN, completed_from
from tsl.cli.options import Config, Force, Json, Quiet, Seed, show_help_alone

text_app = typer.Typer(help="Train a language model, generate text with it, and score other text.")


@text_app.callback(invoke_without_command=True)
def _options(context: typer.Context) -> None:
    show_help_alone(context)


ModelFile = Annotated[
    Path, typer.Argument(metavar="MODEL", help="A model file from tsl text train; - is standard input.")
]
IgnoreUnknown = Annotated[
    bool, typer.Option("--ignore-unknown", help="Leave out characters that the model does not know.")
]
Label = Annotated[str | None, typer.Option(help="Label of the text, for a model that was trained with labels.")]


@text_app.command("train")
def text_train(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Text files in UTF-8; - is standard input.")],
    out: Annotated[
        Path | None,
        typer.Option(help="File for the model; - is standard output. Default: named after the first text."),
    ] = None,
    minutes: Annotated[float, typer.Option(min=0.001, help="Training time in minutes.")] = 1.0,
    epochs: Annotated[
        int | None, typer.Option(min=1, help="Number of epochs instead of a time; the result is then reproducible.")
    ] = None,
    hidden_size: Annotated[
        list[int] | None,
        typer.Option(min=1, help="Hidden units; repeat for more layers. Default: depends on the training time."),
    ] = None,
    label: Annotated[
        list[str] | None,
        typer.Option(help="Label of a text, such as its author; repeat it for each FILE, in the same order."),
    ] = None,
    label_from: Annotated[
        str | None,
        typer.Option(
            help="Label each text with the name of its file, without the extension, or of its folder: name or folder.",
            autocompletion=completed_from(LABEL_SOURCES),
        ),
    ] = None,
    lowercase: Annotated[bool, typer.Option("--lowercase", help="Convert all text to lower case.")] = False,
    tokens: Annotated[str, typer.Option(help="Tokens: char or byte.", autocompletion=completed_from(TOKENS))] = "char",
    unknown: Annotated[
        str | None,
        typer.Option(
            help="How to treat new characters: error, ignore, replace or grow.", autocompletion=completed_from(UNKNOWN)
        ),
    ] = None,
    validation: Annotated[
        float,
        typer.Option(min=0, max=0.9, help="Fraction of the text, at its end, to hold out for validation; 0: none."),
    ] = 0.1,
    seed: Seed = 0,
    start_from: Annotated[Path | None, typer.Option(help="Model to continue training.")] = None,
    checkpoint: Annotated[
        Path | None, typer.Option(help="Checkpoint file, from which the same command resumes after it was killed.")
    ] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="Any other parameter of LSTMCharModel.")
    ] = None,
    quiet: Quiet = False,
    force: Force = False,
    json: Json = False,
    config: Config = None,
) -> None:
    """Train a language model on text, and save it to a file."""
    from tsl.cli.labels import labels_of_files
    from tsl.cli.text import Budget, Paths, parse_settings, run_train

    parameters: dict[str, Any] = {"early_stopping": validation > 0, "random_state": seed}
    parameters |= {"validation_fraction": validation} if validation else {}
    parameters |= {"hidden_size": tuple(hidden_size)} if hidden_size else {}
    parameters |= {"lowercase": True} if lowercase else {}
    parameters |= {"tokens": tokens} if tokens != "char" else {}
    parameters |= {"unknown": unknown} if unknown else {}
    budget = Budget(None, epochs) if epochs else Budget(60 * minutes, None)
    paths = Paths(files, labels_of_files(files, label or [], label_from), out, start_from, checkpoint, force)
    run_train(paths, budget, parameters | parse_settings(settings or []), quiet=quiet, as_json=json)


@text_app.command("generate")
def text_generate(
    model: ModelFile,
    prompt: Annotated[str, typer.Option(help="Text to continue; - reads it from standard input.")] = "",
    label: Label = None,
    length: Annotated[int, typer.Option(min=0, help="Number of characters to generate.")] = 400,
    temperature: Annotated[
        float | None, typer.Option(min=0, help="0: always the most likely character; 1: as the model predicts. [0.7]")
    ] = None,
    top_k: Annotated[
        int | None, typer.Option(min=1, help="Sample from this many of the most likely characters.")
    ] = None,
    top_p: Annotated[
        float | None,
        typer.Option(min=0, max=1, help="Sample from the most likely characters with this total probability."),
    ] = None,
    min_p: Annotated[
        float | None,
        typer.Option(min=0, max=1, help="Sample from characters at least this likely relative to the most likely."),
    ] = None,
    repetition_penalty: Annotated[
        float | None, typer.Option(min=0, help="Above 1: recent characters become less likely.")
    ] = None,
    beam_width: Annotated[int | None, typer.Option(min=1, help="Beam search instead of sampling.")] = None,
    stop: Annotated[list[str] | None, typer.Option(help="Stop before this text; may be repeated.")] = None,
    forbid: Annotated[str | None, typer.Option(help="Characters not to generate.")] = None,
    samples: Annotated[int, typer.Option(min=1, help="Number of texts to generate.")] = 1,
    seed: Annotated[
        int | None, typer.Option(min=0, max=2**32 - 1, help="Random seed: gives the same text each time.")
    ] = None,
    echo: Annotated[bool, typer.Option("--echo", help="Print the prompt first.")] = False,
    ignore_unknown: IgnoreUnknown = False,
    json: Json = False,
    config: Config = None,
) -> None:
    """Generate text after a prompt, to stdout."""
    from tsl.cli.text import run_generate

    given = {
        "temperature": 0.7 if temperature is None and beam_width is None else temperature,
        "top_k": top_k,
        "top_p": top_p,
        "min_p": min_p,
        "repetition_penalty": repetition_penalty,
        "beam_width": beam_width,
        "stop": stop or None,
        "forbid": forbid,
        "n_samples": samples if samples > 1 else None,
        "random_state": seed,
    }
    options = {"length": length} | {name: value for name, value in given.items() if value is not None}
    run_generate(model, prompt, label, options, echo=echo, ignore_unknown=ignore_unknown, as_json=json)


@text_app.command("score")
def text_score(
    model: ModelFile,
    file: Annotated[Path, typer.Argument(help="A text file in UTF-8; - is standard input.")],
    label: Label = None,
    ignore_unknown: IgnoreUnknown = False,
    adapt: Annotated[
        bool, typer.Option("--adapt", help="Also score while the model learns from the text (dynamic evaluation).")
    ] = False,
    json: Json = False,
    config: Config = None,
) -> None:
    """Print how well a model predicts a text."""
    from tsl.cli.text import run_score

    run_score(model, file, label, ignore_unknown=ignore_unknown, adapt=adapt, as_json=json)
