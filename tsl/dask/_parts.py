"""What workers hold of a forecaster, the series of one replica, and the tasks on them: pure functions."""

from __future__ import annotations

import contextlib
import copy
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tsl.forecasting import LSTMForecaster
from tsl.forecasting.evaluation.backtest import Plan, check_cutoffs, first_cutoffs
from tsl.forecasting.evaluation.calibration import calibration_of
from tsl.forecasting.evaluation.conformal import Calibration
from tsl.forecasting.evaluation.score import scaled_errors
from tsl.forecasting.frames.intervals import IntervalRequest
from tsl.forecasting.frames.schema import Schema
from tsl.forecasting.model.replicas import hashes_of
from tsl.forecasting.panel.outliers import without_outliers
from tsl.forecasting.panel.panel import Panel, joined
from tsl.forecasting.panel.scale import naive_scale
from tsl.forecasting.panel.store import MOST_READINGS, SeriesStore

Caught = list[tuple[type[Warning], str]]
"""Warnings on a worker, for the client to repeat."""


@contextlib.contextmanager
def recorded() -> Iterator[Caught]:
    """Record warnings; the list has them at the end."""
    found: Caught = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield found
    found += [(one.category, str(one.message)) for one in caught]


class Part(NamedTuple):
    """The series of a replica that a forecaster knows."""

    store: SeriesStore
    usual: NDArray[np.float64]
    """(n_series,) their naive scales in training."""
    schema: Schema
    """With what is known of these series alone: static covariates, and patterns of the time stamps."""
    outliers: Caught = []  # noqa: RUF012 (never changed)
    """Warnings of readings that cannot be right."""


# --- reading --------------------------------------------------------------------------------------------------


def read_panel(
    frame: pd.DataFrame, schema: Schema, sample_weight: str | None, unfitted: LSTMForecaster, nothing: Panel
) -> Panel:
    """Return the series of a frame in the order of their hashes, missing readings still missing; or else `nothing`."""
    if not len(frame):
        return nothing
    panel = schema.read(frame, sample_weight=sample_weight, unknown=unfitted.unknown)
    unfitted._check_values(panel)
    return panel.of_series(np.argsort(hashes_of(panel.ids), kind="stable"))


def hashes_and_lengths(panel: Panel) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Return both (n_series,)."""
    return hashes_of(panel.ids), panel.lengths


def series_with(panel: Panel, hashes: NDArray[np.uint64]) -> Panel:
    """Return the series with these hashes."""
    return panel.of_series(np.flatnonzero(np.isin(hashes_of(panel.ids), hashes)))


def in_order_of_hashes(panels: Sequence[Panel]) -> Panel:
    """Return the series of all panels, which are at least one, in the order of their hashes."""
    panel = joined([panel for panel in panels if panel.n_series])
    return panel.of_series(np.argsort(hashes_of(panel.ids), kind="stable"))


# --- a fitted model and a part --------------------------------------------------------------------------------


def known_part(panel: Panel, model: LSTMForecaster) -> Part:
    """Return what a fitted model knows of the series of a replica."""
    if not panel.n_series:
        return Part(SeriesStore(panel, model.missing), np.zeros(0), model.schema_)
    schema = model.schema_.with_series(panel)
    static = replace(schema.static, ids=panel.ids, values=panel.static)
    with recorded() as outliers:
        tame = without_outliers(panel, len(schema.future.names), warn=True)
    usual = naive_scale(tame, model.season_)
    return Part(SeriesStore(panel, model.missing), usual, replace(schema, static=static), outliers)


def has_cold_start(part: Part) -> bool:
    """Return whether a series has so few readings that it is forecast from what others did."""
    return bool((part.store.panel().n_readings <= MOST_READINGS).any())


def outliers_of(part: Part) -> Caught:
    """Return the warnings of readings that cannot be right."""
    return part.outliers


def lean(model: LSTMForecaster, sample: Panel | None = None) -> LSTMForecaster:
    """Return the model without the series that it knows, with a sample of all series where that is needed."""
    own, panel = copy.copy(model), model._history.panel()
    own._sample = sample
    own._history = SeriesStore(panel.select(np.zeros(0, np.int64), np.zeros(0, np.int64)), model.missing)
    own._usual = np.zeros(0)
    own.callbacks = None
    return own


def whole(model: LSTMForecaster, parts: Sequence[Part]) -> LSTMForecaster:
    """Return the model with the series of all parts, in the order of their ids where these can be ordered."""
    own, stores = copy.deepcopy(lean(model)), [part.store for part in parts]
    panel = joined([store.panel() for store in stores])
    with contextlib.suppress(TypeError):  # of ids of several types
        panel = panel.of_series(np.asarray(panel.ids.argsort()))
    schema = model.schema_.with_series(panel)
    own.schema_ = replace(schema, static=replace(schema.static, ids=panel.ids, values=panel.static))
    own._history = SeriesStore(panel, model.missing)
    own._history.fitted_ids = stores[0].fitted_ids.append([store.fitted_ids for store in stores[1:]])
    own._history.fitted_until = np.concatenate([store.fitted_until for store in stores])
    own._usual = np.concatenate([part.usual for part in parts])
    own.callbacks = model.callbacks
    del own._sample
    return own


def panel_of(part: Part) -> Panel:
    """Return all known rows of a part."""
    return part.store.panel()


def with_part(model: LSTMForecaster, part: Part) -> LSTMForecaster:
    """Return the model as if it had been fitted to the series of a part alone."""
    own = copy.copy(model)
    own.schema_, own._history, own._usual = part.schema, part.store.copy(), part.usual
    return own


def calibrated(model: LSTMForecaster, sample: Panel, horizon: int) -> Calibration:
    """Return the errors to expect of a model, from a sample of the series that it knows."""
    own = with_part(model, known_part(sample, model))
    return calibration_of(own._model(), horizon)


def updated(model: LSTMForecaster, part: Part, frame: pd.DataFrame) -> Part:
    """Return the part with newer rows."""
    if not len(frame):
        return part
    own = with_part(model, part).update(frame)
    return Part(own._history, own._usual, own.schema_)


def predicted(
    model: LSTMForecaster,
    part: Part,
    data: pd.DataFrame | None,
    future: pd.DataFrame | None,
    empty: pd.DataFrame,
    options: dict[str, Any],
) -> pd.DataFrame:
    """Return the forecasts of the series of a part, or of those in `data`; `empty` where there are none."""
    if not (len(part.store.ids) if data is None else len(data)):
        return empty
    if future is not None and data is not None:  # what is known ahead of other series is not asked for
        id_col = model.schema_.roles.id_col
        future = future[future[id_col].isin(data[id_col].unique())]
    return with_part(model, part).predict(data=data, future=future, **options)


# --- evaluation -----------------------------------------------------------------------------------------------


class Facts(NamedTuple):
    """What the client wants to know of a split."""

    n_used: int
    """Series of which something is forecast."""
    longest: int
    """Rows of the longest series."""
    caught: Caught


class Split(NamedTuple):
    """The rows of a part before those that are to be forecast."""

    known: Panel
    cutoffs: NDArray[np.int64]
    """(n_series,) the first row of each series in the whole part that is not among them."""
    facts: Facts


def facts_of(split: Split) -> Facts:
    """Return what the client wants to know of a split."""
    return split.facts


def known_of(split: Split) -> Panel:
    """Return the rows that are known."""
    return split.known


def before_backtest(part: Part, plan: Plan) -> Split:
    """Return what is known before the windows of a backtest."""
    panel = part.store.panel()
    if not panel.n_series:
        return Split(panel, panel.ends, Facts(0, 0, []))
    table = plan.cutoffs(panel, panel.offsets[:-1])
    first, has_any = first_cutoffs(table), bool((table >= 0).any())
    with recorded() as caught:
        if has_any:
            check_cutoffs(table, panel, plan, plan.n_windows)
    known = panel.before(np.where(first < 0, panel.offsets[:-1], first))
    return Split(known, first, Facts(int((first >= 0).sum()), int(panel.lengths.max()), caught))


def before_last_horizon(part: Part, horizon: int) -> Split:
    """Return what is known before the last horizon of each series that is longer."""
    panel = part.store.panel()
    is_long = panel.lengths > horizon
    cutoffs = np.where(is_long, panel.ends - horizon, panel.ends)
    known = panel.before(np.where(is_long, cutoffs, panel.offsets[:-1]))
    return Split(known, cutoffs, Facts(int(is_long.sum()), int(panel.lengths.max(initial=0)), []))


def backtested(model: LSTMForecaster, part: Part, split: Split, plan: Plan, empty: pd.DataFrame) -> pd.DataFrame:
    """Return the forecasts of a backtest of a part, by a model that was fitted to what was known before."""
    if not split.facts.n_used:
        return empty
    panel, own = part.store.panel(), with_part(model, known_part(split.known, model))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the client has repeated those of `before_backtest`
        return own._backtest(panel, panel.offsets[:-1], plan, IntervalRequest.of(None, None))


def errors_of(model: LSTMForecaster, part: Part, split: Split, season: int) -> NDArray[np.float64]:
    """Return the scaled errors of series in the last horizon, by a model that was fitted to what was known before."""
    if not split.facts.n_used:
        return np.zeros(0)
    own = with_part(model, known_part(split.known, model))
    return scaled_errors(own._model(), part.store.panel(), split.cutoffs, season)
