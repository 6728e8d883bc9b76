"""Forecasters of `tsl` for sktime. The module needs the package sktime, and is imported only explicitly."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import pandas as pd
from sklearn.base import clone

from tsl._tables.columns import POINT
from tsl.forecasting.forecaster import Forecaster

try:
    from sktime.forecasting.base import BaseForecaster
except ImportError:
    raise ImportError("tsl.interop.sktime needs sktime: pip install sktime") from None

_ID, _TIME, _TARGET = "_series", "_time", "_target"


class TslForecaster(BaseForecaster):
    """Adapter that makes a forecaster of `tsl` an sktime forecaster.

    One model learns from all series: the variables of ``y``, and the instances of a panel or a hierarchy. ``X``
    contains covariates that are known ahead.

    Parameters
    ----------
    forecaster : LSTMForecaster or forecaster of tsl.baselines
        The forecaster, which is not changed: `fit` clones it. Its `horizon` is set to the last step of ``fh`` if `fit`
        gets one, and its `future` to the columns of ``X`` that are not in its `past`.

    Attributes
    ----------
    forecaster_ : LSTMForecaster or forecaster of tsl.baselines
        The fitted forecaster. It reads a long frame of all series.

    Raises
    ------
    TypeError
        If `forecaster` is not such a forecaster.

    Notes
    -----
    `update` appends newer rows, after which forecasts then start, and does not retrain the network, whatever the value
    of ``update_params``; to retrain, call `fit`, or wrap the forecaster in sktime's ``UpdateRefitsEvery``. Rows that
    are already known are ignored.

    Intervals and quantiles come from errors on held-out windows, as in `LSTMForecaster.predict`. ``X`` in `predict`
    must contain every step up to the last one of ``fh``. There are no in-sample forecasts.

    If the series of a panel end at different times, ``fh`` must be relative; each series is forecast from its own end.

    Examples
    --------
    >>> from sktime.datasets import load_airline
    >>> from tsl import LSTMForecaster
    >>> from tsl.interop.sktime import TslForecaster
    >>> y = load_airline()
    >>> model = LSTMForecaster(window=24, hidden_size=8, max_iter=20, target_transform="log", random_state=0)
    >>> forecaster = TslForecaster(model).fit(y, fh=[1, 2, 3])
    >>> forecaster.predict().index.astype(str).to_list()
    ['1961-01', '1961-02', '1961-03']
    >>> forecaster.predict_interval(coverage=0.8).shape
    (3, 2)
    """

    _tags = {  # noqa: RUF012 (sktime's name)
        "capability:multivariate": True,
        "capability:exogenous": True,
        "capability:insample": False,
        "capability:pred_int": True,
        "capability:pred_int:insample": False,
        "capability:missing_values": True,
        "capability:non_contiguous_X": False,
        "capability:update": True,
        "capability:categorical_in_X": True,
        "capability:unequal_length": True,
        "y_inner_mtype": ["pd.DataFrame", "pd-multiindex", "pd_multiindex_hier"],
        "X_inner_mtype": ["pd.DataFrame", "pd-multiindex", "pd_multiindex_hier"],
        "requires-fh-in-fit": False,
        "X-y-must-have-same-index": True,
    }
    _config = {"remember_data": False}  # noqa: RUF012 (the fitted forecaster has the rows)

    def __init__(self, forecaster: Any) -> None:
        self.forecaster = forecaster
        super().__init__()
        self._y = self._X = None  # sktime stores rows here if so configured
        self._set_capabilities()

    def set_params(self, **params: Any) -> Self:
        """Set parameters: `forecaster`, or its parameters as in ``forecaster__hidden_size``.

        Parameters
        ----------
        **params : dict
            Names and values.

        Returns
        -------
        self
        """
        super().set_params(**params)
        self._set_capabilities()  # sktime resets the object before setting parameters of a component
        return self

    def _set_capabilities(self) -> None:
        """Set the tags that depend on the forecaster."""
        if not isinstance(self.forecaster, Forecaster):
            raise TypeError(f"forecaster must be an LSTMForecaster or one of tsl.baselines, got {self.forecaster!r}")
        params = self.forecaster.get_params()
        self.set_tags(
            **{
                "capability:exogenous": "future" in params,
                "capability:missing_values": params["missing"] != "error",
                "capability:random_state": "random_state" in params,
                "property:randomness": "derandomized" if "random_state" in params else "deterministic",
            }
        )

    # --- called by sktime -------------------------------------------------------------------------------------

    def _fit(self, y: pd.DataFrame, X: pd.DataFrame | None, fh: Any) -> Self:
        model = clone(self.forecaster)
        if X is not None:
            model.set_params(future=[column for column in X.columns if column not in (model.past or ())])
        if fh is not None:
            model.set_params(horizon=int(_steps(fh, self.cutoff).max()))
        if model.freq is None and isinstance(y.index, pd.DatetimeIndex):
            model.set_params(freq=y.index.freq)
        self._instances = y.index.droplevel(-1).unique() if y.index.nlevels > 1 else None
        self._variables, self._names = y.columns, y.index.names
        self.forecaster_ = model.fit(self._long(y.index, X, y), id_col=_ID, time_col=_TIME, target=_TARGET)
        return self

    def _update(self, y: pd.DataFrame, X: pd.DataFrame | None = None, update_params: bool = True) -> Self:
        if self._instances is not None:
            new = y.index.droplevel(-1).unique().difference(self._instances, sort=False)
            self._instances = self._instances.append(new)
        rows = self._long(y.index, X, y)
        next_times = self.forecaster_.make_future_frame(1).set_index(_ID)[_TIME]
        begins = rows[_ID].map(next_times)
        newer = rows[begins.isna() | (rows[_TIME] >= begins)]
        if len(newer):
            self.forecaster_.update(newer)
        return self

    def _predict(self, fh: Any, X: pd.DataFrame | None) -> pd.DataFrame:
        index, values = self._forecast(fh, X, None)
        return pd.DataFrame(values, index, self._variables)

    def _predict_quantiles(self, fh: Any, X: pd.DataFrame | None, alpha: Sequence[float]) -> pd.DataFrame:
        index, values = self._forecast(fh, X, alpha)
        return pd.DataFrame(values, index, self._get_columns(method="predict_quantiles", alpha=alpha))

    # --- to a long frame, and back ----------------------------------------------------------------------------

    def _long(self, index: pd.Index, X: pd.DataFrame | None, y: pd.DataFrame | None = None) -> pd.DataFrame:
        """Return the rows of all variables, one variable after the other, with covariates and the target if given."""
        first = self._first_ids(index)
        covariates = (pd.DataFrame(index=index) if X is None else X.reindex(index)).reset_index(drop=True)
        parts = []
        for k in range(len(self._variables)):
            part = covariates.assign(**{_ID: first + k, _TIME: index.get_level_values(-1)})
            parts.append(part if y is None else part.assign(**{_TARGET: y.iloc[:, k].to_numpy()}))
        return pd.concat(parts, ignore_index=True)

    def _first_ids(self, index: pd.Index) -> Any:
        """Return the id of the first variable of each row's instance; those of its other variables follow."""
        if self._instances is None:
            return np.zeros(len(index), np.int64)
        return self._instances.get_indexer(index.droplevel(-1)) * len(self._variables)

    def _forecast(self, fh: Any, X: pd.DataFrame | None, alpha: Sequence[float] | None) -> tuple[pd.Index, Any]:
        """Return the index of forecasts, and their values with the quantiles of each variable side by side."""
        steps, n_variables = _steps(fh, self.cutoff), len(self._variables)
        horizon = int(steps.max())
        found = self.forecaster_.predict(horizon, future=self._future(X, horizon), quantiles=alpha)
        found = found.sort_values([_ID, _TIME])
        found = found[np.isin(np.arange(len(found)) % horizon + 1, steps)]
        columns = [POINT] if alpha is None else list(found.columns[-len(alpha) :])
        values = found[columns].to_numpy().reshape(-1, n_variables, len(steps), len(columns))
        ids_and_times = found.loc[found[_ID] % n_variables == 0, [_ID, _TIME]]
        return self._index(fh, ids_and_times), values.swapaxes(1, 2).reshape(len(ids_and_times), -1)

    def _future(self, X: pd.DataFrame | None, horizon: int) -> pd.DataFrame | None:
        """Return the covariates of the steps ahead of each series."""
        names = list(self.forecaster_.get_params().get("future", ()))
        if not names:
            return None
        if X is None:
            raise ValueError(f"X must hold the columns {names} ahead of time, got None")
        wanted = self.forecaster_.make_future_frame(horizon)[[_ID, _TIME]]
        future = wanted.merge(self._long(X.index, X)[[_ID, _TIME, *names]], how="left", on=[_ID, _TIME])
        missing = future[names].isna().any(axis=1)
        if missing.any():
            first = future.loc[missing, _TIME].iloc[0]
            raise ValueError(f"X must have values at each step up to the last one of fh, got none at {first}")
        return future

    def _index(self, fh: Any, ids_and_times: pd.DataFrame) -> pd.Index:
        """Return the index of the forecasts of the first variable of each instance."""
        times = pd.Index(ids_and_times[_TIME]).rename(self._names[-1])
        if not fh.is_relative and not np.isin(times, fh.to_absolute_index(self.cutoff)).all():
            raise ValueError(f"fh must be relative if not all series end at {self.cutoff[0]}, got {list(fh)}")
        if self._instances is None:
            return times
        instances = self._instances.take(ids_and_times[_ID] // len(self._variables))
        levels = [instances.get_level_values(k) for k in range(instances.nlevels)]
        return pd.MultiIndex.from_arrays([*levels, times], names=self._names)

    @classmethod
    def get_test_params(cls, parameter_set: str = "default") -> list[dict[str, Any]]:
        """Return the parameters with which sktime tests the class.

        Parameters
        ----------
        parameter_set : str, default="default"
            Ignored: there is only one set.

        Returns
        -------
        list of dict
        """
        from tsl.forecasting import LSTMForecaster

        tiny = LSTMForecaster(
            window=4,
            season=1,
            hidden_size=4,
            embedding_size=None,
            scaling="window",
            differences=None,
            target_transform=None,
            max_iter=5,
            missing="interpolate",
            random_state=0,
            n_threads=1,
        )
        quantiles = {"loss": "quantile", "quantiles": [0.01, 0.5, 0.99], "missing": "error"}
        return [{"forecaster": tiny}, {"forecaster": clone(tiny).set_params(**quantiles)}]


def _steps(fh: Any, cutoff: pd.Index) -> Any:
    """Return the steps ahead of a forecasting horizon, an array of int."""
    return np.asarray(fh.to_relative(cutoff).to_numpy(), np.int64)
