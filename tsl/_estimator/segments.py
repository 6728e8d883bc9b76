"""The choice of the number of steps that a classifier reads at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax

from tsl._estimator.data import TrainingData
from tsl.training import TrialProgress

# Cross-validated on the training sets of the UCR and UEA archives that the page on the classifier names: 16 to 48
# segments do equally well on most, 64 a little worse, and single steps much worse; aligned windows want fewer.
MOST_SEGMENTS = 32
FEWER_SEGMENTS = (16, 8, 4, 2)
MARGIN = 0.9  # fewer segments need a loss below this share of that with the most: the loss of few windows is noisy
FOLDS = 3
MOST_WINDOWS = 1000  # in the trials, which bounds their time
TEMPERATURES = 2.0 ** np.arange(-1.0, 3.5, 0.5)

Scores = Callable[[int, TrainingData, TrainingData], NDArray[Any]]


def usual_segment(n_steps: int) -> int:
    """Return how many steps to read at a time, for windows of up to `n_steps`, if no trials are made."""
    return -(-n_steps // MOST_SEGMENTS)


def chosen_segment(data: TrainingData, scores: Scores, random_state: int, verbose: int) -> int:
    """Return how many steps to read at a time: several numbers of segments are tried, and the lowest loss wins.

    The loss is the cross-entropy on held-out folds, with all scores divided by the temperature that minimises it, so
    that overconfidence is not penalised.

    Parameters
    ----------
    data : TrainingData
        With class codes as targets.
    scores : callable
        ``scores(segment, training, held_out)``: outputs (n, n_classes) for held-out data after training with segments
        of this length.
    random_state : int
    verbose : int
        1 reports the trials on stderr.
    """
    n_steps = int(data.windows.lengths.max())
    usual = usual_segment(n_steps)
    if usual == 1 or np.unique(data.targets, return_counts=True)[1].min() < FOLDS:
        return usual
    data = data.part(np.unique(np.linspace(0, len(data.targets) - 1, MOST_WINDOWS).astype(np.int64)))
    fold, progress = folds(data, np.random.RandomState(random_state)), TrialProgress(verbose)
    segments = [-(-n_steps // n_segments) for n_segments in (MOST_SEGMENTS, *FEWER_SEGMENTS)]
    losses = []
    for number, segment in enumerate(segments, 1):
        progress.show(f"trying numbers of segments, {number} of {len(segments)}")
        parts = [(fold != k, fold == k) for k in range(FOLDS)]
        found = [scores(segment, data.part(fitted), data.part(held_out)) for fitted, held_out in parts]
        held_out = np.concatenate([np.flatnonzero(held_out) for _, held_out in parts])
        losses.append(calibrated_loss(np.concatenate(found), data.part(held_out)))
    best = int(np.argmin(losses))
    best = best if losses[best] < MARGIN * losses[0] else 0
    progress.close(f"windows are read in segments of {segments[best]} steps")
    return segments[best]


def calibrated_loss(scores: NDArray[Any], data: TrainingData) -> float:
    """Return the weighted mean cross-entropy of the softmax of scores (n, n_classes) at the best temperature."""
    losses = []
    for temperature in TEMPERATURES:
        logarithms = log_softmax(scores.astype(np.float64) / temperature, axis=1)
        of_truth = np.take_along_axis(logarithms, data.targets[:, None], axis=1)[:, 0]
        losses.append(-np.average(of_truth, weights=data.weights))
    return float(min(losses))


def folds(data: TrainingData, random_state: np.random.RandomState) -> NDArray[np.int64]:
    """Return the fold (n,) of each window; folds are stratified and random.

    Windows that overlap come from one series: a fold then has consecutive windows of each class.
    """
    overlap = data.windows.lengths.sum() > len(data.windows.rows)
    fold = np.empty(len(data.targets), np.int64)
    for code in np.unique(data.targets):
        own = np.flatnonzero(data.targets == code)
        order = own if overlap else random_state.permutation(own)
        fold[order] = np.arange(len(own)) * FOLDS // len(own)
    return fold
