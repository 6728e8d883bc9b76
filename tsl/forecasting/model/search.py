"""Choice of the windowing, the penalty and the number of steps, by trials on the held-out end of the series.

A network after a fifth of the training steps tells already which windowing is the better one; a linear map, though
faster still, does not: its choice was wrong as often as right.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from tsl.forecasting.model.fit import FitConfig
from tsl.forecasting.model.ridge import PENALTIES
from tsl.forecasting.model.trials import HoldoutTrial
from tsl.forecasting.model.windows import Windowing
from tsl.forecasting.panel.panel import Panel
from tsl.forecasting.panel.scale import mean_change

Candidate = tuple[Windowing, FitConfig]

# Compared on the last 48 hours before the test part of M4 Hourly, together with what they choose: with the windowing
# chosen in this way and up to 4000 steps the overall weighted average was 0.480. Each by itself was not measured.
TRIAL_STEPS, TRIAL_SIZE = 300, 64  # of training, and of the layer
STEPS = (0, 50, 150, 500, 1500)
MOST_STEPS = 3000  # where the most that were tried are the best
# Chosen by judgement, not measured:
MOST_LAGS = 8  # seasons
MOST_VALUES = 1024  # in a window
LONGEST_SEGMENT = 48
WINDOW_SEASONS = (2, 4, 7, 14, 21)


@dataclass(frozen=True)
class WindowingChoices:
    """What is given of a windowing; None leaves a choice.

    Parameters
    ----------
    start : Windowing
        What is given anyway. Where forecasts are relative to a lag, windows are in units of the change over that number
        of seasons after which the series repeat best, whatever the lag.
    window, lag, segment : int or None
        As in `Windowing`.
    standardised : bool
        Whether windows with neither level nor scale of their own may be chosen.
    """

    start: Windowing
    window: int | None
    lag: int | None
    segment: int | None
    standardised: bool


def choose_windowing(
    trial: HoldoutTrial, panel: Panel, choices: WindowingChoices, config: FitConfig, season: int
) -> Windowing:
    """Return the windowing with the lowest errors in trials of small networks; `season` is 1 for none."""
    start = choices.start
    longest = longest_window(panel, start.horizon)
    repeats = seasonal_lags(panel, season, start.horizon, longest)
    sizes = [choices.window] if choices.window is not None else window_sizes(season, start.horizon, longest)
    lags = [choices.lag] if choices.lag is not None else [0, *repeats]

    def candidate(size: int, lag: int) -> Windowing:
        segment = segment_of(size, season) if choices.segment is None else choices.segment
        spread = repeats[-1] if lag and repeats and start.spread is not None else start.spread
        return replace(start, window=max(size // segment, 1) * segment, segment=segment, lag=lag, spread=spread)

    small = replace(
        config,
        hidden_size=(min(TRIAL_SIZE, *config.hidden_size),),
        embedding_size=min(TRIAL_SIZE, config.embedding_size),
        n_steps=min(TRIAL_STEPS, config.n_steps),
        verbose=0,
    )
    middle = sizes[len(sizes) // 2]
    first = [candidate(middle, lag) for lag in lags]
    if choices.standardised:
        first.insert(1, replace(candidate(middle, 0), level=0, spread=None))
    own_sizes = [candidate(size, 0) for size in sizes]
    compared = dict.fromkeys(one for group in (first, own_sizes) if len(set(group)) > 1 for one in group)
    small = replace(small, n_steps=trial.affordable_steps(list(compared), small))
    best, _ = _best(trial, "windowing", [(windowing, small) for windowing in first])
    resized = [replace(best, window=own.window, segment=own.segment) for own in own_sizes]
    best, _ = _best(trial, "windowing", [(windowing, small) for windowing in resized], otherwise=(best, small))
    trial.choose(best, small)
    return best


def choose_training(trial: HoldoutTrial, windowing: Windowing, config: FitConfig, *, steps: bool) -> FitConfig:
    """Return `config` with the best penalty, if it has a linear map, and with `steps` the best number of steps."""
    if config.penalty is not None:
        linear = [(windowing, replace(config, penalty=penalty, n_steps=0, verbose=0)) for penalty in PENALTIES]
        best = _best(trial, "penalty", linear)
        trial.choose(*best)
        config = replace(config, penalty=best[1].penalty)
    return replace(config, n_steps=_choose_steps(trial, windowing, config)) if steps else config


def _choose_steps(trial: HoldoutTrial, windowing: Windowing, config: FitConfig) -> int:
    """Return how many steps to train for: with little to learn, more of them teach the network noise."""
    candidates = [(windowing, replace(config, n_steps=n_steps, verbose=0)) for n_steps in STEPS]
    if config.penalty is None:
        candidates = [one for one in candidates if one[1].n_steps]
    best, tried = candidates[0], candidates[:1]
    for candidate in candidates[1:]:
        if not trial.fits("steps", *candidate):
            break
        tried.append(candidate)
        best = _lowest(trial, "steps", tried)
        if tried.index(best) < len(tried) - 2:  # twice in a row no better
            break
    trial.choose(*best)
    # where the most that were tried are the best, more may be better still
    return MOST_STEPS if best == tried[-1] else best[1].n_steps


def _best(
    trial: HoldoutTrial, stage: str, candidates: list[Candidate], otherwise: Candidate | None = None
) -> Candidate:
    """Return the best candidate that there is time to try; `otherwise`, or the first, where nothing is compared."""
    candidates = list(dict.fromkeys(candidates))
    if len(candidates) == 1:
        return candidates[0]
    tried = []
    for candidate in candidates:
        if trial.fits(stage, *candidate):
            trial.errors(stage, *candidate)
            tried.append(candidate)
    if len(tried) < 2:
        return candidates[0] if otherwise is None else otherwise
    return _lowest(trial, stage, tried)


def _lowest(trial: HoldoutTrial, stage: str, candidates: list[Candidate]) -> Candidate:
    """Return the candidate whose errors, each relative to the lowest of its kind, are lowest on average."""
    errors = np.array([trial.errors(stage, *candidate) for candidate in candidates])
    lowest = np.maximum(errors.min(axis=0), np.finfo(np.float64).tiny)
    if np.isinf(lowest).any():  # nothing could be tried: the series are too short
        return candidates[0]
    return candidates[int((errors / lowest).mean(axis=1).argmin())]


def longest_window(panel: Panel, horizon: int) -> int:
    """Return the longest window that leaves most series enough windows to learn from."""
    return max(min(int(0.6 * (np.percentile(panel.lengths, 25) - horizon)), MOST_VALUES), 1)


def segment_of(window: int, season: int) -> int:
    """Return how many steps the LSTM reads at once: a season, or a part of it, at most half of the window."""
    if season > 1:
        parts = [part for part in range(1, LONGEST_SEGMENT + 1) if season % part == 0]
        return max(part for part in parts if part == 1 or 2 * part <= window)
    return max(1, min(window // 8, LONGEST_SEGMENT))


def window_sizes(season: int, horizon: int, longest: int) -> list[int]:
    """Return the windows to choose from, the shortest first."""
    unit = season if season > 1 else max(4, min(horizon, LONGEST_SEGMENT))
    return sorted({min(unit * n, longest) for n in WINDOW_SEASONS})


def seasonal_lags(panel: Panel, season: int, horizon: int, longest: int) -> list[int]:
    """Return the fewest seasons that reach over the horizon, and of more the number after which series repeat best."""
    fewest = -(-horizon // season)
    lags = [n * season for n in range(fewest, max(fewest, MOST_LAGS) + 1) if season > 1 and n * season <= longest // 2]
    if not lags:
        return []
    change = mean_change(panel, season)
    used = change > 0
    changes = [np.median(mean_change(panel, lag)[used] / change[used]) if used.any() else 0.0 for lag in lags]
    return [lags[0], *([lags[1 + int(np.argmin(changes[1:]))]] if len(lags) > 1 else [])]
