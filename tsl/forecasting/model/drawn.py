"""Windows that a replica draws for many rounds at once: copies, so that rounds need none of its series.

The windows of a round depend only on the seed and the numbers of replica and round, not on how many rounds are drawn
at once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from tsl.training import Samples


class Source(Protocol):
    """What a replica draws its windows from."""

    @property
    def total(self) -> float:
        """Weight of the replica relative to others."""

    def draw(self, n: int, random_state: np.random.RandomState) -> NDArray[np.int64]:
        """Return the numbers of n windows, drawn at random."""

    def copied(self, which: NDArray[np.int64]) -> Samples:
        """Return copies of the windows with these numbers."""


@dataclass(frozen=True)
class Drawing:
    """How the replicas draw."""

    read: Callable[[Any], Source | None]
    """Returns what a replica draws from, given its data; None if there are no windows."""
    seed: int
    n_numbers: int
    """Numbers that are copied for a window."""


class Drawn(NamedTuple):
    """The windows that a replica has drawn for some rounds."""

    total: float
    """Weight of the replica relative to others."""
    first: int
    """Number of the first of the rounds."""
    starts: NDArray[np.int64]
    """(n_rounds + 1,) the first window of each round, and the end of the last."""
    samples: Samples
    seeds: list[int]
    """(n_rounds,) for dropout."""

    def of_round(self, number: int) -> tuple[Samples, int]:
        """Return the windows of a round and its seed for dropout."""
        k = number - self.first
        part = slice(self.starts[k], self.starts[k + 1])
        return Samples(self.samples.sequences.part(part), self.samples.targets.part(part)), self.seeds[k]


def draw(data: Any, drawing: Drawing, replica: int, first: int, counts: NDArray[np.int64]) -> Drawn | None:
    """Return what a replica draws for the rounds from `first` on, (n_rounds,) windows each; None if it has none."""
    source = drawing.read(data)
    if source is None:
        return None
    which, seeds = [], []
    for number, n in enumerate(counts.tolist(), first):
        generator = np.random.MT19937(np.random.SeedSequence((drawing.seed, replica, number)))
        random_state = np.random.RandomState(generator)
        which.append(source.draw(n, random_state))
        seeds.append(int(random_state.randint(2**31)))
    starts = np.concatenate([[0], np.cumsum(counts)])
    return Drawn(source.total, first, starts, source.copied(np.concatenate(which)), seeds)


def share_of(drawn: Drawn | None) -> float:
    """Return the weight of a replica, 0 for one without windows."""
    return 0.0 if drawn is None else drawn.total


def in_own_rows(samples: Samples, n_rows: int, n_ahead: int) -> Samples:
    """Return the same windows, each with its `n_rows` rows and `n_ahead` rows of targets as copies."""
    sequences, targets = samples.sequences, samples.targets
    own = np.arange(len(sequences.starts))
    framing = sequences.framing
    if framing is not None:  # rows that a window reads beyond its series count as 0, whatever they are
        bounds = np.clip(framing.bounds - sequences.starts[:, None], 0, n_rows) + n_rows * own[:, None]
        framing = framing._replace(bounds=bounds)
    return Samples(
        sequences._replace(
            rows=_rows_from(sequences.rows, sequences.starts, n_rows), starts=n_rows * own, framing=framing
        ),
        targets._replace(rows=_rows_from(targets.rows, targets.starts, n_ahead), starts=n_ahead * own),
    )


def _rows_from(rows: NDArray[Any], starts: NDArray[np.int64], n: int) -> NDArray[Any]:
    """Return `n` rows from each start on, one after the other; the nearest row stands for those that do not exist."""
    places = np.clip(starts[:, None] + np.arange(n), 0, len(rows) - 1)
    return rows[places.ravel()]
