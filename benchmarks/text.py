"""Character models: loss after a given time, time to reach a given loss, and speed of generation."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from benchmarks.bench import Bench
from benchmarks.fresh import FreshError, call
from benchmarks.measure import Result, timed
from benchmarks.ngram import witten_bell
from benchmarks.text_tasks import Task, lower_case, text_tasks
from tsl import LSTMCharModel
from tsl.text import CharVocabulary

SUMMARY = "nats per character of held-out text, seconds to a given loss, characters per second"

ARTICLE = 2.591  # nats per character of the lower-cased play: the loss of an article's Keras model after 270 s
ARTICLE_SECONDS = (3.0, 1.0)  # must, goal
BUDGETS = tuple(round(0.01 * 1.25**k, 3) for k in range(35))  # seconds, up to 20

UNITS, LENGTH, REPETITIONS = 256, 20_000, 9
RATES = (30_000.0, 100_000.0)  # must, goal
CHOICES: dict[str, dict[str, Any]] = {
    "temperature 1": {},
    "top_k 40, top_p 0.9": {"top_k": 40, "top_p": 0.9},
    "greedy": {"temperature": 0},
}

PEER_SLACK = 300.0  # seconds that a peer may take in addition to its training

Run = dict[str, Any]
Verdict = list[str]


def run(bench: Bench) -> None:
    """Measure both speeds, then every text; compare with the targets."""
    options = bench.options
    if options.data is None:
        bench.say("tiny Shakespeare and other texts are left out: --data DIR names the folder of their .txt files")
    tasks = text_tasks(options.data, quick=options.quick)
    play = tasks["Macbeth, 60 s"]
    cases: dict[str, Callable[[], list[Verdict]]] = {
        f"one stream, {UNITS} units": partial(_write, bench, play.train),
        "Macbeth in lower case, seconds": partial(_reach, bench, lower_case(play)),
        **{name: partial(_learn, bench, task) for name, task in tasks.items()},
    }
    _compile(options.n_threads)
    verdicts = [verdict for case in bench.cases(cases).values() for verdict in case()]
    bench.table("What was to be reached, by the mean over seeds", ["", "is", "must", "goal", "verdict"], verdicts)


def _compile(n_threads: int) -> None:
    """Compile the kernels before time is measured."""
    LSTMCharModel(hidden_size=8, max_time=0.1, n_threads=n_threads).fit("to be or not to be " * 20).generate(length=1)


# --- how well a text is learnt --------------------------------------------------------------------------------------


def _learn(bench: Bench, task: Task) -> list[Verdict]:
    """Train a model for each seed, and other models of the same text."""
    settings = task.settings | {"max_time": task.seconds}
    sizes = f"{len(task.train):,} characters to learn from, {len(task.test):,} held out"
    bench.say(f"\n{task.name}: LSTMCharModel({_in_words(settings)}), {sizes}")
    if task.n_unseen:
        bench.say(f"{task.n_unseen:,} more are not counted, as the part to learn from has none of these characters")
    runs = []
    for seed in _seeds(bench):
        runs.append(learnt(task, seed, bench.options.n_threads))
        numbers = "{nats:.3f} nats, {n_weights:,} weights, {epochs} epochs, {steps:,} steps, {seconds:.1f} s"
        bench.say(f"seed {seed}: {numbers.format(**runs[-1])}")
    methods = {"LSTMCharModel": runs} | _peer(bench, task) | n_gram(task)
    rows = [_row(name, found) for name, found in methods.items()]
    rows += [_row(name, [{"nats": nats}]) for name, nats in task.published.items()]
    bench.table(task.name, ["", "nats", "of seeds", "bits", "epochs", "seconds"], rows)
    bench.record(task.name, settings=settings, methods=methods, published=task.published)
    must = min(run["nats"] for name, found in n_gram(task).items() for run in found) if task.must is None else task.must
    return [_verdict(task.name, _mean(runs, "nats"), must, task.goal, "{:.3f}", -1)]


def learnt(task: Task, seed: int, n_threads: int) -> Run:
    """Return the loss of one model on the held-out text, and the cost of training."""
    model = LSTMCharModel(**task.settings, max_time=task.seconds, random_state=seed, n_threads=n_threads)
    seconds = timed(lambda: model.fit(task.train))
    return {
        "seed": seed,
        "nats": -model.score(task.test),
        "n_weights": int(model.network_.params.size),
        "epochs": model.n_iter_,
        "steps": sum(model.history_.n_steps),
        "seconds": seconds,
    }


def n_gram(task: Task) -> dict[str, list[Run]]:
    """Return the best n-gram model, named after its context: chosen on the held-out text, to its own advantage."""
    vocabulary = CharVocabulary().fit(task.train)
    start = time.perf_counter()
    losses = witten_bell(*(vocabulary.encode(part).astype(np.int64) for part in (task.train, task.test)))
    best = int(np.argmin(losses))
    return {f"n-gram, context {best}": [{"nats": losses[best], "seconds": time.perf_counter() - start}]}


def _peer(bench: Bench, task: Task) -> dict[str, list[Run]]:
    """Return the same kind of model in PyTorch, trained for as many seconds, in its own process."""
    if "torch" not in bench.options.peers:
        return {}
    options = {"rival": "torch", "n_threads": bench.options.n_threads, "timeout": task.seconds + PEER_SLACK}
    where = (bench.options.data, bench.options.quick, task.name)
    try:
        answer = call("benchmarks.peers.torch_text:learnt", *where, bench.options.n_threads, **options)
    except FreshError as error:
        bench.say(f"torch is left out of {task.name}: {error}")
        return {}
    return {f"PyTorch {answer['version']}, threads: {answer['threads']}": [answer]}


# --- how soon, and how fast -------------------------------------------------------------------------------------


def _reach(bench: Bench, task: Task) -> list[Verdict]:
    """Return the smallest `max_time` with which every seed is as good as the article's model, in seconds of `fit`.

    Each try is a separate training run with that budget, as a user would request it: the loss of a longer run at the
    same time tells little, because its learning rate is still high then.
    """
    tries = []
    for budget in BUDGETS[:3] if bench.options.quick else BUDGETS:
        runs = [learnt(task.within(budget), seed, bench.options.n_threads) for seed in _seeds(bench)]
        tries.append({"max_time": budget, "runs": runs})
        bench.say(f"{task.name}, max_time={budget}: {_range(runs, 'nats')} nats after {_range(runs, 'seconds', 2)} s")
        if max(run["nats"] for run in runs) <= ARTICLE:
            break
    bench.record(f"seconds to {ARTICLE} nats", tries=tries)
    reached = max(run["nats"] for run in tries[-1]["runs"]) <= ARTICLE
    seconds = _mean(tries[-1]["runs"], "seconds") if reached else math.inf
    return [_verdict(f"{task.name}, seconds to {ARTICLE} nats (Keras: 270)", seconds, *ARTICLE_SECONDS, "{:.2f}", -1)]


def _write(bench: Bench, text: str) -> list[Verdict]:
    """Return the characters per second of one stream, for each way of choosing them."""
    model = LSTMCharModel(hidden_size=UNITS, max_iter=1, random_state=0, n_threads=bench.options.n_threads).fit(text)
    length, repetitions = (50, 2) if bench.options.quick else (LENGTH, REPETITIONS)
    verdicts, rows = [], []
    for name, choice in CHOICES.items():
        write = partial(model.generate, length=length, random_state=0, **choice)
        write()
        result = Result([timed(write) / length for _ in range(repetitions)], name)
        low, high = result.quartiles
        rows.append([name, f"{1 / result.median:,.0f}", f"{1 / high:,.0f}-{1 / low:,.0f}"])
        bench.record(f"one stream, {UNITS} units, {name}", **result.as_dict())
        verdicts.append(_verdict(f"characters per second, {name}", 1 / result.median, *RATES, "{:,.0f}", 1))
    bench.table(f"Characters per second of one stream, {UNITS} units", ["", "median", "quartiles"], rows)
    return verdicts


# --- in words -------------------------------------------------------------------------------------------------------


def _seeds(bench: Bench) -> range:
    return range(1 if bench.options.quick else bench.options.seeds)


def _mean(runs: list[Run], number: str) -> float:
    return float(np.mean([run[number] for run in runs]))


def _range(runs: list[Run], number: str, digits: int = 3) -> str:
    values = [run[number] for run in runs]
    return f"{min(values):.{digits}f}" + (f"-{max(values):.{digits}f}" if len(values) > 1 else "")


def _row(name: str, runs: list[Run]) -> list[str]:
    nats = _mean(runs, "nats")
    epochs = f"{_mean(runs, 'epochs'):.0f}" if "epochs" in runs[0] else ""
    seconds = f"{_mean(runs, 'seconds'):.1f}" if "seconds" in runs[0] else "published"
    return [name, f"{nats:.3f}", _range(runs, "nats"), f"{nats / math.log(2):.3f}", epochs, seconds]


def _verdict(name: str, value: float, must: float, goal: float | None, form: str, better: int) -> Verdict:
    """Return a row; `better` is 1 if higher is better, and -1 if lower is."""
    if goal is not None and better * value >= better * goal:
        word = "goal reached"
    else:
        word = "reached" if better * value >= better * must else "MISSED"
    return [name, form.format(value), form.format(must), "" if goal is None else form.format(goal), word]


def _in_words(settings: dict[str, Any]) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in settings.items())
