"""What "auto" stands for.

Chosen on *Macbeth*: trained on the first 80 % of it, judged on the next 10 %.
"""

from __future__ import annotations

from typing import NamedTuple

STREAMS, WINDOWS = 16, 64
UPDATES = 8000  # about 35 seconds on two cores with 256 units
MAX_EPOCHS = 200


class Dropouts(NamedTuple):
    """Shares left out: of outputs, of hidden units on their way to the next step, and of recurrent weights."""

    outputs: float
    recurrent: float
    weights: float


def auto_embedding_size(hidden_sizes: tuple[int, ...]) -> int:
    """Numbers that stand for a character."""
    return 32 if hidden_sizes[0] < 512 else 64


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


def auto_dropouts(epochs: float) -> Dropouts:
    """The more often a text is read, the less may be learned by heart."""
    if epochs < 5:
        return Dropouts(0.1, 0.0, 0.0)
    if epochs < 15:
        return Dropouts(0.1, 0.2, 0.0)
    return Dropouts(0.3, 0.3, 0.0)
