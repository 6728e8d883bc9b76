"""`LSTMRegressor` and `LSTMClassifier` on a Dask cluster."""

from __future__ import annotations

import copy
import math
from itertools import pairwise
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import accuracy_score
from sklearn.utils.validation import check_is_fitted

from tsl._estimator.checkpoints import open_checkpoint
from tsl._estimator.scores import regression_score
from tsl._estimator.settings import new_optimizer, new_settings
from tsl._sklearn import check_parameters
from tsl.classifier import LSTMClassifier
from tsl.dask._base import N_REPLICAS, DaskEstimator
from tsl.dask._cluster import Cluster, connected, prepare_workers
from tsl.dask._extra import da
from tsl.dask._parts import recorded
from tsl.forecasting.model.drawn import Drawing, in_own_rows
from tsl.forecasting.model.replicas import RoundConfig
from tsl.forecasting.model.rounds import Rounds
from tsl.network import Dropout
from tsl.regressor import LSTMRegressor
from tsl.training import Samples

SAMPLE_WINDOWS = 10_000  # to learn scales from; chosen by judgement, not measured


class BlockOfWindows(NamedTuple):
    """The windows of a replica."""

    samples: Samples
    segment: int
    """Number of steps that the network reads at a time."""

    @property
    def total(self) -> float:
        """Weight of the replica: its number of windows."""
        return float(len(self.samples.sequences.starts))

    def draw(self, n: int, random_state: np.random.RandomState) -> NDArray[np.int64]:
        """Return the numbers of n windows, drawn with replacement."""
        return random_state.randint(int(self.total), size=n)

    def copied(self, which: NDArray[np.int64]) -> Samples:
        """Return copies of the windows with these numbers."""
        sequences, targets = self.samples.sequences.part(which), self.samples.targets.part(which)
        return in_own_rows(Samples(sequences, targets), int(sequences.lengths[0]) * self.segment, 1)


def block_itself(block: BlockOfWindows) -> BlockOfWindows:
    """Return the block: a replica draws from it as it is."""
    return block


def read_block(model: Any, X: NDArray[Any], y: NDArray[Any], first: int) -> BlockOfWindows:
    """Return windows as a prepared model reads them; `first` is the number of the first one, for error messages."""
    with recorded():  # the client shows those of the sample
        try:
            samples = model._samples(model._read_data(X, y, None, reset=False))
        except ValueError as error:
            raise ValueError(f"in windows {first} to {first + len(X) - 1}: {error}") from None
    return BlockOfWindows(samples, model.network_.architecture.segment)


def first_labels(y: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.intp]]:
    """Return the distinct labels of a block and the index of the first occurrence of each."""
    return np.unique(y, return_index=True)


class DaskWindowEstimator(DaskEstimator):
    """Base class of the window estimators on a cluster."""

    model_: Any
    max_iter: Any

    def fit(
        self, X: Any, y: Any, sample_weight: None = None, *, checkpoint: Any = None, checkpoint_every: float = 60.0
    ) -> Self:
        """Train a network.

        Parameters
        ----------
        X : dask.array.Array or ndarray of shape (n, T, C) or (n, T)
            n windows, oldest step first; a NumPy array is scattered.
        y : dask.array.Array or ndarray of shape (n,) or (n, k)
            What to predict.
        sample_weight : None
            Not supported on a cluster; must be None.
        checkpoint : path-like, optional
            As in the plain estimator: a file on the client.
        checkpoint_every : float, default=60.0
            Seconds between writes to `checkpoint`.

        Returns
        -------
        self

        Raises
        ------
        TypeError
            If X or y is not an array.
        ValueError
            If a parameter is out of range or not supported on a cluster, if X and y do not match or contain anything
            but finite numbers, if the client is closed, or if a worker has another version of tsl.
        """
        if sample_weight is not None:
            raise ValueError(f"sample_weight must be None on a cluster, got a {type(sample_weight).__name__}")
        self._refuse(learning_rate="cosine", early_stopping=False, max_time=None, shuffle=True)
        model = self._unfitted()
        check_parameters(model)
        kept = open_checkpoint(checkpoint, checkpoint_every)
        cluster = Cluster(connected(self.client), self.n_replicas)
        prepare_workers(cluster.client)
        X, y = _array(X, "X"), _array(y, "y")
        if len(X) != len(y):
            raise ValueError(f"X and y must have the same length, got {len(X)} windows in X and {len(y)} rows in y")
        bounds = [len(X) * k // self.n_replicas for k in range(self.n_replicas + 1)]
        compute = cluster.client.compute
        blocks = [(one, compute(X[one:stop]), compute(y[one:stop])) for one, stop in pairwise(bounds) if one < stop]
        network_seed = self._prepare(cluster, model, kept, X, y, blocks)
        shared = cluster.shared(model)
        data = [
            cluster.submit(read_block, shared, *block, start, replica=k, name="read windows")
            for k, (start, *block) in enumerate(blocks)
        ]
        own = [model._own_callback(callback) for callback in model.callbacks or ()]
        config, drawing = self._config(model, len(X)), Drawing(block_itself, network_seed, math.prod(X.shape[1:]))
        model.history_ = Rounds(model.network_, data, drawing, config, cluster, "network", kept, own).run()
        if kept is not None:
            kept.write()
        model.n_iter_, model.loss_curve_ = model.history_.n_iter, list(model.history_.loss)
        model.validation_scores_, model.best_loss_ = None, min(model.loss_curve_, default=np.nan)
        self.model_ = model
        return self

    def _prepare(self, cluster: Cluster, model: Any, kept: Any, X: Any, y: Any, blocks: Any) -> int:
        """Set up scaling and network from a sample of the windows; return the seed of the rounds."""
        which = np.linspace(0, len(X) - 1, min(len(X), SAMPLE_WINDOWS)).astype(np.int64)
        if isinstance(model, LSTMClassifier):
            found = cluster.each(first_labels, [block[2] for block in blocks], name="find labels")
            model._given_classes = np.unique(np.concatenate([labels for labels, _ in found]))
        sample = cluster.client.gather(cluster.client.compute([X[which], y[which]]))
        model._begin(kept, resume=False)
        data = model._read_data(*sample, None, reset=True)
        model._prepare(data, len(data.targets), resume=False)
        if isinstance(model, LSTMClassifier):
            del model._given_classes
        return int(model._random_state.randint(2**31))

    def _config(self, model: Any, n_windows: int) -> RoundConfig:
        """Return the training configuration for this many windows."""
        settings = new_settings(model, n_windows)
        return RoundConfig(
            loss=model._loss(),
            optimizer=new_optimizer(model, n_windows),
            dropout=Dropout(model.dropout, model.recurrent_dropout),
            schedule=settings.schedule,
            batch_size=settings.batch_size,
            n_steps=settings.max_iter * -(-n_windows // settings.batch_size),
            n_threads=1,
            verbose=int(model.verbose),
        )

    def to_local(self) -> Any:
        """Return the plain estimator, whose predictions are the same, bit for bit, and which can be saved.

        Returns
        -------
        LSTMRegressor or LSTMClassifier
        """
        check_is_fitted(self, "model_")
        return copy.deepcopy(self.model_)

    def predict(self, X: Any) -> Any:
        """Predict for each window: lazily, block by block, if X is a Dask array.

        Parameters
        ----------
        X : dask.array.Array or array-like of shape (n, T, C) or (n, T)
            n windows.

        Returns
        -------
        dask.array.Array or ndarray
            As from `predict` of the plain estimator.
        """
        return self._blockwise(X, "predict")

    def score(self, X: Any, y: Any) -> float:
        """Return the score of predictions, as defined for the plain estimator.

        Parameters
        ----------
        X : dask.array.Array or array-like
            n windows.
        y : dask.array.Array or array-like
            True values.

        Returns
        -------
        score : float
        """
        predicted, y = (np.asarray(one) for one in (self.predict(X), y))
        if isinstance(self.model_, LSTMClassifier):
            return float(accuracy_score(y, predicted))
        return regression_score(y, predicted, self.model_._levels(), None)

    def _blockwise(self, X: Any, method: str) -> Any:
        """Return what a method of the plain estimator returns for each block."""
        check_is_fitted(self, "model_")
        if not isinstance(X, da.Array):
            return getattr(self.model_, method)(X)
        model, within = copy.copy(self.model_), tuple(range(1, X.ndim))
        model.n_threads = 1  # a worker with several threads predicts several blocks at once
        one = getattr(model, method)(np.zeros((1, *X.shape[1:]), X.dtype))
        return X.rechunk(dict.fromkeys(within, -1)).map_blocks(
            _of_block,
            model=model,
            method=method,
            dtype=one.dtype,
            drop_axis=within,
            new_axis=tuple(range(1, one.ndim)) or None,
            chunks=(X.chunks[0], *((n,) for n in one.shape[1:])),
            meta=one[:0],
        )


class DaskLSTMRegressor(DaskWindowEstimator):
    """LSTM regressor for windows on a Dask cluster.

    The windows are distributed among replicas in equal runs of rows. Each replica takes five training steps on windows
    drawn from its own, with its part of a batch; then the mean change of the weights is applied, and so on. Except with
    "sgd", the learning rate is multiplied by the root of the number of replicas, because gradients of smaller batches
    are noisier. For a given number of replicas, the result is the same, bit for bit, on any number of workers with the
    same kind of processor. Scales are learned from at most 10,000 windows.

    Parameters
    ----------
    client : distributed.Client or None, default=None
        Client of the cluster; None for that of this process.
    **parameters
        Those of `LSTMRegressor`, and `n_replicas`, which is 8 by default and at least 2. A cluster requires
        ``learning_rate="cosine"``, ``early_stopping=False``, ``max_time=None``, ``shuffle=True`` and
        ``warm_start=False``.

    Attributes
    ----------
    model_ : LSTMRegressor
        The fitted model.

    See Also
    --------
    tsl.LSTMRegressor : The same interface on one machine.
    """

    _plain = LSTMRegressor

    def __init__(self, *, client: Any = None, **parameters: Any) -> None:
        self._set(client, parameters)


class DaskLSTMClassifier(DaskWindowEstimator):
    """LSTM classifier for windows on a Dask cluster.

    It is trained in the same way as `DaskLSTMRegressor`.

    Parameters
    ----------
    client : distributed.Client or None, default=None
        Client of the cluster; None for that of this process.
    **parameters
        Those of `LSTMClassifier`, and `n_replicas`, as in `DaskLSTMRegressor`. ``segment="auto"`` makes at most 32
        segments, without trials.

    Attributes
    ----------
    model_ : LSTMClassifier
        The fitted model.

    See Also
    --------
    tsl.LSTMClassifier : The same interface on one machine.
    """

    _plain = LSTMClassifier

    def __init__(self, *, client: Any = None, **parameters: Any) -> None:
        self._set(client, parameters)

    def predict_proba(self, X: Any) -> Any:
        """Predict the probability of each class: lazily, block by block, if X is a Dask array.

        Parameters
        ----------
        X : dask.array.Array or array-like of shape (n, T, C) or (n, T)
            n windows.

        Returns
        -------
        dask.array.Array or ndarray of shape (n, n_classes)
            In the order of ``model_.classes_``.
        """
        return self._blockwise(X, "predict_proba")


def _array(data: Any, name: str) -> Any:
    """Return a Dask array of known length."""
    if isinstance(data, np.ndarray):
        return da.from_array(data, chunks=(-(-len(data) // N_REPLICAS) or 1, *data.shape[1:]))
    if not isinstance(data, da.Array):
        raise TypeError(f"{name} must be an array of Dask or NumPy, got a {type(data).__name__}")
    if np.isnan(data.shape[0]):
        raise ValueError(f"{name} must have blocks of known length: call {name}.compute_chunk_sizes() before")
    return data


def _of_block(block: NDArray[Any], model: Any, method: str) -> NDArray[Any]:
    return getattr(model, method)(block)
