"""What an LSTM forecaster learns, and what it forecasts: from a panel to networks, and from networks to forecasts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.utils import check_random_state

from tsl._estimator import resolve_threads
from tsl.forecasting.forecaster import Forecaster
from tsl.forecasting.frames.cutoffs import best_repeats
from tsl.forecasting.model.fit import fit_networks
from tsl.forecasting.model.fit_time import FitTime
from tsl.forecasting.model.members import Member, alike, longest_window_of
from tsl.forecasting.model.quantiles import checked_quantiles
from tsl.forecasting.model.sampling import without_short
from tsl.forecasting.model.search import Choices
from tsl.forecasting.model.settings import choose_for, fit_config, parameters_of
from tsl.forecasting.model.trained import TrainedNetworks
from tsl.forecasting.model.trials import HoldoutTrial
from tsl.forecasting.model.windows import ColumnStats
from tsl.forecasting.panel.panel import Panel
from tsl.forecasting.panel.power import PowerTransform
from tsl.forecasting.protocol import Forecasts
from tsl.training import Checkpoint, compile_kernels


class NetworkForecaster(Forecaster):
    """Forecaster whose forecast is the weighted mean of networks: what `LSTMForecaster` learns, by its parameters."""

    _choices: Choices | None = None
    """What a fit is to choose: see `_clone_with_choices`."""

    # --- learning -------------------------------------------------------------------------------------------

    def _fit_panel(
        self,
        panel: Panel,
        time: FitTime | None = None,
        checkpoint: Checkpoint | None = None,
        callbacks: Sequence[Any] = (),
    ) -> None:
        time = FitTime(self.max_time) if time is None else time
        config = fit_config(self, len(panel.values))
        given = self.random_state
        random_state = np.random.RandomState() if given is None else check_random_state(given)
        if checkpoint is not None:
            checkpoint.begin(random_state, type(self).__name__, seeded=given is not None)
        if self.max_time is not None:
            with time.stopped():
                compile_kernels(np.float32, int(self.verbose))
        self.transform_ = PowerTransform.learn(self.target_transform, panel)
        panel = self.transform_.apply(panel)
        chosen = self._choices
        if chosen is None:
            trial = HoldoutTrial(panel, self.season_, int(random_state.randint(2**31)), time, checkpoint)
            chosen = choose_for(self, trial, panel, config, self.season_, self.schema_.season_hints)
            self.search_results_ = trial.table()
        config = replace(config, penalty=chosen.penalty, n_steps=chosen.n_steps)
        self.season_, self.n_steps_, self._penalty = chosen.season, chosen.n_steps, chosen.penalty
        self.members_, self.windowing_ = list(chosen.members), chosen.members[0].windowing
        panel = without_short(panel, longest_window_of(chosen.members) + self.windowing_.horizon, self.short)
        self._scaling = ColumnStats.learn(panel)
        self._repeats = best_repeats(panel, len(self.schema_.future.names), self.season_, self.windowing_.horizon)
        seeds = [random_state.randint(2**31) for _ in chosen.members]
        fitted = fit_networks(panel, chosen.members, self._scaling, config, seeds, time, checkpoint, callbacks)
        self.networks_ = [network for network, _ in fitted]
        self.history_ = [history for _, history in fitted]
        if checkpoint is not None:
            checkpoint.write()

    # --- forecasting ----------------------------------------------------------------------------------------

    def _members(self) -> list[Member]:
        """Return what the networks forecast; files of earlier versions do not have `members_`."""
        return getattr(self, "members_", alike(self.windowing_, len(self.networks_)))

    def _context_length(self) -> int:
        return max(member.windowing.context for member in self._members())

    def _rows_ahead(self, horizon: int) -> int:
        block = self.windowing_.horizon
        return -(-horizon // block) * block

    def _forecast(
        self, panel: Panel, cutoffs: NDArray[np.int64], horizon: int, quantiles: Sequence[float]
    ) -> Forecasts:
        trained, n_threads = checked_quantiles(self.loss, self.quantiles), resolve_threads(self.n_threads)
        model = TrainedNetworks(self.networks_, self._members(), self._scaling, self.transform_, trained, n_threads)
        dropout = self.dropout if self.intervals == "dropout" else None
        return model.forecast(panel, cutoffs, horizon, quantiles, dropout)

    def _clone_with_choices(self) -> Self:
        """Return an unfitted forecaster that takes what `fit` chose."""
        if not hasattr(self, "members_"):  # the model comes from a file of an earlier version
            return clone(self).set_params(**parameters_of(self.windowing_, self.season_, self.n_steps_))
        other = clone(self).set_params(season=self.season_)
        other._choices = Choices(self.season_, tuple(self.members_), self._penalty, self.n_steps_)
        return other
