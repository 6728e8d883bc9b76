"""How many steps of a window a classifier reads at once, where that is for it to choose."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from tsl._estimator.data import TrainingData
from tsl.training import TrialProgress

# Cross-validated on the training sets of the UCR and UEA archives that the page on the classifier names: 16 to 48
# segments do equally well on most, 64 a little worse, and single steps much worse; aligned windows want fewer.
MOST_SEGMENTS = 32
FEWER_SEGMENTS = (16, 8, 4, 2)
FOLDS = 3
MOST_WINDOWS = 1000  # that are tried with, so that trials take as long as a few fits at most


def usual_segment(n_steps: int) -> int:
    """Return how many steps to read at once of windows of up to `n_steps` if nothing can be tried."""
    return -(-n_steps // MOST_SEGMENTS)


def chosen_segment(
    data: TrainingData, loss: Callable[[int, TrainingData, TrainingData], float], random_state: int, verbose: int
) -> int:
    """Return how many steps to read at once: of a few numbers of segments, the one with the lowest loss.

    The loss is cross-validated in stratified folds. Fewer segments are tried until twice in a row they are no better.

    Parameters
    ----------
    data : TrainingData
        With codes of classes as targets.
    loss : callable
        ``loss(segment, training, held_out)``: the mean loss on held-out data after training with such segments.
    random_state : int
    verbose : int
        1 shows what is tried on stderr.
    """
    n_steps = int(data.windows.lengths.max())
    usual = usual_segment(n_steps)
    if usual == 1 or np.unique(data.targets, return_counts=True)[1].min() < FOLDS:
        return usual
    data = data.part(np.unique(np.linspace(0, len(data.targets) - 1, MOST_WINDOWS).astype(np.int64)))
    fold, progress = folds(data, np.random.RandomState(random_state)), TrialProgress(verbose)
    best, lowest, n_worse = usual, np.inf, 0
    for n_segments in (MOST_SEGMENTS, *FEWER_SEGMENTS):
        progress.show(f"trying {n_segments} segments")
        segment = -(-n_steps // n_segments)
        total = sum(loss(segment, data.part(fold != k), data.part(fold == k)) for k in range(FOLDS))
        if total < lowest:
            best, lowest, n_worse = segment, total, 0
        else:
            n_worse += 1
        if n_worse == 2:
            break
    progress.close(f"{-(-n_steps // best)} segments of {best} steps chosen by cross-validation")
    return best


def folds(data: TrainingData, random_state: np.random.RandomState) -> NDArray[np.int64]:
    """Return the fold (n,) of each window, a third of each class at random.

    Windows that overlap are of one series: then a fold has those of a class that follow each other.
    """
    overlap = data.windows.lengths.sum() > len(data.windows.rows)
    fold = np.empty(len(data.targets), np.int64)
    for code in np.unique(data.targets):
        own = np.flatnonzero(data.targets == code)
        order = own if overlap else random_state.permutation(own)
        fold[order] = np.arange(len(own)) * FOLDS // len(own)
    return fold
