"""What "auto" stands for.

Chosen by training on the first eight tenths of *Macbeth* and judging by the next one, and on the part of tiny
Shakespeare that is to be learnt from: its first nine tenths, judged by the next twentieth.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np


class Dropouts(NamedTuple):
    """Shares left out: of outputs, of hidden units on their way to the next step, and of recurrent weights."""

    outputs: float
    recurrent: float
    weights: float


STREAMS, WINDOWS = 16, 64
UPDATES = 8000  # about 35 seconds on two cores with 256 units
MAX_EPOCHS = 200
EPOCHS = (2, 8, 30, 80, 250)
AT_EPOCHS = (
    Dropouts(0.0, 0.0, 0.0),
    Dropouts(0.0, 0.0, 0.15),
    Dropouts(0.25, 0.2, 0.1),
    Dropouts(0.4, 0.3, 0.15),
    Dropouts(0.45, 0.35, 0.2),
)
"""What was best for as many passes over a text with 256 units; in between it goes by the logarithm of their number."""
WIDTH_POWER, MOST_DROPPED = 0.4, 0.7

SECONDS_OF_256 = 30.0  # after which fewer units would have learnt less
SECONDS_OF_TWO, SHARE_OF_TWO = 90.0, 0.65  # two layers of so many units each take about as long as one
MOST_OF_TWO = 384  # 512 had learnt less of a megabyte after 600 seconds than 384 after 300


def auto_hidden_sizes(max_time: float | None) -> tuple[int, ...]:
    """Units that are worth their time: twice as many for eight times as much of it."""
    if max_time is None:
        return (256,)
    units = 256 * (max_time / SECONDS_OF_256) ** (1 / 3)
    if max_time < SECONDS_OF_TWO:
        return (max(64, 64 * round(units / 64)),)
    return (min(MOST_OF_TWO, 32 * round(SHARE_OF_TWO * units / 32)),) * 2


def auto_embedding_size(hidden_sizes: tuple[int, ...]) -> int:
    """Numbers that stand for a character: many make it harder to learn a text by heart, and cost little."""
    return max(8, hidden_sizes[0] // 2)


def auto_batch_size(windowed: bool) -> int:
    """Streams, or windows, side by side."""
    return WINDOWS if windowed else STREAMS


def auto_learning_rate(windowed: bool, hidden_sizes: tuple[int, ...]) -> float:
    """The wider the network, the shorter the steps that it bears."""
    return 1e-3 if windowed else 1.5e-2 * min(1.0, 256 / max(hidden_sizes))


def auto_alpha(solver: str) -> float:
    """What is a mild decay for AdamW would be an overwhelming penalty for the others."""
    return 0.1 if solver == "adamw" else 0.0


def auto_max_iter(steps_per_epoch: int) -> int:
    """Epochs that make about `UPDATES` steps."""
    return max(1, min(MAX_EPOCHS, round(UPDATES / steps_per_epoch)))


def auto_dropouts(epochs: float, hidden_sizes: tuple[int, ...]) -> Dropouts:
    """The more often a text is read, and the more units there are, the less may be learned by heart."""
    place, width = math.log(max(epochs, EPOCHS[0])), (max(hidden_sizes) / 256) ** WIDTH_POWER
    shares = (np.interp(place, np.log(EPOCHS), known) for known in zip(*AT_EPOCHS, strict=True))
    return Dropouts(*(min(MOST_DROPPED, float(width * share)) for share in shares))
