"""Backtests and histories shared by the tests of metrics."""

import numpy as np
import pandas as pd

SEASON = 4
LEVELS = ("80", "95")
QUANTILES = np.array([0.025, 0.1, 0.9, 0.975])  # what the bounds of the levels are
MODELS = ["y_pred", "SeasonalNaive"]


def long_history(n_rows=40):
    """Two series on very different scales, the second one shorter."""
    rng = np.random.default_rng(0)
    times = pd.date_range("2024-01-01", periods=n_rows, freq="h")
    first = pd.DataFrame({"unique_id": "a", "ds": times, "y": rng.normal(size=n_rows)})
    second = pd.DataFrame({"unique_id": "b", "ds": times[7:], "y": 1000 + 50 * rng.normal(size=n_rows - 7)})
    return pd.concat([first, second], ignore_index=True)


def backtest_frame(history, cutoffs=(27, 33), horizon=6):
    """Windows after the rows `cutoffs`, in the form of a backtest, with forecasts made up."""
    rng = np.random.default_rng(1)
    times = history.loc[history["unique_id"] == "a", "ds"].to_numpy()
    parts = []
    for cutoff in cutoffs:
        part = history[history["ds"].isin(times[cutoff + 1 : cutoff + 1 + horizon])]
        parts.append(part.assign(cutoff=times[cutoff]))
    frame = pd.concat(parts, ignore_index=True)[["unique_id", "cutoff", "ds", "y"]]
    size = np.where(frame["unique_id"] == "a", 1.0, 50.0)
    for model in MODELS:
        frame[model] = frame["y"] + size * rng.normal(size=len(frame))
        for level, width in zip(LEVELS, (0.5, 1.5)):
            frame[f"{model}-lo-{level}"] = frame[model] - size * width
            frame[f"{model}-hi-{level}"] = frame[model] + size * width
    return frame


HISTORY = long_history()
FRAME = backtest_frame(HISTORY)

# One series at one cutoff, which need no column; its errors are 1, 0, 0, 2.
ALONE = pd.DataFrame(
    {
        "ds": pd.date_range("2024-02-01", periods=4),
        "y": [2.0, 0.0, 1.0, -3.0],
        "m": [3.0, 0.0, 1.0, -1.0],
        "m-lo-90": [2.0, -2.0, 2.0, -3.0],
        "m-hi-90": [4.0, 0.0, 3.0, -1.0],
    }
)
BEFORE = pd.Series([1.0, 3.0, 2.0, 6.0], pd.date_range("2024-01-28", periods=4))  # changes by 2, 1 and 4, in all by 7
