"""Permutation importance of a forecaster's covariates."""

from __future__ import annotations

import itertools
import math
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.utils import check_random_state

from tsl._checks import check_count, check_one_of
from tsl._tables.columns import CUTOFF
from tsl.forecasting.evaluation.importance import CovariateColumns, exchanged_forecasts
from tsl.forecasting.evaluation.plan import Plan
from tsl.forecasting.forecaster import Forecaster
from tsl.forecasting.frames.schema import Schema
from tsl.forecasting.panel.domain import one_warning
from tsl.forecasting.panel.panel import Panel
from tsl.inspection._importances import importances_bunch
from tsl.metrics import evaluate

ERRORS = ("mae", "rmse", "mape", "smape", "wmape")
SCALED = ("mase", "rmsse")


class _Covariate(NamedTuple):
    """A covariate, or all covariates of a role."""

    name: Any
    role: Literal["past", "future", "static", "calendar"]
    columns: CovariateColumns


@one_warning
def covariate_importance(
    forecaster: Any,
    data: Any = None,
    *,
    by: Literal["column", "role"] = "column",
    metric: Literal["mae", "rmse", "mape", "smape", "wmape", "mase", "rmsse"] = "mae",
    n_windows: int = 10,
    step: int | None = None,
    n_repeats: int = 5,
    random_state: Any = None,
) -> Any:
    """Measure how much a forecaster's error increases when covariates are exchanged between windows.

    The windows are those of a backtest. In each of them, a covariate gets its values from another window, at the same
    steps relative to the cutoff, while the target is unchanged.

    Parameters
    ----------
    forecaster : LSTMForecaster
        A fitted forecaster with covariates or calendar features. It is not changed.
    data : Series or DataFrame, optional
        Rows after those of `fit`, with their covariates, whose last windows are forecast. By default, the last windows
        of the known rows are forecast by a copy of the forecaster that is fitted to the rows before them, as in
        `backtest`.
    by : {"column", "role"}, default="column"
        What is exchanged at a time: a data column or a calendar feature, or all covariates of a role.
    metric : {"mae", "rmse", "mape", "smape", "wmape", "mase", "rmsse"}, default="mae"
        The error, as `tsl.metrics.evaluate` computes it. ``mase`` and ``rmsse`` are scaled by differences over
        ``season_`` steps.
    n_windows : int, default=10
        Windows of each series; more windows make the result less noisy.
    step : int, optional
        Steps from one cutoff to the next. Default: the smallest number from `horizon` up that has no divisor in common
        with the season, so that cutoffs fall on every phase of it.
    n_repeats : int, default=5
        Number of exchanges.
    random_state : int, RandomState instance or None, default=None
        Source of the exchanges; an int makes the result reproducible, if the forecaster has one too or is not refitted.

    Returns
    -------
    result : Bunch
        importances_mean : ndarray of shape (n_covariates,)
            Mean increase of the error over the exchanges.
        importances_std : ndarray of shape (n_covariates,)
            Standard deviation over the exchanges.
        importances : ndarray of shape (n_covariates, n_repeats)
            The increase for each exchange.
        covariates : ndarray of shape (n_covariates,)
            The columns and calendar features, or the roles.
        roles : ndarray of shape (n_covariates,)
            The role of each: ``"past"``, ``"future"``, ``"static"`` or ``"calendar"``.
        baseline : float
            The error with all covariates unchanged.
        metric : str
            The name of the error.

    Raises
    ------
    TypeError
        If `forecaster` is not a forecaster.
    ValueError
        If the forecaster has no covariates, an argument is out of range, there are fewer than two windows, or, with
        static covariates, fewer than two series.

    Warns
    -----
    TooShortWarning
        If a series has fewer windows than `n_windows`.

    See Also
    --------
    permutation_importance : The same for estimators that take windows.
    tsl.plotting.plot_importance : Plot the result.

    Notes
    -----
    Rows are not shuffled in time: within a window the covariate takes the course it had in another window, both before
    the cutoff and, if it is known ahead, after it. Windows are exchanged between all cutoffs of all series, as
    observations are in [1]_. No window keeps its own values, so the mean estimates the second term of the model
    reliance in [2]_, of which the first is `baseline`. Static covariates are exchanged between series.

    A covariate that is the same in all windows has importance 0: with a step of whole days, for example, every cutoff
    is at the same time of day. The importance is also low if the past target carries the same information, such as the
    season.

    References
    ----------
    .. [1] Breiman, L. (2001). Random forests. Machine Learning 45, 5-32.
    .. [2] Fisher, A., Rudin, C., & Dominici, F. (2019). All models are wrong, but many are useful: Learning a
       variable's importance by studying an entire class of prediction models simultaneously. Journal of Machine
       Learning Research 20 (177), 1-81.

    Examples
    --------
    Sales that rise by 4 with an offer, and do not depend on the weather:

    >>> import numpy as np
    >>> import pandas as pd
    >>> from tsl import LSTMForecaster
    >>> from tsl.inspection import covariate_importance
    >>> days, rng = pd.date_range("2024-01-01", periods=400), np.random.default_rng(0)
    >>> sales = pd.DataFrame({"offer": rng.random(400) < 0.3, "weather": rng.normal(size=400)}, days)
    >>> sales["sold"] = 20 + 4 * sales["offer"] + rng.normal(size=400)
    >>> small = {"horizon": 7, "window": 14, "hidden_size": 8, "max_iter": 100, "calendar": None, "random_state": 0}
    >>> forecaster = LSTMForecaster(future=["offer", "weather"], **small).fit(sales[:300], target="sold")
    >>> result = covariate_importance(forecaster, sales[300:], random_state=0)
    >>> dict(zip(result.covariates, (result.importances_mean > 0.5).tolist()))
    {'offer': True, 'weather': False}
    """
    if not isinstance(forecaster, Forecaster):
        raise TypeError(f"forecaster must be a forecaster of tsl, got {type(forecaster).__name__}")
    model = forecaster._model()
    check_one_of("by", by, ("column", "role"))
    check_one_of("metric", metric, (*ERRORS, *SCALED))
    n_repeats = check_count("n_repeats", n_repeats, 1)
    covariates = _covariates(forecaster.schema_, whole_roles=by == "role")
    if not covariates:
        raise ValueError("forecaster must have covariates or features of the calendar, got none")
    step = _step(model.horizon, model.season) if step is None else step
    plan = Plan.of(model.horizon, n_windows, step, gap=0, refit=False, window="expanding")
    panel, lowest = forecaster._continuation().whole(data)
    columns, random_state = [one.columns for one in covariates], check_random_state(random_state)
    found = exchanged_forecasts(model, panel, lowest, plan, columns, n_repeats, random_state)
    forecasts = [found.points, *found.exchanged.reshape(-1, *found.points.shape)]
    baseline, *errors = _errors(panel, found.cutoffs, forecasts, metric, model.season)
    return importances_bunch(
        np.reshape(errors, (len(covariates), n_repeats)) - baseline,
        covariates=pd.Index([one.name for one in covariates], dtype=object, tupleize_cols=False).to_numpy(),
        roles=np.array([one.role for one in covariates]),
        baseline=float(baseline),
        metric=metric,
    )


def _covariates(schema: Schema, *, whole_roles: bool) -> list[_Covariate]:
    """Return the covariates of a fitted forecaster, each with all columns that encode it."""
    n_future = len(schema.future.names)
    places: list[tuple[Any, Any, Any, list[int], int]] = [
        ("past", "past", schema.past.columns, schema.past.widths, 0),
        ("future", "future", schema.future.columns, schema.future.widths, 0),
        ("static", "static", schema.static.encoder.columns, schema.static.encoder.widths, 0),
        ("calendar", "future", schema.calendar.features, schema.calendar.widths, n_future),
    ]
    found = []
    for role, block, names, widths, start in places:
        stops = [start + width for width in itertools.accumulate(widths)]
        if whole_roles and names:
            found.append(_Covariate(role, role, CovariateColumns(block, list(range(start, stops[-1])))))
        elif names:
            for name, width, stop in zip(names, widths, stops):
                found.append(_Covariate(name, role, CovariateColumns(block, list(range(stop - width, stop)))))
    return found


def _step(horizon: int, season: int) -> int:
    """Return the smallest number from `horizon` up that is coprime to the season."""
    return next(step for step in itertools.count(horizon) if math.gcd(step, season) == 1)


def _errors(
    panel: Panel, cutoffs: NDArray[np.int64], forecasts: list[NDArray[np.float64]], metric: str, season: int
) -> NDArray[np.float64]:
    """Return the error of each of these forecasts (n, horizon) from the cutoffs (n,)."""
    horizon = forecasts[0].shape[1]
    rows = (cutoffs[:, None] + np.arange(horizon)).ravel()
    frame = pd.DataFrame({"unique_id": panel.series_of(rows), "ds": panel.times[rows], "y": panel.values[rows]})
    frame[CUTOFF] = panel.times[np.repeat(cutoffs - 1, horizon)]
    models = [f"forecast {k}" for k in range(len(forecasts))]
    frame = pd.concat([frame, pd.DataFrame(dict(zip(models, map(np.ravel, forecasts))))], axis=1)
    history = None
    if metric in SCALED:
        series = np.repeat(np.arange(panel.n_series), panel.lengths)
        history = pd.DataFrame({"unique_id": series, "ds": panel.times, "y": panel.values})
    table = evaluate(frame, [metric], history=history, season=season, models=models)
    return table[metric].to_numpy()
