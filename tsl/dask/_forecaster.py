"""`LSTMForecaster` on a Dask cluster."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

from sklearn.utils.validation import check_is_fitted

from tsl._estimator.checkpoints import open_checkpoint
from tsl._sklearn import check_parameters
from tsl.dask import _frames, _parts
from tsl.dask._base import DaskEstimator
from tsl.dask._cluster import Cluster, connected, prepare_workers
from tsl.dask._series import SeriesOnDask
from tsl.dask._tasks import Tasks
from tsl.forecasting import LSTMForecaster
from tsl.forecasting.arguments import refuse_targets_apart
from tsl.forecasting.frames.intervals import IntervalRequest
from tsl.forecasting.frames.schema import Schema
from tsl.forecasting.model.counts import COUNTS
from tsl.forecasting.model.rounds import Replicas
from tsl.forecasting.panel.panel import Panel


class DaskLSTMForecaster(DaskEstimator, SeriesOnDask):
    """LSTM forecaster for a panel on a Dask cluster.

    It is an `LSTMForecaster` with `n_replicas`: the series of each replica are gathered on one worker and stay
    there. For a given number of replicas, the result is the same, bit for bit, on any number of workers with the same
    kind of processor.

    Parameters
    ----------
    horizon : int, default=24
        Number of steps to forecast.
    client : distributed.Client or None, default=None
        Client of the cluster; None for that of this process.
    **parameters
        Those of `LSTMForecaster`. `n_replicas` is 8 by default and at least 2: use at least as many as the workers
        have threads in total, and enough that a worker can hold the series of any replica. `n_threads` is for what is
        learned on the client; a worker trains as many replicas at once as it has threads.

    Attributes
    ----------
    model_ : LSTMForecaster
        The model, which knows a sample of the series. `to_local` returns one that knows all of them.

    See Also
    --------
    tsl.LSTMForecaster : The same model on one machine.

    Examples
    --------
    >>> from distributed import Client
    >>> from tsl.dask import DaskLSTMForecaster
    >>> client = Client()  # doctest: +SKIP
    >>> model = DaskLSTMForecaster(24, random_state=0).fit(ddf)  # doctest: +SKIP
    >>> model.predict().to_parquet("forecasts")  # doctest: +SKIP
    """

    _plain = LSTMForecaster
    horizon: int
    missing: str
    intervals: str
    loss: str

    def __init__(self, horizon: int = 24, *, client: Any = None, **parameters: Any) -> None:
        self._set(client, parameters | {"horizon": horizon})

    # --- learning -------------------------------------------------------------------------------------------

    def fit(
        self,
        data: Any,
        y: None = None,
        *,
        target: Any = None,
        id_col: Any = None,
        time_col: Any = None,
        static: Any = None,
        sample_weight: str | None = None,
        checkpoint: Any = None,
        checkpoint_every: float = 60.0,
    ) -> Self:
        """Learn from many series.

        Parameters
        ----------
        data : dask.dataframe.DataFrame or DataFrame
            A long frame with any partitions; a pandas, polars or Arrow frame is scattered.
        y : None
            Not used, must be None.
        target, id_col, time_col : column names, optional
            As in `LSTMForecaster.fit`.
        static : list of column names, optional
            Static covariates.
        sample_weight : column name, optional
            Weight of each row in training.
        checkpoint : path-like, optional
            As in `LSTMForecaster.fit`: a file on the client.
        checkpoint_every : float, default=60.0
            Seconds between writes to `checkpoint`.

        Returns
        -------
        self

        Raises
        ------
        TypeError
            If `data` is not a frame, or `client` not a client.
        ValueError
            If a parameter is out of range, the data cannot be learned from, the client is closed, or a worker has
            another version of tsl.
        """
        refuse_targets_apart(y)
        model = self._unfitted()
        check_parameters(model)
        kept = open_checkpoint(checkpoint, checkpoint_every)
        cluster = Cluster(connected(self.client), model.n_replicas)
        prepare_workers(cluster.client)
        frame = _frames.as_dask(data, "data", model.n_replicas)
        named = {"target": target, "id_col": id_col, "time_col": time_col}
        reading = self._read(cluster, frame, model.n_replicas, static, sample_weight, **named)
        replicas = self._replicas(cluster, reading.panels, reading.schema)
        model._fit_sample(reading.schema, reading.sample, replicas, checkpoint=kept, callbacks=model._own_callbacks())
        self._know(cluster, model, reading)
        return self

    def to_local(self) -> LSTMForecaster:
        """Return a plain `LSTMForecaster` that knows all series, on this machine.

        Returns
        -------
        LSTMForecaster
            Its forecasts are the same, bit for bit, and it can be saved; its series are sorted by their ids if these
            can be ordered.
        """
        parts = self._tasks().results(self._parts)
        return _parts.whole(self.model_, [part for part in parts if len(part.store.ids)])

    # --- for the base -----------------------------------------------------------------------------------------

    def _tasks(self) -> Cluster:
        check_is_fitted(self, "model_")
        return Cluster(connected(self.client), len(self._parts))

    def _fit_plain(self, tasks: Tasks, schema: Schema, sample: Panel, panels: Sequence[Any]) -> LSTMForecaster:
        return self._unfitted()._fit_sample(schema, sample, self._replicas(tasks, panels, schema))

    def _replicas(self, tasks: Tasks, panels: Sequence[Any], schema: Schema) -> Replicas:
        return Replicas(panels, self.missing, len(schema.future.names), tasks)

    def _calibrates(self, request: IntervalRequest) -> bool:
        from_errors = self.intervals == "calibrated" and self.loss not in ("quantile", *COUNTS)
        return from_errors and super()._calibrates(request)
