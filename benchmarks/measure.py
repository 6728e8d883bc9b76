"""Statistics of repeated measurements, and their formatting."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field

import numpy as np

OVER = "(!)"  # marks an impossible share of the limit


@dataclass
class Result:
    """Seconds that one rival takes for one unit of a job."""

    seconds: list[float]
    candidate: str = ""
    candidates: dict[str, float | str] = field(default_factory=dict)
    """Milliseconds of each way of doing the job that was tried, or why it failed."""

    @property
    def median(self) -> float:
        return float(np.median(self.seconds))

    @property
    def quartiles(self) -> tuple[float, float]:
        low, high = np.quantile(self.seconds, [0.25, 0.75])
        return float(low), float(high)

    def as_dict(self) -> dict[str, object]:
        """Return everything to keep in JSON, in milliseconds."""
        low, high = self.quartiles
        numbers = {
            "median_ms": 1e3 * self.median,
            "quartiles_ms": [1e3 * low, 1e3 * high],
            "min_ms": 1e3 * min(self.seconds),
            "max_ms": 1e3 * max(self.seconds),
        }
        kept = asdict(self)
        kept["repetitions"] = len(kept.pop("seconds"))
        return numbers | kept


def timed(function: Callable[[], object]) -> float:
    """Return the seconds that one call takes."""
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def turns(names: list[str], n_turns: int) -> Iterator[str]:
    """Yield each name once per turn, in changing order, so that none always comes after the same one."""
    for turn in range(n_turns):
        first = turn % max(1, len(names))
        yield from names[first:] + names[:first]


def plan_turns(each: dict[str, float], budget: float, turn_seconds: float = 0.25) -> tuple[dict[str, int], int]:
    """Return the number of repetitions of each rival per turn, for about `turn_seconds`, and the number of turns, 3 to
    9.

    `each` has the seconds of one repetition; `budget` is the limit for all turns in seconds.
    """
    counts = {name: max(1, min(1000, round(turn_seconds / max(seconds, 1e-9)))) for name, seconds in each.items()}
    if budget <= 0.0:
        return dict.fromkeys(counts, 1), 2
    round_seconds = sum(counts[name] * seconds for name, seconds in each.items())
    return counts, max(3, min(9, int(budget / max(round_seconds, 1e-9))))


def ratio(peer: Result, own: Result) -> float:
    """Return how many times faster `own` is."""
    return peer.median / own.median


def fastest(results: dict[str, Result], besides: str = "tsl") -> str | None:
    """Return the rival with the smallest median, other than `besides`."""
    peers = {name: result.median for name, result in results.items() if name != besides}
    return min(peers, key=peers.__getitem__) if peers else None


def best_first(results: dict[str, Result]) -> list[tuple[str, Result]]:
    """Return rivals from the fastest to the slowest."""
    return sorted(results.items(), key=lambda named: named[1].median)


def spread(result: Result) -> str:
    """Return the two quartiles in milliseconds."""
    low, high = result.quartiles
    return f"{milliseconds(low)}-{milliseconds(high)}"


def milliseconds(seconds: float) -> str:
    """Format milliseconds with three digits."""
    number = 1e3 * seconds
    return f"{number:.0f}" if number >= 100 else f"{number:.1f}" if number >= 10 else f"{number:.3g}"


def share_in_words(share: float) -> str:
    """Return a share in percent, marked if above 100 %."""
    return f"{100 * share:.0f} %" if share <= 1.0 else f"{100 * share:.1f} % {OVER}"


def table(header: list[str], rows: list[list[str]]) -> str:
    """Format a table: columns as wide as needed, the first one left-aligned, the others right-aligned."""
    cells = [header, *rows]
    widths = [max(len(row[k]) for row in cells) for k in range(len(header))]

    def line(row: list[str]) -> str:
        return "  ".join(cell.ljust(w) if k == 0 else cell.rjust(w) for k, (cell, w) in enumerate(zip(row, widths)))

    return "\n".join([line(header), "  ".join("-" * width for width in widths), *map(line, rows)])
