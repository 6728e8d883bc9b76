"""Optuna searches over a forecaster, and pruned training runs."""

import pytest
from sklearn.model_selection import TimeSeriesSplit

from tsl import LSTMForecaster

optuna = pytest.importorskip("optuna", reason="extra 'clients'")
integration = pytest.importorskip("optuna_integration", reason="extra 'clients'")

SMALL = {"window": 24, "season": 1, "hidden_size": 8, "embedding_size": 8, "target_transform": None, "random_state": 0}


def test_a_search_fits_and_scores(glucose):
    search = integration.OptunaSearchCV(
        LSTMForecaster(6, max_iter=10, **SMALL),
        {"differences": optuna.distributions.CategoricalDistribution([None, 6])},
        cv=TimeSeriesSplit(2),
        n_trials=2,
        random_state=0,
        verbose=0,
    ).fit(glucose.to_frame()[-300:])
    assert search.best_params_["differences"] in (None, 6)
    assert len(search.best_estimator_.predict()) == 6


def test_trainings_are_pruned(glucose):
    seen = []

    def objective(trial):
        def report(epoch, history, network):
            trial.report(history.loss[-1], epoch)
            seen.append(epoch)
            if trial.should_prune():
                raise optuna.TrialPruned

        LSTMForecaster(6, max_iter=200, callbacks=[report], **SMALL).fit(glucose)
        return 0.0

    study = optuna.create_study(pruner=optuna.pruners.ThresholdPruner(upper=0.0))
    study.optimize(objective, n_trials=2)
    assert [trial.state for trial in study.trials] == [optuna.trial.TrialState.PRUNED] * 2
    assert seen == [1, 1]
