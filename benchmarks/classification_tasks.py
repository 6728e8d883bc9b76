"""Tasks for the accuracy of classifiers: data sets of the UCR and UEA archives that aeon ships, with their splits."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

PUBLISHED: dict[str, dict[str, float]] = {
    "GunPoint": {"ROCKET": 1.0, "InceptionTime": 1.0, "HIVE-COTE 2.0": 1.0},
    "ItalyPowerDemand": {"ROCKET": 0.970, "InceptionTime": 0.965, "HIVE-COTE 2.0": 0.970},
    "ArrowHead": {"ROCKET": 0.814, "InceptionTime": 0.846, "HIVE-COTE 2.0": 0.869},
    "OSULeaf": {"ROCKET": 0.941, "InceptionTime": 0.942, "HIVE-COTE 2.0": 0.967},
    "ACSF1": {"ROCKET": 0.886, "InceptionTime": 0.920, "HIVE-COTE 2.0": 0.910},
    "JapaneseVowels": {"InceptionTime": 0.992},
    "BasicMotions": {"InceptionTime": 1.0},
}
"""By data set: accuracies on its test part after training on its training part.

ROCKET: mean of 10 runs, from the result files of its authors (Dempster, Petitjean & Webb 2020). InceptionTime: an
ensemble of 5 networks, from the result files of its authors (Ismail Fawaz et al. 2020). HIVE-COTE 2.0 (Middlehurst et
al. 2021): the first resample, which is the given split, in the result files that aeon ships for its own tests.
"""


@dataclass(frozen=True)
class Task:
    """One data set; its series are (T, C), oldest step first, and may differ in T."""

    name: str
    X_train: Sequence[NDArray[np.float64]]
    y_train: NDArray[Any]
    X_test: Sequence[NDArray[np.float64]]
    y_test: NDArray[Any]
    published: dict[str, float] = field(default_factory=dict)

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Number of steps of each training series."""
        return np.array([len(series) for series in self.X_train])

    def quick(self, n: int = 12) -> Task:
        """Return a task with at most `n` series in each part, and their first 40 steps."""
        parts = []
        for X, y in [(self.X_train, self.y_train), (self.X_test, self.y_test)]:
            few = np.unique(np.linspace(0, len(y) - 1, n).astype(int))  # the archives sort some by class
            parts += [[X[i][:40] for i in few], y[few]]
        return Task(self.name, *parts, self.published)

    def in_words(self) -> str:
        """Return the sizes of the data set."""
        lengths = self.lengths
        steps = f"{lengths[0]}" if np.ptp(lengths) == 0 else f"{lengths.min()} to {lengths.max()}"
        n_channels, n_classes = self.X_train[0].shape[1], len(np.unique(self.y_train))
        return (
            f"{self.name}: {len(self.y_train)} series to train on, {len(self.y_test)} to test on; {steps} steps, "
            f"channels: {n_channels}, classes: {n_classes}"
        )


def archive_tasks() -> dict[str, Task]:
    """Return all data sets.

    Raises
    ------
    ImportError
        If aeon, which has the files, is not installed.
    """
    try:
        load = importlib.import_module("aeon.datasets").load_classification
    except ImportError as error:
        raise ImportError(f"the data sets are files of aeon: python -m pip install aeon ({error})") from error
    return {name: _task(name, load) for name in PUBLISHED}


def _task(name: str, load: Any) -> Task:
    parts = []
    for split in ("train", "test"):
        X, y = load(name, split=split, load_equal_length=False)
        parts += [[np.ascontiguousarray(series.T, np.float64) for series in X], y]
    return Task(name, *parts, PUBLISHED[name])


def resampled(X: Sequence[NDArray[np.float64]], n_steps: int) -> NDArray[np.float64]:
    """Return (n, n_steps, C): each series at n_steps equally spaced times, interpolated linearly."""
    times = np.linspace(0.0, 1.0, n_steps)
    result = np.empty((len(X), n_steps, X[0].shape[1]))
    for i, series in enumerate(X):
        own = np.linspace(0.0, 1.0, len(series))
        for channel in range(series.shape[1]):
            result[i, :, channel] = np.interp(times, own, series[:, channel])
    return result
