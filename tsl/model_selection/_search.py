"""Random search with successive halving over backtest windows."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from hashlib import blake2b
from numbers import Integral, Real
from pathlib import Path
from time import perf_counter
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import loguniform
from sklearn.base import BaseEstimator, MetaEstimatorMixin, clone
from sklearn.model_selection import ParameterSampler
from sklearn.utils.validation import check_is_fitted

from tsl._tables import library_of, to_pandas
from tsl.model_selection._split import PanelTimeSeriesSplit

# Chosen by judgement, not measured. `fit` itself chooses `window`, `differences`, `scaling` and `max_iter`.
DEFAULT_SPACES = {
    "LSTMForecaster": {
        "hidden_size": [32, 64, 128, 256],
        "n_layers": [1, 2],
        "embedding_size": [None, 32, 64],
        "dropout": [0.0, 0.1, 0.2, 0.4],
        "learning_rate_init": loguniform(1e-3, 1e-2),
    }
}


class HalvingSearch(MetaEstimatorMixin, BaseEstimator):
    """Search for a forecaster's parameters: random candidates, of which the better half survives each round.

    All candidates are fitted before the last `horizon` timestamps and forecast these; the better half then also
    forecasts the preceding window, half of these the two windows before that, and so on up to `n_windows`. So most of
    the time goes to good candidates, and the final choice does not rest on a single window. The first candidate is the
    forecaster with its own parameters.

    Parameters
    ----------
    forecaster : estimator
        A forecaster of tsl; each candidate chooses its own values for parameters set to "auto".
    space : "default" or dict
        The values to draw from: for each parameter a list or a distribution of scipy.stats. "default" is for
        `LSTMForecaster`: sizes, dropout and the learning rate.
    n_candidates : int, default=16
        Number of candidates in the first round.
    n_windows : int, default=4
        Number of backtest windows in the last round.
    budget_seconds : float or None, default=None
        Time after which no further candidate is tried. The first one is always tried.
    random_state : int, RandomState instance or None, default=None
        Source of random numbers for drawing candidates.

    Attributes
    ----------
    best_params_ : dict
        Parameters of the candidate with the lowest error among those that got furthest; empty for the forecaster's own
        parameters.
    best_score_ : float
        Its negative mean absolute scaled error.
    best_estimator_ : estimator
        The forecaster with these parameters, fitted to all rows.
    results_ : dict of lists and arrays
        One row per candidate, for ``pd.DataFrame(search.results_)``: ``candidate``, its number; ``params``;
        ``n_windows``, how many windows it has forecast; ``mase``, its mean error in them; ``seconds``; ``error``, the
        message of an error raised by `fit`, or "".
    errors_ : ndarray of shape (n_candidates, n_windows)
        The error of each candidate in each window, the last window first; NaN if it was not tried, inf if `fit` failed.

    See Also
    --------
    tsl.plotting.plot_search : Plot the errors by window.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from tsl.baselines import SeasonalNaive
    >>> from tsl.model_selection import HalvingSearch
    >>> hours = pd.date_range("2024-01-01", periods=480, freq="h")
    >>> load = pd.Series(10 + np.sin(np.arange(480) * 2 * np.pi / 24), hours, name="load")
    >>> search = HalvingSearch(SeasonalNaive(12, season=7), {"season": [6, 12, 24]}, n_candidates=4, random_state=0)
    >>> search.fit(load).best_params_
    {'season': 24}
    >>> sorted(search.results_["n_windows"].tolist())
    [1, 1, 2, 4]
    """

    def __init__(
        self,
        forecaster: Any,
        space: Any = "default",
        *,
        n_candidates: int = 16,
        n_windows: int = 4,
        budget_seconds: float | None = None,
        random_state: Any = None,
    ) -> None:
        self.forecaster = forecaster
        self.space = space
        self.n_candidates = n_candidates
        self.n_windows = n_windows
        self.budget_seconds = budget_seconds
        self.random_state = random_state

    def fit(self, data: Any, y: None = None, *, checkpoint: Any = None, **fit_params: Any) -> Self:
        """Search, and fit the best candidate to all rows.

        Parameters
        ----------
        data : Series or DataFrame
            As in the forecaster's `fit`.
        y : None
            Ignored, and must be None.
        checkpoint : path-like, optional
            File to which each result is written immediately. The same call, repeated after the process was killed,
            reads the results from there; the time that they took counts towards `budget_seconds`. It needs an int as
            `random_state`.
        **fit_params : dict
            Arguments for the forecaster's `fit`, such as `id_col`, `time_col` and `target`.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If a parameter is out of range, there are too few rows for all windows, no candidate can be fitted, or
            `checkpoint` belongs to another search.
        """
        if y is not None:
            raise TypeError(f"y must be None, because the target is a column of the data, got a {type(y).__name__}")
        self._check(checkpoint)
        frame = to_pandas(data, "data")[0] if library_of(data) is not None else data
        keys = {name: fit_params[name] for name in ("id_col", "time_col") if name in fit_params}
        folds = list(PanelTimeSeriesSplit(self.n_windows, int(self.forecaster.horizon), **keys).split(frame))[::-1]
        candidates = self._candidates()
        log = _Log(checkpoint, _fingerprint(self, candidates, frame))
        trials = _Trials(self.forecaster, candidates, frame, folds, fit_params, log)
        best = self._search(trials)
        self.errors_, self.results_ = trials.errors, trials.table()
        self.best_params_, self.best_score_ = candidates[best], -float(self.results_["mase"][best])
        if not np.isfinite(self.best_score_):
            raise ValueError(f"no candidate can be fitted: {self.results_['error'][best]}")
        self.best_estimator_ = clone(self.forecaster).set_params(**self.best_params_).fit(frame, **fit_params)
        return self

    def predict(self, *args: Any, **options: Any) -> Any:
        """Return the forecasts of `best_estimator_`.

        Parameters
        ----------
        *args, **options : object
            As in the forecaster's `predict`.

        Returns
        -------
        Series or DataFrame
        """
        check_is_fitted(self, "best_estimator_")
        return self.best_estimator_.predict(*args, **options)

    def _check(self, checkpoint: Any) -> None:
        for name in ("n_candidates", "n_windows"):
            value = getattr(self, name)
            if not isinstance(value, Integral) or isinstance(value, bool) or value < 1:
                raise ValueError(f"{name} must be a whole number from 1 up, got {value!r}")
        budget = self.budget_seconds
        if budget is not None and not (isinstance(budget, Real) and not isinstance(budget, bool) and budget > 0):
            raise ValueError(f"budget_seconds must be a number above 0 or None, got {budget!r}")
        if checkpoint is not None and not isinstance(self.random_state, Integral):
            raise ValueError(f"checkpoint needs an int as random_state, got {self.random_state!r}")

    def _candidates(self) -> list[dict[str, Any]]:
        """Return the parameters of all candidates; the first candidate has none."""
        space = self.space
        if isinstance(space, str):
            space = DEFAULT_SPACES.get(type(self.forecaster).__name__) if space == "default" else None
        if not isinstance(space, Mapping) or not space:
            raise ValueError(
                f"space must be a dict of lists and distributions, or 'default' for {', '.join(DEFAULT_SPACES)}, got "
                f"{self.space!r} for {type(self.forecaster).__name__}"
            )
        lists = [len(values) for values in space.values() if not hasattr(values, "rvs")]
        n_combinations = int(np.prod(lists)) if len(lists) == len(space) else self.n_candidates
        n_drawn = min(self.n_candidates - 1, n_combinations)
        if not n_drawn:
            return [{}]
        return [{}, *ParameterSampler(space, n_drawn, random_state=self.random_state)]

    def _search(self, trials: _Trials) -> int:
        """Run the trials, halving the candidates each round; return the best one."""
        alive, start, stop = np.arange(len(trials.candidates)), 0, 1
        while True:
            for window in range(start, stop):
                for candidate in alive:
                    is_first = not np.isfinite(trials.seconds).any()
                    if self.budget_seconds is not None and trials.spent >= self.budget_seconds and not is_first:
                        return _best(trials.errors, alive)
                    trials.run(int(candidate), window)
            if stop == self.n_windows or len(alive) == 1:
                return _best(trials.errors, alive)
            order = np.argsort(trials.errors[alive, :stop].mean(axis=1), kind="stable")
            alive = np.sort(alive[order[: -(-len(alive) // 2)]])
            start, stop = stop, min(2 * stop, self.n_windows)


class _Trials:
    """Errors of candidates in windows, each computed once."""

    def __init__(
        self,
        forecaster: Any,
        candidates: list[dict[str, Any]],
        frame: Any,
        folds: list[tuple[NDArray[np.int64], NDArray[np.int64]]],
        fit_params: dict[str, Any],
        log: _Log,
    ) -> None:
        self.candidates = candidates
        self.errors = np.full((len(candidates), len(folds)), np.nan)
        self.seconds = self.errors.copy()
        self._messages = [""] * len(candidates)
        self._forecaster, self._frame, self._folds, self._fit_params = forecaster, frame, folds, fit_params
        self._log = log

    @property
    def spent(self) -> float:
        """Seconds of all trials."""
        return float(np.nansum(self.seconds))

    def run(self, candidate: int, window: int) -> None:
        """Compute the error of a candidate in a window, or read it from the log."""
        found = self._log.found.get((candidate, window))
        if found is None:
            found = self._run(candidate, window)
            self._log.write(candidate, window, *found)
        self.errors[candidate, window], self.seconds[candidate, window], message = found
        self._messages[candidate] = self._messages[candidate] or message

    def _run(self, candidate: int, window: int) -> tuple[float, float, str]:
        train, test = (self._frame.iloc[rows] for rows in self._folds[window])
        began, error, message = perf_counter(), np.inf, ""
        model = clone(self._forecaster).set_params(**self.candidates[candidate])
        try:
            error = -float(model.fit(train, **self._fit_params).score(test))
        except ValueError as wrong:  # incompatible parameters
            message = str(wrong)
        return error, perf_counter() - began, message

    def table(self) -> dict[str, Any]:
        """Return the columns of the results, lists or arrays with one entry per candidate."""
        tried = ~np.isnan(self.errors)
        total = np.where(tried, self.errors, 0.0).sum(axis=1)
        count = tried.sum(axis=1)
        return {
            "candidate": np.arange(len(self.candidates)),
            "params": list(self.candidates),
            "n_windows": count,
            "mase": np.where(count > 0, total / np.maximum(count, 1), np.nan),
            "seconds": np.nansum(self.seconds, axis=1),
            "error": list(self._messages),
        }


def _best(errors: NDArray[np.float64], alive: NDArray[np.int64]) -> int:
    """Return the candidate with the lowest error in the windows that all remaining candidates have forecast."""
    tried = alive[~np.isnan(errors[alive, 0])]
    common = ~np.isnan(errors[tried]).any(axis=0)
    return int(tried[np.argmin(errors[tried][:, common].mean(axis=1))])


class _Log:
    """Results in a file, one line of JSON each; without a path nothing is written."""

    def __init__(self, path: Any, identity: str) -> None:
        self.found: dict[tuple[int, int], tuple[float, float, str]] = {}
        self._path = None if path is None else Path(path).absolute()
        if self._path is None:
            return
        if not self._path.exists():
            self._append({"search": identity})
            return
        lines = self._path.read_text(encoding="utf-8").split("\n")[:-1]  # leaves out a truncated line
        try:
            entries = [json.loads(line) for line in lines]
            is_same = bool(entries) and entries[0]["search"] == identity
            for one in entries[1:]:
                self.found[one["candidate"], one["window"]] = float(one["mase"]), float(one["seconds"]), one["error"]
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(f"checkpoint {path} is not a file of a search: {error!r}") from None
        if not is_same:
            raise ValueError(
                f"checkpoint {path} belongs to another search, with other candidates, parameters or data. Delete it, "
                "or give another file"
            )

    def write(self, candidate: int, window: int, error: float, seconds: float, message: str) -> None:
        """Write a result to the file immediately."""
        entry = {"candidate": candidate, "window": window, "mase": str(error), "seconds": seconds, "error": message}
        self._append(entry)

    def _append(self, entry: dict[str, Any]) -> None:
        if self._path is None:
            return
        whole = self._path.read_text(encoding="utf-8") if self._path.exists() else ""
        with open(self._path, "r+" if whole else "w", encoding="utf-8") as file:
            file.seek(len(whole[: whole.rfind("\n") + 1].encode()))  # overwrites a truncated line
            file.truncate()
            file.write(json.dumps(entry) + "\n")
            file.flush()
            os.fsync(file.fileno())


def _fingerprint(search: HalvingSearch, candidates: list[dict[str, Any]], frame: Any) -> str:
    """Return a string that identifies the search."""
    params = {name: repr(value) for name, value in search.forecaster.get_params().items() if name != "callbacks"}
    rows = pd.util.hash_pandas_object(frame).to_numpy()
    digest = blake2b(repr((sorted(params.items()), candidates, search.n_windows)).encode(), digest_size=16)
    digest.update(rows.tobytes())
    return digest.hexdigest()
