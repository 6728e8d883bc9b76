"""Baselines for series in a Dask frame."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any, Self

from sklearn.base import clone
from sklearn.utils.validation import check_is_fitted

from tsl._sklearn import check_parameters
from tsl._tables.partitions import is_dask
from tsl.dask import _parts
from tsl.dask._series import SeriesOnDask, none_of
from tsl.dask._tasks import Lazily, Tasks
from tsl.forecasting.arguments import refuse_targets_apart
from tsl.forecasting.forecaster import Forecaster
from tsl.forecasting.frames.schema import Schema
from tsl.forecasting.model.replicas import deal
from tsl.forecasting.panel.panel import Panel


def call(baseline: Any, method: str, *args: Any, **kwargs: Any) -> Any:
    """Return the result of a method of a baseline that was given a Dask frame or fitted to one.

    Raises
    ------
    ValueError
        If the method does not take series from a Dask frame.
    """
    own = baseline._on_dask
    if method == "fit":
        own = DaskBaseline(baseline)
    elif own is None:
        own = DaskBaseline.of(baseline, next(one.npartitions for one in (*args, *kwargs.values()) if is_dask(one)))
    if not hasattr(own, method):
        raise ValueError(f"{method} does not take series from a Dask frame: fit to a pandas frame, as from compute()")
    result = getattr(own, method)(*args, **kwargs)
    if result is not own:
        return result
    baseline._on_dask = own
    baseline.schema_, baseline.season_ = own.model_.schema_, own.model_.season_
    return baseline


class DaskBaseline(SeriesOnDask):
    """Baseline for series in a Dask frame: none of them is kept in memory, and each result reads them again.

    Parameters
    ----------
    plain : Forecaster
        With the parameters.
    """

    def __init__(self, plain: Forecaster) -> None:
        self._plain = plain

    @classmethod
    def of(cls, fitted: Forecaster, n_partitions: int) -> Self:
        """Return the same for a baseline that was fitted to a frame in memory."""
        check_is_fitted(fitted, "schema_")
        roles = fitted.schema_.roles
        if roles.form != "long":
            raise ValueError(
                "data must be in the form of the training data, which was not a long frame, got a Dask frame"
            )
        own, tasks, panel = cls(fitted), Lazily(), fitted._history.panel()
        own.model_, own._roles, own._nothing = copy.copy(fitted), roles, none_of(panel)
        own._parts = [tasks.shared(_parts.known_part(part, fitted)) for part in deal(panel, n_partitions)]
        own._check_parts(tasks)
        return own

    def fit(
        self,
        data: Any,
        y: None = None,
        *,
        target: Any = None,
        id_col: Any = None,
        time_col: Any = None,
        static: Any = None,
        sample_weight: Any = None,
    ) -> Self:
        """Learn from the series of a frame; its errors are raised now."""
        refuse_targets_apart(y)
        check_parameters(self._plain)
        named = {"target": target, "id_col": id_col, "time_col": time_col}
        tasks = self._tasks()
        reading = self._read(tasks, data, data.npartitions, static, sample_weight, **named)
        self._know(tasks, self._fit_plain(tasks, reading.schema, reading.sample, reading.panels), reading)
        return self

    def score(self, data: None = None, y: None = None) -> float:
        """Return the score of the last horizon of the known rows.

        Raises
        ------
        ValueError
            If `data` is given, or there is nothing to score.
        """
        if data is not None:
            raise ValueError("data must be None if series come from a Dask frame, whose last horizon is scored")
        return super().score()

    def _tasks(self) -> Tasks:
        return Lazily()

    def _unfitted(self) -> Forecaster:
        return clone(self._plain)

    def _fit_plain(self, tasks: Tasks, schema: Schema, sample: Panel, panels: Sequence[Any]) -> Forecaster:
        return self._unfitted()._fit_read(schema, sample)
