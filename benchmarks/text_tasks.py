"""Tasks for character models: a text, the end of its training part, a time limit, and the loss to reach."""

from __future__ import annotations

import pathlib
from dataclasses import dataclass, field, replace
from typing import Any

from tsl.datasets import load_macbeth
from tsl.text import read_text

TEST_SHARE = 0.1  # the end of a text
SHAKESPEARE, SHAKESPEARE_TRAIN = "tinyshakespeare.txt", 1_003_854  # the split used for all published figures
CHOSEN: dict[str, Any] = {"hidden_size": (384, 384)}
"""The best settings on the end of the training part of tiny Shakespeare: 1.258 nats after five minutes, compared with
1.273 for one layer of 576 units, and 1.265 after ten minutes for two of 512. They are now the default for this much
time."""
QUICK_SECONDS, QUICK_CHARACTERS = 0.2, 4000


@dataclass(frozen=True)
class Task:
    """One text and one time limit for learning it."""

    name: str
    train: str
    test: str
    """Never used for training or for choosing anything."""
    seconds: float
    settings: dict[str, Any] = field(default_factory=dict)
    """Parameters of the model besides `max_time`: none, except for the task whose settings were chosen."""
    must: float | None = None
    """Nats per character that must be reached; None for those of the n-gram."""
    goal: float | None = None
    published: dict[str, float] = field(default_factory=dict)
    """Published figures of other models."""
    peer: dict[str, Any] = field(default_factory=dict)
    """Parameters of `benchmarks.peers.torch_text`: its best ones for this text in about this time."""
    n_unseen: int = 0
    """Number of characters left out of `test` because `train` does not contain them."""

    def within(self, seconds: float) -> Task:
        """Return the same text with another time limit."""
        return replace(self, seconds=seconds)


def text_tasks(folder: str | None, *, quick: bool = False) -> dict[str, Task]:
    """Return the tasks whose texts come with the package, and those of the ``.txt`` files in `folder`."""
    tasks = _macbeth()
    if folder is not None:
        for path in sorted(pathlib.Path(folder).glob("*.txt")):
            tasks += _shakespeare(read_text(path)) if path.name == SHAKESPEARE else [_other(path.stem, read_text(path))]
    if quick:
        tasks = [_quick(task) for task in tasks]
    return {task.name: task for task in tasks}


def split(text: str, n_train: int | None = None) -> dict[str, Any]:
    """Return the two parts of a text, as arguments of `Task`."""
    n_train = int((1 - TEST_SHARE) * len(text)) if n_train is None else n_train
    train, test = text[:n_train], text[n_train:]
    known = set(train)
    kept = "".join(character for character in test if character in known)
    return {"train": train, "test": kept, "n_unseen": len(test) - len(kept)}


def lower_case(task: Task) -> Task:
    """Return the same text in lower case, named only after the play."""
    name = f"{task.name.partition(',')[0]} in lower case"
    return replace(task, name=name, train=task.train.lower(), test=task.test.lower())


def _macbeth() -> list[Task]:
    parts = split(load_macbeth())
    return [
        Task(
            "Macbeth, 60 s",
            **parts,
            seconds=60,
            must=1.52,
            goal=1.48,
            published={"PyTorch prototype, one thread": 1.495},
            peer={"dropout": 0.4, "weight_dropout": 0.2},
        ),
        Task(
            "Macbeth, 180 s",
            **parts,
            seconds=180,
            must=1.45,
            goal=1.41,
            published={"PyTorch prototype, one thread": 1.439},
            peer={"hidden_size": 384, "dropout": 0.5, "weight_dropout": 0.3},
        ),
    ]


def _shakespeare(text: str) -> list[Task]:
    parts = split(text, min(SHAKESPEARE_TRAIN, len(text) - 1))
    return [
        Task(
            "tiny Shakespeare, 60 s",
            **parts,
            seconds=60,
            must=1.58,
            goal=1.52,
            published={"nanoGPT on a CPU, 180 s": 1.88, "PyTorch prototype, one thread": 1.582},
            peer={"dropout": 0.1},
        ),
        Task(
            "tiny Shakespeare, 600 s, chosen",
            **parts,
            seconds=600,
            settings=CHOSEN,
            must=1.43,
            goal=1.38,
            published={"nanoGPT on a GPU": 1.4697, "PyTorch prototype, one thread, 480 s": 1.434},
            peer={"hidden_size": 512, "embedding_size": 64, "dropout": 0.25, "sequence_length": 64},
        ),
    ]


def _other(name: str, text: str) -> Task:
    return Task(f"{name}, 60 s", **split(text), seconds=60, peer={"dropout": 0.25})


def _quick(task: Task) -> Task:
    n_test = max(1, int(TEST_SHARE * QUICK_CHARACTERS))
    parts = split(task.train[: QUICK_CHARACTERS - n_test] + task.test[:n_test])
    settings = dict.fromkeys(("hidden_size", "embedding_size"), 8)
    return replace(
        task,
        **parts,
        seconds=QUICK_SECONDS,
        settings={"hidden_size": 8},
        peer=task.peer | settings,
    )
