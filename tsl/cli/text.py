"""The commands ``tsl text train``, ``generate`` and ``score``."""

from __future__ import annotations

import json
import math
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any, NamedTuple

from rich.console import Console
from rich.live import Live
from rich.text import Text

from tsl import LSTMCharModel
from tsl.cli.files import STDIN, STDOUT, check_input, check_outputs, decode, read_bytes, title_of, write_bytes
from tsl.cli.labels import known_label
from tsl.cli.output import notes_in_one_line, write_json
from tsl.persistence import load, save
from tsl.training import History, compile_kernels

FLUSH_SECONDS = 0.02
BAR_WIDTH = 10  # of 80 columns
REPORTS = 6  # permanent lines, each with a sample below it
LEAST_BETWEEN_REPORTS, MOST_BETWEEN_REPORTS = 5.0, 60.0  # seconds
SAMPLE_LENGTH, SAMPLE_TEMPERATURE = 60, 0.6
NOT_SETTABLE = {"callbacks", "verbose", "warm_start"}
VISIBLE = str.maketrans({"\n": "↵", "\t": "⇥", "\r": "␍"})
INTERRUPTED = 130  # the exit status of shells for SIGINT


class Budget(NamedTuple):
    """The training budget: seconds or epochs."""

    seconds: float | None
    epochs: int | None


# --- tsl text train -------------------------------------------------------------------------------------------------


class Paths(NamedTuple):
    """The files of a training run, as given on the command line, and the labels of the texts."""

    texts: list[Path]
    labels: list[str] | None
    out: Path | None
    start_from: Path | None
    checkpoint: Path | None
    force: bool


def run_train(paths: Paths, budget: Budget, parameters: dict[str, Any], *, quiet: bool, as_json: bool) -> None:
    """Train on the files, and save the model; Ctrl-C ends the training and keeps the model."""
    files = paths.texts
    if files.count(STDIN) > 1:
        raise ValueError("only one of the texts can be -")
    out = Path(f"{'model' if files[0] == STDIN else files[0].stem}.tsl") if paths.out is None else paths.out
    if out == STDOUT and as_json:
        raise ValueError("--out must name a file with --json, got '-'")
    check_outputs({"--out": out}, files, force=paths.force)
    texts = [read_input(file) for file in files]
    model = (
        new_model(budget, parameters)
        if paths.start_from is None
        else model_to_continue(paths.start_from, budget, parameters)
    )
    labels: list[Any] | None = paths.labels
    if paths.start_from is not None:
        found = [known_label(model, label) for label in labels or [None] * len(files)]
        labels = None if model.labels_ is None else found
    compile_kernels("float32", 0 if quiet else 1)
    n_characters = sum(map(len, texts))
    if model.early_stopping:
        n_characters = math.ceil(n_characters * (1 - model.validation_fraction))
    report = None if quiet else TrainingReport(model, budget, n_characters)
    with notes_in_one_line(), nullcontext() if report is None else report.shown():
        model.set_params(callbacks=None if report is None else [report])
        model.fit(texts, labels=labels, checkpoint=paths.checkpoint)
    if model.history_.n_iter == 0:
        sys.stderr.write(f"tsl: nothing was learned before Ctrl-C: {out} is not written\n")
        sys.exit(INTERRUPTED)
    save_model(model, out)
    if as_json:
        write_json({"out": str(out)} | training_summary(model.history_, held_out=model.early_stopping))
    else:
        line = f"{title_of(out)}: {summary(model.history_, held_out=model.early_stopping)}\n"
        (sys.stderr if out == STDOUT else sys.stdout).write(line)


def save_model(model: Any, out: Path) -> None:
    """Save a model to a file, or write the file to standard output for ``-``."""
    if out != STDOUT:
        save(model, out)
        return
    with TemporaryDirectory() as folder:
        save(model, Path(folder) / "model.tsl")
        write_bytes(STDOUT, (Path(folder) / "model.tsl").read_bytes())


def new_model(budget: Budget, parameters: dict[str, Any]) -> Any:
    """Return a model with these parameters."""
    return with_parameters(LSTMCharModel(), budget, parameters)


def model_to_continue(path: Path, budget: Budget, parameters: dict[str, Any]) -> Any:
    """Load a model from a file, to continue its training."""
    return with_parameters(load_file(path), budget, parameters).set_params(warm_start=True)


def with_parameters(model: Any, budget: Budget, parameters: dict[str, Any]) -> Any:
    """Set parameters of a model, refusing unknown ones."""
    known = sorted(set(model.get_params()) - NOT_SETTABLE)
    for name in parameters:
        if name not in known:
            raise ValueError(f"--set must name one of {', '.join(known)}, got {name!r}")
    if budget.epochs is not None:
        parameters = {"max_iter": budget.epochs, "max_time": None} | parameters
    else:
        parameters = {"max_time": budget.seconds} | parameters
    return model.set_params(**parameters)


def parse_settings(settings: Iterable[str]) -> dict[str, Any]:
    """Parse ``["dropout=0.3", "solver=adam"]`` to a dict; values are parsed as JSON if possible, else strings."""
    parsed: dict[str, Any] = {}
    for setting in settings:
        name, equals, value = setting.partition("=")
        if not equals:
            raise ValueError(f"--set must have the form NAME=VALUE, got {setting!r}")
        try:
            parsed[name.strip()] = json.loads(value)
        except ValueError:
            parsed[name.strip()] = value
    return parsed


def summary(history: History, *, held_out: bool) -> str:
    """Return the result of the training in one line."""
    found = training_summary(history, held_out=held_out)
    bits = f"{found['bits_per_char_training']:.3f} bits per character in training"
    if "bits_per_char_held_out" in found:
        bits = f"{found['bits_per_char_held_out']:.3f} bits per character held out, {bits}"
    return f"{bits}, text read {history.n_iter} times in {found['seconds']:.0f} s"


def training_summary(history: History, *, held_out: bool) -> dict[str, Any]:
    """Return the result of the training, for the weights that are kept."""
    best = history.best_iter - 1 if held_out and history.best_iter else -1
    found = {"epochs": history.n_iter, "seconds": sum(history.seconds), "stopped_by": history.stopped_by}
    if math.isfinite(history.val_loss[best]):  # not if Ctrl-C was pressed during the first epoch
        found["bits_per_char_held_out"] = history.val_loss[best] / math.log(2)
    return found | {"bits_per_char_training": history.loss[best] / math.log(2)}


def in_bits(nats: float) -> str:
    """Return nats as bits, with three decimals."""
    return f"{nats / math.log(2):.3f}"


class TrainingReport:
    """Progress report on stderr: a live line on a terminal, and permanent lines at intervals.

    Parameters
    ----------
    model : LSTMCharModel
        The model in training.
    budget : Budget
    n_characters : int
        Number of characters per epoch.
    """

    def __init__(self, model: Any, budget: Budget, n_characters: int) -> None:
        self._model = model
        self._budget = budget
        self._n_characters = n_characters
        self._console = Console(stderr=True, highlight=False, soft_wrap=True, markup=False, emoji=False)
        pause = (budget.seconds or math.inf) / REPORTS
        self._pause = min(max(pause, LEAST_BETWEEN_REPORTS), MOST_BETWEEN_REPORTS)
        self._began = self._reported = perf_counter()
        self._first_epoch = 0
        self._numbers, self._speed = "reading the text for the first time", ""

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Show the live line while the context lasts."""
        self._began = self._reported = perf_counter()
        self._console.print(f"reading {self._n_characters:,} characters; Ctrl-C ends the training and keeps the model")
        with Live(get_renderable=self._line, console=self._console, transient=True, refresh_per_second=8):
            yield

    def on_epoch_begin(self, epoch: int, history: History, network: Any) -> None:
        """Record the first epoch: resumed training does not begin at 1."""
        self._first_epoch = self._first_epoch or epoch

    def on_epoch_end(self, epoch: int, history: History, network: Any) -> None:
        """Update the live line, and at intervals print a permanent one with a sample."""
        held_out = "" if math.isnan(history.val_loss[-1]) else f", held out {in_bits(history.val_loss[-1])}"
        if history.n_steps[-1] == max(history.n_steps) and self._elapsed() < (self._budget.seconds or math.inf):
            self._speed = f"  {self._n_characters / history.seconds[-1]:,.0f} char/s"  # only from whole epochs
        self._numbers = f"{in_bits(history.loss[-1])} bits/char{held_out}{self._speed}  epoch {epoch}"
        if perf_counter() - self._reported >= self._pause or epoch == self._first_epoch:
            self._reported = perf_counter()
            labels = self._model.labels_
            label = None if labels is None else labels[epoch % len(labels)]
            options = {"temperature": SAMPLE_TEMPERATURE, "random_state": epoch, "label": label}
            sample = printable(self._model.generate(length=SAMPLE_LENGTH, **options))
            under = "" if label is None else f"{printable(str(label))}: "
            self._console.print(f"{self._elapsed():4.0f} s  {self._numbers}\n        {under}{sample}")

    def _elapsed(self) -> float:
        return perf_counter() - self._began

    def _line(self) -> Text:
        history = getattr(self._model, "history_", None)
        share = 0.0
        if self._budget.seconds is not None:
            share = self._elapsed() / self._budget.seconds
        elif self._budget.epochs and history is not None and self._first_epoch:
            share = (history.n_iter - self._first_epoch + 1) / self._budget.epochs
        filled = math.floor(BAR_WIDTH * min(share, 1.0))
        of = "" if self._budget.seconds is None else f" of {self._budget.seconds:.0f}"
        line = f"{'#' * filled}{'.' * (BAR_WIDTH - filled)}  {self._elapsed():.0f}{of} s  {self._numbers}"
        return Text(line, no_wrap=True, overflow="ellipsis")


def printable(text: str) -> str:
    """Return a text in one line, without control characters."""
    return "".join(c if c.isprintable() else "�" for c in text.translate(VISIBLE))


# --- tsl text generate ----------------------------------------------------------------------------------------------


def run_generate(
    path: Path,
    prompt: str,
    label: str | None,
    options: dict[str, Any],
    *,
    echo: bool,
    ignore_unknown: bool,
    as_json: bool,
) -> None:
    """Generate text after a prompt, and stream it to stdout, or write it as JSON when it is complete."""
    if path == STDIN and prompt == "-":
        raise ValueError("- can be the model or --prompt, but not both")
    model = load_model(path, ignore_unknown=ignore_unknown)
    options = options | {"label": known_label(model, label)}
    prompt = read_input(STDIN) if prompt == "-" else prompt
    if as_json:
        with naming_the_option():
            texts = model.generate(prompt, **options)
        texts = [texts] if isinstance(texts, str) else list(texts)
        write_json({"prompt": prompt, "texts": [prompt * echo + text for text in texts]})
        return
    with naming_the_option(), to_stdout() as write:
        for piece in pieces(model, prompt, options, echo=prompt if echo else ""):
            write(piece)


def pieces(model: Any, prompt: str, options: dict[str, Any], *, echo: str) -> Iterator[str]:
    """Yield one text piece by piece, or several texts, each with its number."""
    if options.get("n_samples", 1) > 1:
        for k, text in enumerate(model.generate(prompt, **options), start=1):
            yield f"--- {k}\n{echo}{text}\n"
        return
    yield echo
    # Beam search knows the best text only at the end.
    yield from [model.generate(prompt, **options)] if "beam_width" in options else model.stream(prompt, **options)
    yield "\n"


@contextmanager
def to_stdout() -> Iterator[Callable[[str], None]]:
    """Yield a function that writes to stdout; exit silently on Ctrl-C or a closed pipe."""
    out = sys.stdout
    if hasattr(out, "reconfigure"):
        out.reconfigure(errors="replace")  # instead of failing at a character that the terminal cannot encode
    flushed = perf_counter()

    def write(text: str) -> None:
        nonlocal flushed
        out.write(text)
        if perf_counter() - flushed >= FLUSH_SECONDS:
            out.flush()
            flushed = perf_counter()

    try:
        yield write
        out.flush()
    except KeyboardInterrupt:
        out.write("\n")
        out.flush()
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        # Otherwise Python would flush the buffer on exit, and fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), out.fileno())
        sys.exit(0)


# --- tsl text score -------------------------------------------------------------------------------------------------


def run_score(path: Path, file: Path, label: str | None, *, ignore_unknown: bool, adapt: bool, as_json: bool) -> None:
    """Print how well the model predicts a text; with `adapt`, also while it keeps learning from it."""
    if path == STDIN == file:
        raise ValueError("- can be the model or the text, but not both")
    model = load_model(path, ignore_unknown=ignore_unknown)
    labels = known_label(model, label)
    text = read_input(file)
    with naming_the_option():
        costs = {"": -model.score(text, labels=labels)}
        if adapt:
            costs["adapted "] = -model.score(text, labels=labels, adapt=True)
    numbers = {}
    for way, nats in costs.items():
        numbers[f"{way}nats per character"] = nats
        numbers[f"{way}bits per character"] = nats / math.log(2)
        numbers[f"{way}perplexity"] = math.exp(nats)
    if as_json:
        write_json({name.replace(" ", "_"): value for name, value in ({"characters": len(text)} | numbers).items()})
        return
    rows = {"characters": f"{len(text)}"} | {name: f"{value:.4f}" for name, value in numbers.items()}
    width = 2 + max(map(len, rows))
    sys.stdout.write("".join(f"{name:{width}}{value}\n" for name, value in rows.items()))


# --- files ----------------------------------------------------------------------------------------------------------


def load_model(path: Path, *, ignore_unknown: bool) -> Any:
    """Load a model that leaves out unknown characters if `ignore_unknown`."""
    model = load_file(path)
    if ignore_unknown:
        model.vocabulary_.set_params(unknown="ignore")
    return model


def load_file(path: Path) -> Any:
    """Load a language model from a file, or from standard input for ``-``."""
    check_input(path)
    if path == STDIN:
        with TemporaryDirectory() as folder:
            copy = Path(folder) / title_of(STDIN)
            copy.write_bytes(read_bytes(STDIN))
            model = load(copy)
    else:
        model = load(path)
    if not isinstance(model, LSTMCharModel):
        raise ValueError(f"{title_of(path)} must be a model from tsl text train, got a {type(model).__name__}")
    return model


@contextmanager
def naming_the_option() -> Iterator[None]:
    """Name the command-line option instead of the parameter in errors about unknown characters."""
    try:
        yield
    except ValueError as error:
        what, found, _ = str(error).partition("; unknown='ignore'")
        raise ValueError(f"{what}; --ignore-unknown leaves such characters out") if found else error from None


def read_input(file: Path) -> str:
    """Read a file or stdin as UTF-8, without a byte order mark and with line feeds only."""
    text = decode(read_bytes(file), title_of(file))
    if not text:
        raise ValueError(f"{title_of(file)} is empty")
    return text.replace("\r\n", "\n").replace("\r", "\n")
