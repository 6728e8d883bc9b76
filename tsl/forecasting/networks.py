"""Learning and forecasting of an LSTM forecaster: from a panel to networks, and from networks to forecasts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from numbers import Integral
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from tsl._estimator import resolve_threads
from tsl.forecasting.bounds import Bounds
from tsl.forecasting.evaluation.calibration import renewed
from tsl.forecasting.forecaster import Forecaster
from tsl.forecasting.frames.cutoffs import best_repeats
from tsl.forecasting.frames.schema import Schema
from tsl.forecasting.model.counts import COUNTS, check_counts
from tsl.forecasting.model.fit import STEPS_AT_ONCE, fit_networks
from tsl.forecasting.model.fit_time import FitTime
from tsl.forecasting.model.members import Member, alike, longest_window_learned
from tsl.forecasting.model.quantiles import checked_quantiles
from tsl.forecasting.model.replicas import deal, sample_of
from tsl.forecasting.model.ridge import PENALTIES
from tsl.forecasting.model.rounds import Here, Replicas, fit_on_replicas
from tsl.forecasting.model.sampling import without_short
from tsl.forecasting.model.search import Choices
from tsl.forecasting.model.settings import choose_for, fit_config, learn_transform, parameters_of
from tsl.forecasting.model.shares import SeriesShares
from tsl.forecasting.model.trained import TrainedNetworks
from tsl.forecasting.model.trials import HoldoutTrial
from tsl.forecasting.model.windows import ColumnStats
from tsl.forecasting.panel.domain import one_warning, report
from tsl.forecasting.panel.missing import fill
from tsl.forecasting.panel.outliers import without_outliers
from tsl.forecasting.panel.panel import Panel
from tsl.forecasting.panel.scale import naive_scale
from tsl.forecasting.panel.store import NewRows
from tsl.forecasting.protocol import Forecasts
from tsl.network import Network
from tsl.training import Callback, Checkpoint, History, compile_kernels

# Chosen on the training parts of M4 Hourly and ETTh1: see the page on learning on
TUNING_RATE = 0.1  # share of the learning rate for continued training
FORM = (
    "horizon", "window", "season", "segment", "hidden_size", "n_layers", "embedding_size", "linear", "scaling",
    "differences", "target_transform", "loss", "quantiles", "strategy", "n_models", "missing", "past", "future",
    "calendar",
)  # fmt: skip


class NetworkForecaster(Forecaster):
    """Forecaster whose forecast is the weighted mean of networks; the base class of `LSTMForecaster`."""

    _choices: Choices | None = None
    """Choices that a fit takes over instead of making its own: see `_clone_with_choices`."""

    _form: dict[str, Any] | None = None
    """The parameters that determined the networks in `fit`; None in files of earlier versions."""

    _shares: SeriesShares | None = None
    """The members' shares by series, if `fit` learned any; files of earlier versions have none."""

    networks_: list[Network]
    history_: list[History]

    @property
    def series_weights_(self) -> pd.DataFrame | None:
        """Weights of the members by series, if they depend on it: a row for each series and a column for each member.

        None if the weights in `members_` are those of all series.
        """
        check_is_fitted(self, "networks_")
        if self._shares is None:
            return None
        columns = [f"{member.kind} {number}" for number, member in enumerate(self.members_)]
        return pd.DataFrame(self._shares.known, index=self._shares.ids, columns=columns)

    # --- learning -------------------------------------------------------------------------------------------

    def _fit_panel(
        self,
        panel: Panel,
        time: FitTime | None = None,
        checkpoint: Checkpoint | None = None,
        callbacks: Sequence[Any] = (),
        further: Choices | None = None,
        newer: NewRows | None = None,
        replicas: Replicas | None = None,
    ) -> None:
        """Learn from `panel`; with `further`, the choices of an earlier fit, continue training its networks.

        Windows that reach into the `newer` rows are then emphasised. With `replicas`, on which the networks are
        trained, `panel` is a sample of their series.
        """
        time = FitTime(self.max_time) if time is None else time
        config = fit_config(self, len(panel.values))
        given, random_state = self.random_state, self._new_random_state(further)
        if checkpoint is not None:
            checkpoint.begin(random_state, type(self).__name__, seeded=given is not None)
        if self.max_time is not None:
            with time.stopped():
                compile_kernels(np.float32, int(self.verbose))
        chosen = self._choices if further is None else further
        if chosen is None:
            trial = self._new_trial(panel, random_state, time, checkpoint, replicas)
            self.transform_ = learn_transform(self, trial, panel, config, self.season_)
            panel = self.transform_.apply(panel)
            chosen = choose_for(self, trial, panel, config, self.season_, self.schema_.season_hints)
            self.search_results_ = trial.table()
        else:
            if further is None:
                self.transform_ = chosen.transform.again(panel)
            panel = self.transform_.apply(panel)
        members, horizon = chosen.members, chosen.members[0].windowing.horizon
        config = replace(config, penalty=chosen.penalty, n_steps=chosen.n_steps)
        panel = without_short(panel, longest_window_learned(members) + horizon, self.short)
        start: list[tuple[Network, History]] = []
        first_new = None
        if further is None:
            self._keep_choices(chosen, panel)
        elif config.n_steps:  # otherwise the linear map is refitted
            config = replace(config, learning_rate_init=TUNING_RATE * config.learning_rate_init)
            start = list(zip(self.networks_, self.history_))
            first_new = None if newer is None else newer.first_rows(panel)
        seeds = [random_state.randint(2**31) for _ in members]
        learned = (members, self._scaling, config, seeds)
        if replicas is None:
            fitted = fit_networks(panel, *learned, time, checkpoint, callbacks, start, first_new)
        else:
            fitted = fit_on_replicas(panel, replicas, *learned, self.transform_, self.short, checkpoint, callbacks)
        self.networks_ = [network for network, _ in fitted]
        self.history_ = [history for _, history in fitted]
        if checkpoint is not None:
            checkpoint.write()

    def _new_trial(
        self,
        panel: Panel,
        random_state: np.random.RandomState,
        time: FitTime,
        checkpoint: Checkpoint | None,
        replicas: Replicas | None,
    ) -> HoldoutTrial:
        """Return the trial that chooses the "auto" parameters of a fit to `panel`."""
        seed = int(random_state.randint(2**31))
        runner = replicas.runner if replicas is not None and checkpoint is None else None
        return HoldoutTrial(panel, self.season_, seed, time, checkpoint, int(self.verbose), runner)

    def _keep_choices(self, chosen: Choices, panel: Panel) -> None:
        """Store the choices of `fit`, and what it learns about the columns of `panel`."""
        self.season_, self.n_steps_, self._penalty = chosen.season, chosen.n_steps, chosen.penalty
        self.members_, self.windowing_ = list(chosen.members), chosen.members[0].windowing
        self._shares = chosen.shares
        self._scaling = ColumnStats.learn(panel)
        self._repeats = best_repeats(panel, len(self.schema_.future.names), self.season_, self.windowing_.horizon)
        self._form = {name: getattr(self, name) for name in FORM}

    def _new_random_state(self, further: Choices | None) -> np.random.RandomState:
        """Return the random state of a fit; each continued training gets another one."""
        given = self.random_state
        if given is None:
            return np.random.RandomState()
        if further is None or not isinstance(given, Integral):
            return check_random_state(given)
        return np.random.RandomState([int(given), 1 + sum(history.n_iter for history in self.history_)])

    def _fit_read(self, schema: Schema, panel: Panel, *, warn: bool = False, **options: Any) -> Self:
        if self.n_replicas == 1 or options.get("further") is not None:
            return super()._fit_read(schema, panel, warn=warn, **options)
        replicas = Replicas(deal(panel, self.n_replicas), self.missing, len(schema.future.names), Here())
        self._fit_sample(schema, sample_of(panel), replicas, **options)
        self._know(panel, without_outliers(panel, len(schema.future.names), warn=warn))
        return self

    @one_warning
    def _fit_sample(self, schema: Schema, sample: Panel, replicas: Replicas, **options: Any) -> Self:
        """Learn from `replicas`, and what they have in common from a sample of their series."""
        if self.max_time is not None:
            raise ValueError(
                f"max_time must be None with n_replicas above 1, got {self.max_time!r}: replicas have no time limit"
            )
        return super()._fit_read(schema, sample, replicas=replicas, **options)

    def _calibration_panel(self, panel: Panel) -> Panel:
        own = super()._calibration_panel(panel)
        return sample_of(own) if self.n_replicas > 1 and self._sample is None else own

    # --- continued learning ---------------------------------------------------------------------------------

    def _fit_further(self, data: Any, roles: dict[str, Any], static: Any, sample_weight: Any, **training: Any) -> None:
        """Continue training the networks on `data`, whose rows replace the known ones."""
        self._check_form()
        schema = self._schema_again(roles, static)
        panel = schema.read(data, sample_weight=sample_weight, unknown=self.unknown)
        self._check_values(panel)
        before, usual, further = self._history, self._usual, self._choices_again(self.n_steps_)
        if self.max_iter != "auto":
            further = replace(further, n_steps=int(self.max_iter))
        self._fit_read(schema.with_series(panel), panel, warn=True, further=further, **training)
        self.season_ = further.season
        self._history.fitted_before(before)
        others = self._history.fitted_ids[panel.n_series :]
        self._usual = np.concatenate([self._usual, usual[before.fitted_ids.get_indexer(others)]])

    def _learn_more(self, data: Any, roles: dict[str, Any], static: Any) -> None:
        """Add the unknown rows of `data`, and continue training the networks on all of its rows."""
        self._check_form()
        schema = self._schema_again(roles, static)
        given, added = replace(self._continuation(), schema=schema).with_known(data)
        self._check_values(given)
        store, n_covariates = self._history, len(schema.future.names)
        added_rows: Any = False
        if added is not None:
            store.add(added, self._context_length())
            self.schema_ = schema.with_series(added)
            self._see(data)
            added_rows = NewRows.of(added).mask(store.panel())
            self._renew_calibrations(NewRows.of(added))
        panel = store.panel()
        clipped = without_outliers(panel, n_covariates, warn=added_rows)
        self._fit_panel(
            fill(clipped, self.missing),
            callbacks=self._own_callbacks(),
            further=self._choices_again(STEPS_AT_ONCE),
            newer=NewRows.of(given),
        )
        is_new = self._history.fitted_ids.get_indexer(panel.ids) < 0
        self._usual = np.concatenate([self._usual, naive_scale(clipped, self.season_)[is_new]])
        store.fitted()

    def _renew_calibrations(self, added: NewRows) -> None:
        """Update calibrations with the errors in forecasting rows that are not learned from yet."""
        model, panel = self._model(), self._history.panel()
        for horizon, kept in list(self._calibrations.items()):
            self._calibrations[horizon] = renewed(model, kept, panel, added.first_rows(panel))

    def _schema_again(self, roles: dict[str, Any], static: Any) -> Schema:
        """Return the schema for more data of the same form, with the static covariates of new series."""
        return self._continuation().schema.again(**roles, static=static, unknown=self.unknown)

    def _check_form(self) -> None:
        """Check that no parameter that determines the networks has changed."""
        for name, before in (self._form or {}).items():
            if getattr(self, name) != before:
                raise ValueError(
                    f"{name} must stay as it was in fit, {before!r}, if networks are trained further, got "
                    f"{getattr(self, name)!r}: with warm_start=False, fit starts from scratch"
                )

    def _own_callbacks(self) -> list[Any]:
        return [one.for_estimator(self) if isinstance(one, Callback) else one for one in self.callbacks or ()]

    def _choices_again(self, n_steps: int) -> Choices:
        """Return the choices of `fit`, with this number of training steps."""
        penalty = getattr(self, "_penalty", PENALTIES[0] if self.linear else None)  # not in files of version 1
        members, n_steps = tuple(self._members()), n_steps if self.n_steps_ else 0
        return Choices(self.season_, members, penalty, n_steps, self.transform_, self._shares)

    def _check_values(self, panel: Panel) -> None:
        """Check that the target has values that `loss` and `bounds` allow."""
        Bounds.of(self.bounds).check(panel)
        if self.loss in COUNTS:
            check_counts(panel, self.loss)

    def _check_added(self, panel: Panel) -> None:
        report(self.transform_.replaced(panel))

    # --- forecasting ----------------------------------------------------------------------------------------

    def _members(self) -> list[Member]:
        """Return the members; files of earlier versions do not have `members_`."""
        return getattr(self, "members_", alike(self.windowing_, len(self.networks_)))

    def _bounds(self) -> Bounds:
        """Return the bounds of forecasts; counts are never below 0."""
        bounds = Bounds.of(self.bounds)
        return Bounds(max(bounds.low, 0.0), bounds.high) if self.loss in COUNTS else bounds

    def _context_length(self) -> int:
        return max(member.windowing.context for member in self._members())

    def _rows_ahead(self, horizon: int) -> int:
        block = self.windowing_.horizon
        return -(-horizon // block) * block

    def _forecast(
        self, panel: Panel, cutoffs: NDArray[np.int64], horizon: int, quantiles: Sequence[float]
    ) -> Forecasts:
        if self.loss in COUNTS and (panel.values < 0).any():
            check_counts(panel, self.loss)
        trained, n_threads = checked_quantiles(self.loss, self.quantiles), resolve_threads(self.n_threads)
        members = self._members()
        if self._shares is None:
            shares = np.array([[member.weight for member in members]])
        else:
            shares = self._shares.of(panel.ids)
        model = TrainedNetworks(self.networks_, members, self._scaling, self.transform_, trained, n_threads, shares)
        dropout = self.dropout if self.intervals == "dropout" else None
        return model.forecast(panel, cutoffs, horizon, quantiles, dropout)

    def _clone_with_choices(self) -> Self:
        """Return an unfitted forecaster that takes over the choices of `fit`."""
        if not hasattr(self, "members_"):  # the model comes from a file of an earlier version
            return clone(self).set_params(**parameters_of(self.windowing_, self.season_, self.n_steps_))
        other = clone(self).set_params(season=self.season_)
        other._choices = self._choices_again(self.n_steps_)
        return other
