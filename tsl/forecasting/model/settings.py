"""Windowings and training settings from the parameters of a forecaster."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral
from typing import Any

from tsl._estimator import resolve_threads
from tsl.forecasting.model.candidates import WindowingChoices, longest_window
from tsl.forecasting.model.counts import COUNTS
from tsl.forecasting.model.fit import STEPS_AT_ONCE, FitConfig
from tsl.forecasting.model.quantiles import checked_quantiles
from tsl.forecasting.model.ridge import PENALTIES
from tsl.forecasting.model.search import MOST_STEPS, Choices, choose, choose_transform
from tsl.forecasting.model.trials import HoldoutTrial
from tsl.forecasting.model.windows import Windowing
from tsl.forecasting.panel.panel import Panel
from tsl.forecasting.panel.power import PowerTransform
from tsl.network import Loss, Optimizer

# Chosen by judgement, not measured:
AUTO_BATCH_SIZES = (32, 256)  # the smallest and the largest
STEPS_AN_EPOCH = 16  # the batch size is such that the rows last for at least this many steps

# Losses whose forecasts are quantiles, or close to them: a transform keeps quantiles, but it would bias means.
TRANSFORMED_LOSSES = ("absolute_error", "huber", "quantile")


def fit_config(params: Any, n_rows: int) -> FitConfig:
    """Return the training settings for a panel of `n_rows` rows; `params` has the parameters of `LSTMForecaster`.

    Raises
    ------
    ValueError
        If parameters are incompatible, or layer sizes are not integers of at least 1.
    """
    if params.intervals == "dropout" and params.dropout == 0:
        raise ValueError("intervals='dropout' needs dropout above 0, got dropout=0")
    smallest, largest = AUTO_BATCH_SIZES
    batch_size, max_iter = params.batch_size, params.max_iter
    if params.loss in COUNTS:
        _check_goes_with_counts(params)
    return FitConfig(
        hidden_size=_hidden_sizes(params.hidden_size, params.n_layers),
        embedding_size=int(params.embedding_size or 0),
        penalty=PENALTIES[0] if params.linear else None,
        loss=Loss(params.loss, quantiles=checked_quantiles(params.loss, params.quantiles)),
        optimizer=Optimizer(params.solver, alpha=params.alpha, clip_norm=params.clip_norm),
        learning_rate_init=params.learning_rate_init,
        dropout=params.dropout,
        batch_size=min(max(n_rows // STEPS_AN_EPOCH, smallest), largest) if batch_size == "auto" else int(batch_size),
        n_steps=MOST_STEPS if max_iter == "auto" else int(max_iter),
        n_threads=resolve_threads(params.n_threads),
        verbose=int(params.verbose),
    )


def _check_goes_with_counts(params: Any) -> None:
    """Check that no parameter is set that does not apply to counts."""
    for name, allowed in (
        ("differences", ("auto", None)),
        ("target_transform", ("auto", None)),
        ("intervals", ("calibrated",)),
    ):
        if getattr(params, name) not in allowed:
            raise ValueError(
                f"{name} must be {' or '.join(map(repr, allowed))} with loss={params.loss!r}, which gives the "
                f"distribution of counts, got {getattr(params, name)!r}"
            )


def _hidden_sizes(hidden_size: int | tuple[int, ...], n_layers: int) -> tuple[int, ...]:
    if not isinstance(hidden_size, tuple | list):
        return (int(hidden_size),) * n_layers
    sizes = tuple(hidden_size)
    if not sizes or not all(isinstance(size, Integral) and size >= 1 for size in sizes):
        raise ValueError(f"hidden_size must be an int from 1 up, or a tuple of them, got {hidden_size!r}")
    return tuple(int(size) for size in sizes)


def choose_for(
    params: Any, trial: HoldoutTrial, panel: Panel, config: FitConfig, season: int, hints: Sequence[int]
) -> Choices:
    """Choose by trials what the parameters leave open; `season` is the given or found one, `hints` the calendar's."""
    return choose(
        trial,
        panel,
        config,
        seasons_to_try(params, panel, season, hints),
        choices=windowing_choices(params, panel.future.shape[1]),
        n_models=params.n_models,
        steps=params.max_iter == "auto",
        simple=params.quantiles is None and params.intervals == "calibrated" and params.loss not in COUNTS,
    )


def learn_transform(params: Any, trial: HoldoutTrial, panel: Panel, config: FitConfig, season: int) -> PowerTransform:
    """Return the given or chosen transform of the target, which `trial` then uses.

    Raises
    ------
    ValueError
        If a given transform is not defined for a value.
    """
    kind = params.target_transform
    if kind == "auto" and params.loss in TRANSFORMED_LOSSES:
        return choose_transform(trial, panel, windowing_choices(params, panel.future.shape[1]), config, season)
    transform = PowerTransform.learn(None if kind == "auto" else kind, panel)
    trial.use(transform)
    return transform


def n_epochs(params: Any) -> int | None:
    """Return how many entries the histories of all networks will have together; None if trials decide."""
    if "auto" in (params.max_iter, params.n_models):
        return None
    return int(params.n_models) * -(-int(params.max_iter) // STEPS_AT_ONCE)


def seasons_to_try(params: Any, panel: Panel, season: int, hints: Sequence[int]) -> list[int]:
    """Return the season; if none is given or found, also the first one that the calendar suggests."""
    hints = [hint for hint in sorted(hints) if 1 < hint <= longest_window(panel, _steps_at_once(params)) // 2]
    return [season, *hints[:1]] if params.season == "auto" and season == 1 else [season]


def _steps_at_once(params: Any) -> int:
    return 1 if params.strategy == "recursive" else int(params.horizon)


def windowing_choices(params: Any, n_future: int) -> WindowingChoices:
    """Return what the parameters specify about windows, and what they leave open.

    Parameters
    ----------
    params : object
        An object with the parameters of `LSTMForecaster` as attributes.
    n_future : int
        Number of columns that are known ahead.
    """
    scaling, differences = params.scaling, params.differences
    horizon = _steps_at_once(params)
    start = Windowing(
        window=1,
        segment=1,
        horizon=horizon,
        level=0 if scaling is None else 1,
        spread=0 if scaling in ("auto", "window") else None,
        masked=params.missing == "mask",
        n_future=n_future,
        counts=params.loss if params.loss in COUNTS else None,
    )
    lag: int | None
    if params.loss in COUNTS:
        lag = 0
    elif differences == "auto":
        lag = 0 if start.spread is None else None
    elif differences is None:
        lag = 0
    else:
        lag = -(-horizon // int(differences)) * int(differences)
    return WindowingChoices(
        start,
        window=None if params.window == "auto" else int(params.window),
        lag=lag,
        segment=None if params.segment == "auto" else int(params.segment),
        standardised=scaling == "auto",
    )


def parameters_of(windowing: Windowing, season: int, n_steps: int) -> dict[str, Any]:
    """Return the parameters of one network that fix all of this."""
    return {
        "window": windowing.window,
        "segment": windowing.segment,
        "season": season,
        "differences": windowing.lag or None,
        "scaling": windowing.scaling,
        "max_iter": n_steps,
        "n_models": 1,
    }
