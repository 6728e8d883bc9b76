"""Trials: networks trained on the beginning of all series and compared on the held-out end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tsl.forecasting.model.fit import STEPS_AT_ONCE, FitConfig, run_networks, start_network, train_network
from tsl.forecasting.model.fit_time import FitTime
from tsl.forecasting.model.members import Kind
from tsl.forecasting.model.sampling import WindowSampler, spread, training_cutoffs
from tsl.forecasting.model.shares import TINY, relative
from tsl.forecasting.model.windows import ColumnStats, SeriesWindows, Windowing
from tsl.forecasting.panel.panel import Panel
from tsl.forecasting.panel.power import NO_TRANSFORM, PowerTransform, TransformKind
from tsl.forecasting.panel.scale import mean_change
from tsl.network import Network
from tsl.training import Checkpoint, TrialProgress

# Chosen by judgement, not measured:
N_CHECKED = 2000  # windows
N_BEFORE = 8000  # windows before the held-out end that simple forecasts are checked on
HELD_OUT = 0.1  # share of each series, at least a horizon
# On the sunspots before 1921, cut off at four years, the mean squared error afterwards was 24 % lower with these values
# and windows of one season than with a tenth of the series and at least two seasons; elsewhere it hardly differed.
INDEPENDENT = 50  # non-overlapping windows to hold out, in all series together
MOST_HELD_OUT = 0.35  # share of each series that may be held out for this
# If the time of the fit is limited:
SHARES = {
    "transform": 0.1,
    "windowing": 0.3,
    "penalty": 0.5,
    "steps": 0.5,
    "simple": 0.5,
}  # of the time, by which the trials of each stage end; the final networks get the rest
PLANNED = 0.8  # share of the time of a stage to plan with: the first steps only predict the others roughly
MEASURED_STEPS = 10  # before the first trial, to measure the time of a step
FEWEST_STEPS = STEPS_AT_ONCE  # per trial; if there is time for fewer, candidates are left out instead


class TrialResult(NamedTuple):
    """The settings and the result of a trial."""

    stage: str
    kind: Kind
    transform: TransformKind
    windowing: Windowing
    penalty: float | None
    n_steps: int
    """Number of training steps taken."""
    errors: NDArray[np.float64]
    """Mean absolute scaled error and symmetric percentage error, (2,); for counts, the loss twice."""
    by_series: NDArray[np.float64]
    """The same for each series, (n_series, 2), 0 for one that has no windows; (0, 2) for counts.

    For a simple forecast, those on the windows before the held-out end, if they are larger.
    """
    seconds: float


class TrialCosts:
    """Measured times of trials, and estimates for others: proportional to the window, and linear in the steps."""

    def __init__(self) -> None:
        self._fixed = 0.0  # seconds per step of the window for the linear map and for forecasting the held-out windows
        self._per_step: dict[tuple[Any, ...], float] = {}  # the same for a training step, by the sizes of the network

    def learn(self, windowing: Windowing, config: FitConfig, fixed: float, training: float, n_steps: int) -> None:
        """Record that `n_steps` training steps took `training` seconds, and the rest of the trial `fixed` seconds."""
        self._fixed = fixed / windowing.window
        if n_steps:
            self._per_step[_sizes(config)] = training / n_steps / windowing.window

    def seconds(self, windowing: Windowing, config: FitConfig) -> float:
        """Return how long a trial would take; for a network of new sizes, a lower bound."""
        per_step = self._per_step.get(_sizes(config), max(self._per_step.values(), default=0.0))
        return windowing.window * (self._fixed + config.n_steps * per_step)

    def affordable_steps(self, windowings: Sequence[Windowing], config: FitConfig, seconds: float) -> int:
        """Return how many training steps per windowing, at most `config.n_steps`, fit in `seconds` in all."""
        each = seconds / sum(windowing.window for windowing in windowings) - self._fixed
        per_step = self._per_step.get(_sizes(config), 0.0)
        if each >= config.n_steps * per_step:
            return config.n_steps
        # a multiple of whole draws, so that exactly this many steps are taken
        return max(int(each / max(per_step, 1e-12)) // STEPS_AT_ONCE * STEPS_AT_ONCE, min(FEWEST_STEPS, config.n_steps))


class HoldoutTrial:
    """Trials that train networks on the beginning of all series and evaluate them on the rest.

    Parameters
    ----------
    panel : Panel
        The training set.
    season : int
        Errors are scaled by the mean absolute change over this many steps.
    random_state : int
    time : FitTime, optional
        The time of the fit, of which the trials take a share.
    checkpoint : Checkpoint, optional
        The checkpoint of the fit, which also keeps the training of the trials.
    verbose : int, default=0
                 1 reports the trials on stderr.
    runner : tsl.forecasting.model.rounds.Runner, optional
        Runs independent trials at the same time, if there is neither `time` nor `checkpoint`.
    transform : PowerTransform, optional
        Transform of the target, until `use` sets another one; errors are those of the forecasts transformed back.
    """

    def __init__(
        self,
        panel: Panel,
        season: int,
        random_state: int,
        time: FitTime | None = None,
        checkpoint: Checkpoint | None = None,
        verbose: int = 0,
        runner: Any = None,
        transform: PowerTransform = NO_TRANSFORM,
    ) -> None:
        self.progress = TrialProgress(verbose)
        self._panel, self._random_state, self._checkpoint = panel, random_state, checkpoint
        self._time = FitTime() if time is None else time
        self._season, self._scale, self._runner = season, mean_change(panel, season), runner
        self.use(transform)
        self._costs = TrialCosts()
        self._results: dict[tuple[PowerTransform, Windowing, FitConfig], TrialResult] = {}
        self._chosen: set[tuple[PowerTransform, Windowing, FitConfig]] = set()

    def use(self, transform: PowerTransform) -> None:
        """Transform the target in this way in the trials that follow."""
        self._transform, self._transformed = transform, transform.apply(self._panel)

    def errors(self, stage: str, windowing: Windowing, config: FitConfig) -> NDArray[np.float64]:
        """Return mean absolute scaled error and symmetric percentage error, (2,); inf if nothing can be fitted."""
        key = self._transform, windowing, config
        if key not in self._results:
            self._results[key] = self._run(stage, windowing, config)
        return self._results[key].errors

    def run_at_once(self, stage: str, candidates: Sequence[tuple[Windowing, FitConfig]]) -> None:
        """Run trials now whose `errors` are wanted next, if there is a runner."""
        new = [one for one in dict.fromkeys(candidates) if (self._transform, *one) not in self._results]
        if self._runner is None or self._runner.n_threads is None or len(new) < 2:
            return  # tasks that take all threads run one after another
        run = self._runner.submit
        own = HoldoutTrial(self._panel, self._season, self._random_state, transform=self._transform)
        sent = run(_same, own, name="send sample")
        self.progress.show(f"trying {len(new)} settings at once")
        results = self._runner.results([run(_run_one, sent, stage, *one, name=f"try {stage}") for one in new])
        self._results.update(zip(((self._transform, *one) for one in new), results))

    def lowest(self, windowing: Windowing) -> NDArray[np.float64]:
        """Return the lowest errors, (2,), of all tried networks with this windowing."""
        used = self._transform, windowing
        errors = [result.errors for key, result in self._results.items() if key[:2] == used]
        return np.min(errors, axis=0)

    def by_series(self, stage: str, windowing: Windowing, config: FitConfig) -> NDArray[np.float64]:
        """Return the errors of a trial for each series, (n_series, 2); 0 for a series without windows."""
        self.errors(stage, windowing, config)
        return self._results[self._transform, windowing, config].by_series

    def lowest_by_series(self, windowing: Windowing) -> NDArray[np.float64]:
        """Return the errors by series, (n_series, 2), of the tried network that is best with this windowing."""
        tried = [result for key, result in self._results.items() if key[:2] == (self._transform, windowing)]
        return min(tried, key=lambda result: float(relative(result.errors, self.lowest(windowing)))).by_series

    def n_windows(self, windowing: Windowing) -> NDArray[np.float64]:
        """Return the number of windows of each series, (n_series,), that errors are measured on: independent ones."""
        checked, n_series = self._split(windowing)[1], self._panel.n_series
        series = self._panel.series_of(checked - 1)
        first, last = np.full(n_series, len(self._panel.values)), np.zeros(n_series, np.int64)
        np.minimum.at(first, series, checked)
        np.maximum.at(last, series, checked)
        count = np.bincount(series, minlength=n_series)
        return np.where(count > 0, np.minimum(count, (last - first) / windowing.horizon + 1.0), 0.0)

    def fits(self, stage: str, windowing: Windowing, config: FitConfig) -> bool:
        """Return whether this was tried, or whether there is time to try it."""
        if (self._transform, windowing, config) in self._results:
            return True
        left = self._time.left(SHARES[stage])
        return left is None or (left > 0 and self._costs.seconds(windowing, config) <= left)

    def affordable_steps(self, stage: str, windowings: Sequence[Windowing], config: FitConfig) -> int:
        """Return how many of `config.n_steps` there is time for in a trial of each of these windowings."""
        if not self._time.left(SHARES[stage]) or config.n_steps <= FEWEST_STEPS or not windowings:
            return config.n_steps  # no limit, no time for any trial, or no need to save time
        middle = sorted(windowings, key=lambda windowing: windowing.window)[len(windowings) // 2]
        self._run(stage, middle, replace(config, n_steps=MEASURED_STEPS))
        return self._costs.affordable_steps(windowings, config, PLANNED * (self._time.left(SHARES[stage]) or 0.0))

    def choose(self, windowing: Windowing, config: FitConfig) -> None:
        """Mark a trial, if there was one, as chosen at its stage."""
        self._chosen.add((self._transform, windowing, config))

    def table(self) -> dict[str, Any]:
        """Return all trials in the order in which they were run, as columns: lists or arrays."""
        trials = list(self._results.values())
        errors = np.array([trial.errors for trial in trials]).reshape(-1, 2)
        return {
            "stage": [trial.stage for trial in trials],
            "kind": [trial.kind for trial in trials],
            "window": np.array([trial.windowing.window for trial in trials], np.int64),
            "segment": np.array([trial.windowing.segment for trial in trials], np.int64),
            "differences": [trial.windowing.lag or None for trial in trials],
            "scaling": [trial.windowing.scaling for trial in trials],
            "target_transform": [trial.transform for trial in trials],
            "penalty": [trial.penalty if trial.kind == "lstm" else None for trial in trials],
            "n_steps": np.array([trial.n_steps for trial in trials], np.int64),
            **self._named(errors),
            "seconds": np.array([trial.seconds for trial in trials], np.float64),
            "chosen": np.array([key in self._chosen for key in self._results], np.bool_),
        }

    def _named(self, errors: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
        """Return the error columns of the table from errors (n, 2)."""
        if any(trial.windowing.counts for trial in self._results.values()):
            return {"loss": errors[:, 0].copy()}
        return {"mase": errors[:, 0].copy(), "smape": errors[:, 1].copy()}

    def _run(self, stage: str, windowing: Windowing, config: FitConfig) -> TrialResult:
        began = self._time.elapsed()
        fitted, checked = self._split(windowing)
        if not (fitted.total and len(checked)):
            return TrialResult(
                *(stage, config.kind, self._transform.kind, windowing, config.penalty),
                *(0, np.full(2, np.inf), np.zeros((0, 2)), self._time.elapsed() - began),
            )
        windows = SeriesWindows(self._transformed, windowing, ColumnStats.learn(self._transformed))
        random_state = np.random.RandomState(self._random_state)
        network = start_network(windows, fitted, config, random_state)
        limit, started = self._time.left(SHARES[stage]), self._time.elapsed()
        history = train_network(network, windows, fitted, config, random_state, self._checkpoint, max_time=limit)
        trained = self._time.elapsed(started + sum(history.seconds))
        if windowing.counts is None:
            errors, by_series = self._point_errors(network, windows, checked, config)
            if config.kind != "lstm":
                before = self._point_errors(network, windows, spread(fitted.cutoffs, N_BEFORE), config)[1]
                by_series = np.maximum(by_series, before)
        else:
            held_out = windows.samples(checked)
            loss = network.evaluate(held_out.sequences, held_out.targets, None, config.loss, n_threads=config.n_threads)
            errors, by_series = np.full(2, loss), np.zeros((0, 2))
        seconds, n_steps = self._time.elapsed() - began, sum(history.n_steps)
        self._costs.learn(windowing, config, seconds - (trained - started), trained - started, n_steps)
        kind = self._transform.kind
        return TrialResult(stage, config.kind, kind, windowing, config.penalty, n_steps, errors, by_series, seconds)

    def _point_errors(
        self, network: Network, windows: SeriesWindows, checked: NDArray[np.int64], config: FitConfig
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return both errors (2,) of the point forecasts at `checked`, and those by series (n_series, 2)."""
        windowing = windows.windowing
        outputs = run_networks([network], windows, checked, config.n_threads)[0, :, :, config.n_per_step // 2]
        forecasts = self._transform.undo(outputs)
        rows = checked[:, None] + np.arange(windowing.horizon)
        weights = np.ones(rows.shape) if self._panel.weights is None else self._panel.weights[rows]
        series = self._panel.series_of(checked - 1)
        return _errors(self._panel.values[rows], forecasts, self._scale, weights, series)

    def _split(self, windowing: Windowing) -> tuple[WindowSampler, NDArray[np.int64]]:
        """Return the training windows, and the cutoffs to evaluate at: none if their weight is 0."""
        panel, horizon = self._panel, windowing.horizon
        cutoffs = training_cutoffs(panel, windowing.window, horizon)
        wanted = np.full(panel.n_series, INDEPENDENT * horizon / panel.n_series)
        wanted = np.clip(wanted, HELD_OUT * panel.lengths, MOST_HELD_OUT * panel.lengths)
        held_out = np.maximum(wanted.astype(np.int64), horizon)
        cut = (panel.ends - held_out)[panel.series_of(cutoffs - 1)]
        fitted = WindowSampler(panel, cutoffs[cutoffs + horizon <= cut], horizon)
        checked = cutoffs[cutoffs >= cut]
        if not WindowSampler(panel, checked, horizon).total:
            return fitted, checked[:0]
        return fitted, spread(checked, N_CHECKED)


def _same(trial: HoldoutTrial) -> HoldoutTrial:
    return trial


def _run_one(trial: HoldoutTrial, stage: str, windowing: Windowing, config: FitConfig) -> TrialResult:
    """Return the result of a trial in a task that runs in parallel with others."""
    return trial._run(stage, windowing, replace(config, n_threads=1))


def _sizes(config: FitConfig) -> tuple[Any, ...]:
    return config.hidden_size, config.embedding_size


def _errors(
    truth: NDArray[np.float64],
    forecasts: NDArray[np.float64],
    scale: NDArray[np.float64],
    weights: NDArray[np.float64],
    series: NDArray[np.int64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return both errors over all rows (n, horizon), (2,), and those by series (n_series, 2), 0 without any rows."""
    error, size, n_series = np.abs(truth - forecasts), np.abs(truth) + np.abs(forecasts), len(scale)
    found, by_series = [], []
    for unit in (np.broadcast_to(scale[series, None], error.shape), size):
        known = ~np.isnan(error) & (unit > 0) & (weights > 0)
        shares = np.divide(error, unit, out=np.zeros_like(error), where=known)
        found.append(np.average(shares[known], weights=weights[known]) if known.any() else 0.0)
        own = np.where(known, weights, 0.0)
        total = np.bincount(series, (own * shares).sum(axis=1), n_series)
        by_series.append(total / np.maximum(np.bincount(series, own.sum(axis=1), n_series), TINY))
    return np.array(found), np.column_stack(by_series)
