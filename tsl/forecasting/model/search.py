"""Choice of the windowings, the penalty and the number of steps, by trials on the held-out end of the series.

A network already shows after a fifth of the training steps which windowing is better; a linear map, although faster,
does not: its choice was wrong as often as right.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tsl.forecasting.model.candidates import WindowingChoices, Windowings
from tsl.forecasting.model.fit import FitConfig
from tsl.forecasting.model.members import Member
from tsl.forecasting.model.ridge import PENALTIES
from tsl.forecasting.model.shares import SIMPLE_TEMPERATURE, SeriesShares, relative, weight, weights_by_series
from tsl.forecasting.model.trials import HoldoutTrial
from tsl.forecasting.model.windows import Windowing
from tsl.forecasting.panel.panel import Panel
from tsl.forecasting.panel.power import NO_TRANSFORM, PowerTransform

Candidate = tuple[Windowing, FitConfig]

# Compared on the last 48 hours before the test part of M4 Hourly, together with their choices: with the windowing
# chosen in this way and up to 4000 steps, the overall weighted average was 0.480. They were not measured separately.
TRIAL_STEPS, TRIAL_SIZE = 300, 64  # training steps, and layer size
STEPS = (0, 50, 150, 500, 1500)
MOST_STEPS = 3000  # per network, if the largest number tried is the best
# Compared by their forecasts after the training parts of ten data sets; the page on the forecaster has the figures.
STEPS_OF_ALL = 4500  # of several networks together, but at least STEPS[-1] each
MOST_NETWORKS = 3
LEAST_WEIGHT = 0.1  # relative to the best network
LEAST_SHARE = 0.005  # of a simple forecast, on average over all series; chosen by judgement, not measured
TRANSFORM_MARGIN = 0.02  # share by which errors must be lower with a transform of the target; chosen by judgement
TRIED = {"windowing": "windows", "penalty": "penalties of the linear map"}  # by stage, for progress messages


@dataclass(frozen=True)
class Choices:
    """The choices of a fit."""

    season: int
    members: tuple[Member, ...]
    penalty: float | None
    n_steps: int
    transform: PowerTransform = NO_TRANSFORM
    shares: SeriesShares | None = None
    """The members' shares by series; None if they are the members' weights."""


def choose(
    trial: HoldoutTrial,
    panel: Panel,
    config: FitConfig,
    seasons: Sequence[int],
    *,
    choices: WindowingChoices,
    n_models: int | Literal["auto"],
    steps: bool,
    simple: bool,
) -> Choices:
    """Return the members of the forecast, and how they are trained.

    Parameters
    ----------
    trial : HoldoutTrial
    panel : Panel
    config : FitConfig
    seasons : sequence of int
        The candidate seasons of the panel, 1 for none.
    choices : WindowingChoices
    n_models : int or "auto"
        Number of networks, which get different windowings in turn; "auto" takes one network per windowing.
    steps : bool
        Whether to choose the number of training steps.
    simple : bool
        Whether simple forecasts, without learning, may be members.
    """
    found = choose_windowings(trial, panel, choices, config, seasons)
    best, unlike = found[0], _unlike(found)
    config = choose_training(trial, best.windowing, config, steps=steps)
    n_networks = len(unlike) if n_models == "auto" else n_models
    dealt = [unlike[k % len(unlike)] for k in range(n_networks)]
    for one in dealt:
        trial.choose(one.windowing, one.trained)
    members, shares = _shares([Member("lstm", one.windowing, weight(one.score)) for one in dealt]), None
    n_steps = config.n_steps
    if n_models != 1 and len(found) > 1:
        if simple:
            members, shares = _with_simple(trial, panel, members, best, config)
        if n_models == "auto" and steps and n_steps == MOST_STEPS:
            n_steps = int(np.clip(STEPS_OF_ALL // n_networks, STEPS[-1], MOST_STEPS))
    trial.progress.close("windows and numbers of training steps compared on held-out data")
    return Choices(best.among.season, tuple(members), config.penalty, n_steps, shares=shares)


def _unlike(found: Sequence[Found]) -> list[Found]:
    """Return the best windowing of each kind, then other sizes, the best first; at most `MOST_NETWORKS` in all."""
    good = [one for one in found if weight(one.score) >= LEAST_WEIGHT]
    first = list({one.windowing.kind: one for one in reversed(good)}.values())[::-1]
    first.sort(key=lambda one: one.score)
    ordered = first + [one for one in good if one not in first]
    return ordered[:MOST_NETWORKS]


def _shares(members: Sequence[Member]) -> list[Member]:
    """Return the members with weights normalised to add up to 1."""
    total = sum(member.weight for member in members)
    return [replace(member, weight=member.weight / total) for member in members]


def _with_simple(
    trial: HoldoutTrial, panel: Panel, networks: Sequence[Member], best: Found, config: FitConfig
) -> tuple[list[Member], SeriesShares | None]:
    """Return the networks and the simple forecasts that are not much worse for all series, or for some.

    A simple forecast that is as good as the best network has the weight of all networks together. If there are several
    series, its weight depends on the series; that of naive ones is at least the weight by the errors of all series.
    """
    several, lowest = panel.n_series > 1, trial.lowest(best.windowing)
    if several:
        reference, n_windows = trial.lowest_by_series(best.windowing), trial.n_windows(best.windowing)
    members, own = list(networks), [np.full(panel.n_series, member.weight) for member in networks]
    for kind, plan in best.among.simple(best.windowing):
        settings = replace(config, verbose=0).of_kind(kind)
        if not trial.fits("simple", plan, settings):
            continue
        found = weight(float(relative(trial.errors("simple", plan, settings), lowest)), SIMPLE_TEMPERATURE)
        by_series = np.full(panel.n_series, found)
        if several:
            least = found if kind != "seasonal mean" and found >= LEAST_WEIGHT else 0.0
            by_series, found = weights_by_series(trial.by_series("simple", plan, settings), reference, n_windows)
            by_series, found = np.maximum(by_series, least), max(found, least)
        if found >= LEAST_WEIGHT or np.mean(by_series / (1.0 + by_series)) >= LEAST_SHARE:
            trial.choose(plan, settings)
            members.append(Member(kind, plan, found))
            own.append(by_series)
    shares = None
    if several and len(members) > len(networks):
        shares = SeriesShares.of_weights(panel.ids, [member.weight for member in members], own)
    return _shares(members), shares


# --- transform of the target --------------------------------------------------------------------------------------


def choose_transform(
    trial: HoldoutTrial, panel: Panel, choices: WindowingChoices, config: FitConfig, season: int
) -> PowerTransform:
    """Return no transform, or the one that suits the values if its errors are lower by a margin; let `trial` use it.

    Small networks are compared, with the first windowing that `choose_windowings` would try.
    """
    transforms = PowerTransform.candidates(panel)
    if len(transforms) == 1:
        trial.use(transforms[0])
        return transforms[0]
    windowings = [Windowings(transform.apply(panel), choices, season).kinds()[0] for transform in transforms]
    small = _small(config)
    small = replace(small, n_steps=trial.affordable_steps("transform", windowings, small))
    errors = []
    for number, (transform, windowing) in enumerate(zip(transforms, windowings), 1):
        trial.use(transform)
        if not trial.fits("transform", windowing, small):
            break
        trial.progress.show(f"trying transforms of the target {number} of {len(transforms)}")
        errors.append(trial.errors("transform", windowing, small))
    best = 0
    if len(errors) == len(transforms) and np.isfinite(errors).all():
        scores = relative(np.array(errors), np.min(errors, axis=0))
        best = int(scores[1] < (1 - TRANSFORM_MARGIN) * scores[0])
    trial.use(transforms[best])
    if errors:
        trial.choose(windowings[best], small)
    return transforms[best]


# --- windowings ---------------------------------------------------------------------------------------------------


class Found(NamedTuple):
    """A windowing that was tried."""

    windowing: Windowing
    trained: FitConfig
    """The training settings of the trial."""
    among: Windowings
    """The candidates of its season."""
    score: float
    """Errors of a small network in the trial, relative to the lowest."""


def choose_windowings(
    trial: HoldoutTrial, panel: Panel, choices: WindowingChoices, config: FitConfig, seasons: Sequence[int]
) -> list[Found]:
    """Return the windowings that were tried, the best first, or the only one.

    `seasons` are the candidate seasons of the panel.
    """
    small = _small(config)
    among = {season: Windowings(panel, choices, season) for season in seasons}
    kinds: dict[Windowing, int] = {}
    for season in seasons:
        for kind in among[season].kinds():
            kinds.setdefault(kind, season)
    first = next(iter(kinds))
    planned = dict.fromkeys([*_compared(kinds), *_compared(among[seasons[0]].sizes(first))])
    small = replace(small, n_steps=trial.affordable_steps("windowing", list(planned), small))
    tried = _tried(trial, "windowing", [(kind, small) for kind in _compared(kinds)])
    best = _lowest(trial, "windowing", tried)[0] if len(tried) > 1 else first
    sizes = among[kinds[best]].sizes(best)
    tried = list(dict.fromkeys(tried + _tried(trial, "windowing", [(one, small) for one in _compared(sizes)])))
    scores = _scores(trial, "windowing", tried) if len(tried) > 1 else np.ones(0)
    if not np.isfinite(scores).all() or not len(scores):
        return [Found(best, small, among[kinds[best]], 1.0)]
    order = np.argsort(scores, kind="stable")
    compared = (scores / scores.min()).tolist()
    return [
        Found(windowing, own, among[kinds.get(windowing, kinds[best])], compared[k])
        for k, (windowing, own) in ((k, tried[k]) for k in order.tolist())
    ]


def _small(config: FitConfig) -> FitConfig:
    """Return the settings of a small network that is trained for a few steps."""
    return replace(
        config,
        hidden_size=(min(TRIAL_SIZE, *config.hidden_size),),
        embedding_size=min(TRIAL_SIZE, config.embedding_size),
        n_steps=min(TRIAL_STEPS, config.n_steps),
        verbose=0,
    )


def _compared(windowings: Iterable[Windowing]) -> list[Windowing]:
    """Return the distinct windowings, or none if there is only one."""
    distinct = list(dict.fromkeys(windowings))
    return distinct if len(distinct) > 1 else []


def _tried(trial: HoldoutTrial, stage: str, candidates: list[Candidate]) -> list[Candidate]:
    """Try the candidates that there is time for, and return them."""
    trial.run_at_once(stage, candidates)
    tried = []
    for number, candidate in enumerate(candidates, 1):
        if trial.fits(stage, *candidate):
            trial.progress.show(f"trying {TRIED[stage]} {number} of {len(candidates)}")
            trial.errors(stage, *candidate)
            tried.append(candidate)
    return tried


# --- training -----------------------------------------------------------------------------------------------------


def choose_training(trial: HoldoutTrial, windowing: Windowing, config: FitConfig, *, steps: bool) -> FitConfig:
    """Return `config` with the best penalty, if it has a linear map, and with `steps` the best number of steps."""
    if config.penalty is not None and windowing.counts is None:  # for counts, the map is not fitted by least squares
        linear = [(windowing, replace(config, penalty=penalty, n_steps=0, verbose=0)) for penalty in PENALTIES]
        tried = _tried(trial, "penalty", linear)
        best = _lowest(trial, "penalty", tried) if len(tried) > 1 else linear[0]
        trial.choose(*best)
        config = replace(config, penalty=best[1].penalty)
    return replace(config, n_steps=_choose_steps(trial, windowing, config)) if steps else config


def _choose_steps(trial: HoldoutTrial, windowing: Windowing, config: FitConfig) -> int:
    """Return the number of training steps: if there is little to learn, more steps fit noise."""
    candidates = [(windowing, replace(config, n_steps=n_steps, verbose=0)) for n_steps in STEPS]
    if config.penalty is None:
        candidates = [one for one in candidates if one[1].n_steps]
    best, tried = candidates[0], candidates[:1]
    for number, candidate in enumerate(candidates[1:], 2):
        if not trial.fits("steps", *candidate):
            break
        trial.progress.show(f"trying numbers of training steps, {number} of {len(candidates)}")
        tried.append(candidate)
        best = _lowest(trial, "steps", tried)
        if tried.index(best) < len(tried) - 2:  # no improvement twice in a row
            break
    trial.choose(*best)
    # if the largest number tried is the best, more may be even better
    return MOST_STEPS if best == tried[-1] else best[1].n_steps


def _lowest(trial: HoldoutTrial, stage: str, candidates: list[Candidate]) -> Candidate:
    """Return the candidate with the lowest score, the first one if nothing could be tried."""
    return candidates[int(np.argmin(_scores(trial, stage, candidates)))]


def _scores(trial: HoldoutTrial, stage: str, candidates: list[Candidate]) -> NDArray[np.float64]:
    """Return the mean of both errors of each candidate, relative to the lowest; inf if series are too short."""
    errors = np.array([trial.errors(stage, *candidate) for candidate in candidates])
    if not np.isfinite(errors).all():
        return np.full(len(candidates), np.inf)
    return relative(errors, errors.min(axis=0))
