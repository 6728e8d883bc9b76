"""Allowed values of command-line options, in a module that imports quickly, for shell completion."""

from __future__ import annotations

from collections.abc import Callable, Iterable

MODELS = {
    "lstm": ("tsl.forecasting", "LSTMForecaster"),
    "naive": ("tsl.baselines", "Naive"),
    "seasonal-naive": ("tsl.baselines", "SeasonalNaive"),
    "drift": ("tsl.baselines", "Drift"),
    "window-average": ("tsl.baselines", "WindowAverage"),
}
GROUPS = ("series", "cutoff", "step")
MISSING = ("error", "interpolate", "ffill", "mask")
TOKENS = ("char", "byte")
LABEL_SOURCES = ("name", "folder")
UNKNOWN = ("error", "ignore", "replace", "grow")


def completed_from(names: Iterable[str]) -> Callable[[str], list[str]]:
    """Return a function that completes prefixes of these names."""

    def complete(incomplete: str) -> list[str]:
        return [name for name in names if name.startswith(incomplete)]

    return complete
