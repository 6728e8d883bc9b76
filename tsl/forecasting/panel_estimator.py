"""What a forecaster learns and keeps, and the fitted model that evaluation uses."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from numbers import Integral
from typing import Any, Self, TypeVar, get_args
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, clone
from sklearn.utils.validation import check_is_fitted

from tsl._sklearn import Interval, StrOptions, check_parameters
from tsl.forecasting.bounds import Bounds
from tsl.forecasting.evaluation.calibration import scales_as_fitted
from tsl.forecasting.frames.continuation import Continuation
from tsl.forecasting.frames.cutoffs import known_in_parts, with_covariates_of
from tsl.forecasting.frames.encoder import Unknown
from tsl.forecasting.frames.schema import Schema
from tsl.forecasting.locks import lock_of
from tsl.forecasting.model.cold_start import ColdStart
from tsl.forecasting.panel.missing import WAYS, check_missing, fill
from tsl.forecasting.panel.outliers import without_outliers
from tsl.forecasting.panel.panel import Panel
from tsl.forecasting.panel.scale import naive_scale
from tsl.forecasting.panel.seasonality import find_season
from tsl.forecasting.panel.store import MOST_READINGS, SeriesStore
from tsl.forecasting.protocol import Exchange, Forecasts
from tsl.forecasting.times.frequency import Freq
from tsl.persistence import from_plain, to_plain

Kept = TypeVar("Kept")

_cold_starts: WeakKeyDictionary[Panel, dict[tuple[Any, ...], ColdStart]] = WeakKeyDictionary()


class PanelEstimator(BaseEstimator):
    """Base class of estimators that learn from a panel.

    A subclass has the parameters `horizon`, `season`, `missing`, `past`, `future`, `calendar` and `freq`, and
    implements `_fit_panel`, `_forecast` and `_context_length`.
    """

    _parameter_constraints: dict[str, list[Any]] = {  # noqa: RUF012 (scikit-learn's name)
        "horizon": [Interval(Integral, 1, None, closed="left")],
        "season": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
        "missing": [StrOptions(set(WAYS))],
        "past": [list, tuple, None],
        "future": [list, tuple],
        "calendar": [StrOptions({"auto"}), list, tuple, None],
        "freq": [str, Interval(Integral, 1, None, closed="left"), pd.offsets.BaseOffset, pd.Timedelta, None],
        "unknown": [StrOptions(set(get_args(Unknown)))],
    }
    horizon: int
    season: int | str
    missing: str
    past: Sequence[Any] | None
    future: Sequence[Any]
    calendar: str | Sequence[str] | None
    freq: Freq
    unknown: Unknown = "error"

    _repeats: tuple[int, ...] = ()
    """How unknown covariates are replaced: see `tsl.forecasting.frames.cutoffs.known_at`."""

    _sample: Panel | None = None
    """A sample of all series, if the estimator itself knows only some of them."""

    def _bounds(self) -> Bounds:
        """Return the bounds of forecasts."""
        return Bounds()

    # --- implemented by subclasses ----------------------------------------------------------------------------

    def _fit_panel(self, panel: Panel) -> None:
        """Learn from `panel`, whose missing readings are filled; ``schema_`` and ``season_`` are set."""
        raise NotImplementedError

    def _forecast(
        self, panel: Panel, cutoffs: NDArray[np.int64], horizon: int, quantiles: Sequence[float]
    ) -> Forecasts:
        """Return forecasts after the rows ``panel.offsets[k] : cutoffs[i]`` of each cutoff's series `k`.

        Covariates known ahead are in the rows from ``cutoffs[i]`` on, of which nothing else may be used. If
        `_context_length` is a number, each series has one cutoff and contains only what is known there.
        """
        raise NotImplementedError

    def _context_length(self) -> int | None:
        """Return how many rows before its cutoff a forecast depends on.

        None means all of them: `_forecast` then gets the series unchanged, including missing readings.
        """
        raise NotImplementedError

    def _rows_ahead(self, horizon: int) -> int:
        """Return the number of rows after its cutoff whose covariates a forecast of `horizon` steps reads."""
        return horizon

    def _clone_with_choices(self) -> Self:
        """Return an unfitted forecaster with the choices of `fit` as its parameters."""
        return clone(self)

    # --- pickling -------------------------------------------------------------------------------------------

    def __getstate__(self) -> dict[str, Any]:
        """Return the state with what was learned as text and arrays, since skops does not support pandas indexes."""
        state = super().__getstate__()
        names = self.get_params(deep=False)
        learned = {name: value for name, value in state.items() if name not in names}
        try:
            return {name: value for name, value in state.items() if name in names} | {"_learned": to_plain(learned)}
        except TypeError:  # ids or an offset that tsl files do not support, but pickle does
            return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Restore the state from `__getstate__` of this version or an earlier one."""
        learned = from_plain(state["_learned"]) if "_learned" in state else {}
        super().__setstate__({name: value for name, value in state.items() if name != "_learned"} | learned)

    # --- learning -------------------------------------------------------------------------------------------

    def _read_training(self, data: Any, **roles: Any) -> tuple[Schema, Panel]:
        """Return the schema of the training data, and the data as a panel."""
        check_parameters(self)
        schema, panel = Schema.learn(
            data,
            **roles,
            past=self.past,
            future=self.future,
            freq=self.freq,
            calendar=self.calendar,
            warn=self.past is None,
        )
        self._check_values(panel)
        return schema, panel

    def _check_values(self, panel: Panel) -> None:
        """Check that the target is suitable for the estimator."""

    def _check_added(self, panel: Panel) -> None:
        """Warn about rows that `update` adds and that forecasts do not read as they are."""

    def _fit_read(self, schema: Schema, panel: Panel, *, warn: bool = False, **options: Any) -> Self:
        """Learn from `panel`, whose missing readings are still missing; `options` are passed to `_fit_panel`.

        `warn` says whether to warn about outliers.
        """
        check_missing(panel, self.missing)
        self.schema_ = schema
        clipped = without_outliers(panel, len(schema.future.names), warn=warn)
        filled = fill(clipped, self.missing)
        self.season_ = find_season(filled, schema.season_hints) if self.season == "auto" else int(self.season)
        self._fit_panel(filled, **options)
        self._know(panel, clipped)
        return self

    def _know(self, panel: Panel, clipped: Panel) -> None:
        """Store `panel` as the known rows; `clipped` is the same without outliers."""
        # saved files contain these attributes under these names
        self._history = SeriesStore(panel, self.missing)
        self._usual = naive_scale(clipped, self.season_)
        self._calibrations: dict[int, Any] = {}

    def _calibration_panel(self, panel: Panel) -> Panel:
        """Return the known series that intervals and cold starts are learned from."""
        return panel if self._sample is None else self._sample

    def _see(self, data: Any) -> None:
        """Remember which rows a frame had, if the panel does not show it."""
        times = self.schema_.shared_times(data)
        if times is not None:
            self._history.see(times)

    def _continuation(self) -> Continuation:
        """Return the reader of frames of later rows."""
        check_is_fitted(self, "schema_")
        if self.schema_.axis.lacks_patterns:  # the model comes from a file without timestamp patterns
            self.schema_ = self.schema_.with_series(self._history.panel())
        return Continuation(self.schema_, self._history, self.freq, self.unknown, self.missing)

    def _model(self) -> FittedModel:
        """Return the fitted model that evaluation works on."""
        check_is_fitted(self, "schema_")
        return FittedModel(self)


class FittedModel:
    """A fitted `PanelEstimator` as a `tsl.forecasting.protocol.PanelModel`: panels and cutoffs in, arrays out."""

    def __init__(self, estimator: PanelEstimator) -> None:
        self._estimator = estimator
        self.horizon = int(estimator.horizon)
        self.season: int = estimator.season_
        self.n_covariates = len(estimator.schema_.future.names)

    @property
    def season_hints(self) -> tuple[int, ...]:
        """Return the seasons that the calendar suggests."""
        return self._estimator.schema_.season_hints

    def panel(self) -> Panel:
        """Return all known rows, with missing readings still missing."""
        return self._estimator._history.panel()

    def cold_start(self, horizon: int) -> ColdStart:
        """Return the model for series with almost no readings, learned from the known series and kept for these."""
        panel, key = self.panel(), (horizon, self.season, self._estimator.missing)
        others = panel if self._estimator._sample is None else self._estimator._sample
        with lock_of(others):  # threads that need it at the same time share one
            kept = _cold_starts.setdefault(others, {})
            if key not in kept:
                kept[key] = self._learn_cold_start(panel, horizon)
            return kept[key]

    def _learn_cold_start(self, known: Panel, horizon: int) -> ColdStart:
        panel = self._estimator._calibration_panel(known)
        others = panel.of_series(np.flatnonzero(panel.n_readings > MOST_READINGS))
        filled = fill(without_outliers(others, self.n_covariates), self._estimator.missing)
        return ColdStart.learn(filled, horizon, self.season)

    def forecast_new(
        self, panel: Panel, cutoffs: NDArray[np.int64], horizon: int, quantiles: Sequence[float], known: Panel | None
    ) -> Forecasts:
        """Return forecasts from the rows `cutoffs` (n,) on, before which there are almost no readings.

        They come from the series of `known`, by default from all known series.
        """
        cold = self.cold_start(horizon) if known is None else self._learn_cold_start(known, horizon)
        return Forecasts(*(self.bounded(one) for one in cold.forecast(panel, cutoffs, horizon, quantiles)))

    def calibration_panel(self) -> Panel:
        """Return the known rows that intervals and cold starts are learned from; missing readings are still missing."""
        return self._estimator._calibration_panel(self.panel())

    def was_fitted(self, panel: Panel, rows: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return whether each of these rows (n,) of `panel` was in the training set."""
        return self._estimator._history.was_fitted(panel, rows)

    def refit(self, panel: Panel, *, keep_choices: bool = False) -> FittedModel:
        """Return a model with the same parameters, fitted to `panel`."""
        own = self._estimator
        unfitted = own._clone_with_choices() if keep_choices else clone(own)
        return FittedModel(unfitted._fit_read(own.schema_, panel))

    def kept(self, horizon: int, make: Callable[[], Kept]) -> Kept:
        """Return what the model keeps for this horizon; create it with `make` if there is nothing yet."""
        kept = self._estimator._calibrations
        with lock_of(self._estimator):  # concurrent threads wait for one instead of each making one
            if horizon not in kept:
                kept[horizon] = make()
            return kept[horizon]

    def naive_scale(self, panel: Panel) -> NDArray[np.float64]:
        """Return the scale of each series (n_series,): the fitted one, or that of `panel` for other series."""
        own = self._estimator
        return scales_as_fitted(panel, own._history.fitted_ids, own._usual, self.season, self.n_covariates)

    def forecast(
        self,
        panel: Panel,
        cutoffs: NDArray[np.int64],
        horizon: int,
        quantiles: Sequence[float] = (),
        *,
        n_known: NDArray[np.int64] | None = None,
        missing: str | None = None,
        exchange: Exchange | None = None,
    ) -> Forecasts:
        """Return what `predict` would return at each cutoff (n,).

        Missing readings of `panel` are still missing. Covariates are known for `n_known` (n,) rows ahead, by default
        for those that are forecast. `missing` overrides the parameter. With `exchange`, covariates are those known at
        other cutoffs.
        """
        n_known = np.full(len(cutoffs), horizon) if n_known is None else n_known
        missing = self._estimator.missing if missing is None else missing
        n_ahead = self._estimator._rows_ahead(horizon)
        windows = self._known_at(panel, cutoffs, n_known, n_ahead, missing)
        if exchange is not None:
            donors = self._known_at(panel, exchange.donors, n_known, n_ahead, missing)
            windows = (
                (with_covariates_of(*own, *other, exchange.past, exchange.future), own[1])
                for own, other in zip(windows, donors)
            )
        parts = [self._estimator._forecast(*known, horizon, quantiles) for known in windows]
        points = self.bounded(np.concatenate([part.points for part in parts]))
        if not quantiles:
            return Forecasts(points, np.empty((*points.shape, 0)))
        own = [part.quantiles for part in parts if part.quantiles is not None]
        return Forecasts(points, self.bounded(np.concatenate(own)) if own else None)

    def bounded(self, forecasts: NDArray[np.float64]) -> NDArray[np.float64]:
        """Clip forecasts to the bounds of the target."""
        return self._estimator._bounds().clip(forecasts)

    def _known_at(
        self, panel: Panel, cutoffs: NDArray[np.int64], n_known: NDArray[np.int64], n_ahead: int, missing: str
    ) -> Iterator[tuple[Panel, NDArray[np.int64]]]:
        """Return what is known at the cutoffs, for limited numbers of them at a time, to save memory."""
        own, context = self._estimator, self._estimator._context_length()
        if context is None:
            return iter([(panel, cutoffs)])
        return known_in_parts(
            panel,
            cutoffs,
            own.schema_,
            missing,
            context=context,
            n_known=n_known,
            n_ahead=n_ahead,
            repeats=own._repeats,
        )
