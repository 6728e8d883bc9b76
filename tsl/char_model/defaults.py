"""The values behind "auto".

They were chosen on held-out data: by training on the first eight tenths of *Macbeth* and scoring the next tenth, and by
training on the first nine tenths of tiny Shakespeare and scoring the next twentieth.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np


class Dropouts(NamedTuple):
    """Dropout rates: of outputs, of hidden units on their way to the next step, and of recurrent weights."""

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
"""The best rates for each of `EPOCHS` with 256 units; interpolated in the logarithm of the number of epochs."""
# Rates grow with this power of the number of units, up to this maximum.
WIDTH_POWER, MOST_DROPPED = 0.4, 0.7

SECONDS_OF_256 = 30.0  # with more time, fewer units reach a higher loss
SECONDS_OF_TWO, SHARE_OF_TWO = 90.0, 0.65  # two layers of this share of the units each take about as long as one
MOST_OF_TWO = 384  # on a megabyte of text, 512 units after 600 seconds had a higher loss than 384 after 300


def auto_hidden_sizes(max_time: float | None) -> tuple[int, ...]:
    """Return the units of each layer: twice as many for eight times as much time."""
    if max_time is None:
        return (256,)
    units = 256 * (max_time / SECONDS_OF_256) ** (1 / 3)
    if max_time < SECONDS_OF_TWO:
        return (max(64, 64 * round(units / 64)),)
    return (min(MOST_OF_TWO, 32 * round(SHARE_OF_TWO * units / 32)),) * 2


def auto_embedding_size(hidden_sizes: tuple[int, ...]) -> int:
    """Return the size of the embedding; large ones overfit less and cost little time."""
    return max(8, hidden_sizes[0] // 2)


def auto_batch_size(windowed: bool) -> int:
    """Return the number of streams, or of windows, in a batch."""
    return WINDOWS if windowed else STREAMS


def auto_learning_rate(windowed: bool, hidden_sizes: tuple[int, ...]) -> float:
    """Return the highest learning rate; wide networks need a lower one."""
    return 1e-3 if windowed else 1.5e-2 * min(1.0, 256 / max(hidden_sizes))


def auto_alpha(solver: str) -> float:
    """Return the weight decay; 0.1 is mild when decoupled, and far too much as an L2 penalty."""
    return 0.1 if solver == "adamw" else 0.0


def auto_max_iter(steps_per_epoch: int) -> int:
    """Return the number of epochs that gives about `UPDATES` steps."""
    return max(1, min(MAX_EPOCHS, round(UPDATES / steps_per_epoch)))


def auto_dropouts(epochs: float, hidden_sizes: tuple[int, ...]) -> Dropouts:
    """Return the dropout rates; many epochs and many units overfit without them."""
    log_epochs, factor = math.log(max(epochs, EPOCHS[0])), (max(hidden_sizes) / 256) ** WIDTH_POWER
    rates = (np.interp(log_epochs, np.log(EPOCHS), known) for known in zip(*AT_EPOCHS, strict=True))
    return Dropouts(*(min(MOST_DROPPED, float(factor * rate)) for rate in rates))
