"""What the estimators of windows share: one target, or several, for each window."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Self, get_args

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from tsl._estimator.base import BaseLSTM
from tsl._estimator.checkpoints import open_checkpoint
from tsl._estimator.data import Data, cut, make_data, merged
from tsl._estimator.fit_tasks import FitTasks
from tsl._estimator.gates import GateActivations, gate_activations
from tsl._estimator.inputs import read_windows
from tsl._estimator.options import Layout, TimeOrder
from tsl._estimator.scaling import Scaling, are_steps, coverage, no_scaling, standard_scaling
from tsl._estimator.threads import resolve_threads
from tsl._sklearn import StrOptions, checks_parameters, count
from tsl.network import Loss, Optimizer, Sequences, Targets
from tsl.training import Samples, TrainingSettings

# What "auto" stands for. Tried on tables of 70 to 1,200 rows and on series of 200 to 15,000 windows: small ones need
# the larger penalty, and overfit with more steps; on the large ones such a penalty, and ten epochs, cost accuracy.
AUTO_BATCH_SIZE = 64
AUTO_STEPS = 300
AUTO_LEAST_EPOCHS = 3
AUTO_ALPHA = 5e-3
AUTO_ALPHA_SAMPLES = 1000  # up to so many windows; then in inverse proportion to their number


class WindowEstimator(BaseLSTM):
    """Base of `LSTMRegressor` and `LSTMClassifier`, which say what targets are."""

    _parameter_constraints = {  # noqa: RUF012 (scikit-learn's name)
        **BaseLSTM._parameter_constraints,
        "alpha": [StrOptions({"auto"}), *BaseLSTM._parameter_constraints["alpha"]],
        "scaling": [StrOptions({"standard"}), None],
        "n_channels": [count(), None],
        "time_order": [StrOptions(set(get_args(TimeOrder)))],
        "layout": [StrOptions(set(get_args(Layout))), "array-like"],
    }

    n_timesteps_in_: int | None
    n_channels_in_: int
    input_scaling_: Scaling
    columns_: NDArray[np.intp] | None = None  # also in files from before there was such a thing

    # --- what a subclass says ---------------------------------------------------------------------------------

    def _check_targets(self, y: Any) -> NDArray[Any]:
        """y as an array of one row a window."""
        raise NotImplementedError

    def _encode_targets(self, y: NDArray[Any], *, reset: bool) -> NDArray[Any]:
        """Targets (n, k) in float64, or the numbers of classes (n,); `reset` to learn what they are like."""
        raise NotImplementedError

    def _fit_target_scaling(self, data: Data) -> None:
        """Learn how to scale targets from the training part."""

    def _scaled_targets(self, targets: NDArray[Any]) -> NDArray[Any]:
        """Targets as the network is to see them."""
        raise NotImplementedError

    def _n_network_outputs(self) -> int:
        raise NotImplementedError

    def _loss(self) -> Loss:
        raise NotImplementedError

    # --- fit --------------------------------------------------------------------------------------------------

    @checks_parameters
    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        *,
        X_val: Any = None,
        y_val: Any = None,
        checkpoint: Any = None,
        checkpoint_every: float = 60.0,
    ) -> Self:
        """Train a new network, or go on with the one there is if `warm_start` is set.

        Parameters
        ----------
        X : array-like, DataFrame or list of array-likes
            n windows: shape (n, T, C); or (n, T), one channel; or (n, T * `n_channels`), the channels of a step side
            by side; or a list of n sequences of any length, each (T_i, C) or (T_i,); the oldest step first, unless
            `time_order` or `layout` say otherwise. A frame whose columns have names such as ``lag_1`` is put in
            order by them. Overlapping windows that are a view of a series are not copied.
        y : array-like of shape (n,) or (n, k)
            What to predict: one or several numbers, or the label, of each window.
        sample_weight : array-like of shape (n,), optional
            How much each window counts: a weight of 2 is the same as the window twice, and 0 as without it.
        X_val, y_val : optional
            Validation data in the same forms, in place of the last `validation_fraction` of the training data.
        checkpoint : path-like, optional
            File to keep the training in while it goes on, so that the same call, made again after the process was
            killed, goes on from there and ends as if nothing had happened, bit for bit (unless `max_time` is set). The
            file stays when `fit` has ended; the same call then does not train again.
        checkpoint_every : float, default=60.0
            Seconds between two writes to it.

        Returns
        -------
        self : object

        Raises
        ------
        ValueError
            If a parameter is out of range; if X, y and `sample_weight` do not fit together, are empty, or hold
            anything but finite numbers; if weights are negative or all zero; if `checkpoint` is of another fit, or
            no checkpoint.

        Warns
        -----
        tsl.windows.WindowLayoutWarning
            If time seems to run backwards in X, or another axis to be that of time.
        """
        kept = open_checkpoint(checkpoint, checkpoint_every)
        go_on = self.warm_start and hasattr(self, "network_")
        data = self._read_data(X, y, sample_weight, reset=not go_on)
        n_training = self._n_training(len(data.targets), X_val, y_val)
        settings = self._resolved_settings(n_training)
        if n_training == len(data.targets) <= settings.batch_size:
            data = merged(data)
            n_training = len(data.targets)
        self._begin(kept, go_on=go_on)
        samples, validation = self._prepare(data, n_training, go_on=go_on), None
        if n_training < len(data.targets):
            samples, validation = cut(samples, n_training)
        elif X_val is not None:
            validation = self._read_validation(X_val, y_val)
        tasks = FitTasks(self, X, y, sample_weight, settings.max_iter)
        optimizer = self._resolved_optimizer(n_training)
        self._train(
            samples,
            validation,
            loss=self._loss(),
            optimizer=optimizer,
            settings=settings,
            callbacks=[tasks],
            checkpoint=kept,
        )
        tasks.close()
        return self

    def _partial_fit(self, X: Any, y: Any, sample_weight: Any) -> Self:
        """Train for one epoch."""
        if self.early_stopping:
            raise ValueError("partial_fit cannot know when to stop: early_stopping=True is for fit")
        go_on = hasattr(self, "network_")
        data = self._read_data(X, y, sample_weight, reset=not go_on)
        n = len(data.targets)
        settings = replace(self._resolved_settings(n), max_iter=1)
        if n <= settings.batch_size:
            data = merged(data)
        self._begin(None, go_on=go_on)
        samples = self._prepare(data, len(data.targets), go_on=go_on)
        if self.learning_rate == "cosine":  # it would fall to its end in every single call
            settings = replace(settings, schedule=replace(settings.schedule, name="constant"))
        self._train(samples, None, loss=self._loss(), optimizer=self._resolved_optimizer(n), settings=settings)
        return self

    def _resolved_optimizer(self, n_samples: int) -> Optimizer:
        """Optimizer with a number in place of "auto"."""
        optimizer = self._optimizer()
        if self.alpha != "auto":
            return optimizer
        return replace(optimizer, alpha=AUTO_ALPHA * min(1.0, AUTO_ALPHA_SAMPLES / n_samples))

    def _resolved_settings(self, n_samples: int) -> TrainingSettings:
        """Settings with numbers in place of "auto"."""
        if self.batch_size == "auto":  # of equal size, as the mean of a last batch of one window is mostly noise
            batch_size = _ceil_div(n_samples, _ceil_div(n_samples, AUTO_BATCH_SIZE))
        else:
            batch_size = int(self.batch_size)
        if self.max_iter == "auto":
            steps_per_epoch = _ceil_div(n_samples, batch_size)
            max_iter = max(AUTO_LEAST_EPOCHS, _ceil_div(AUTO_STEPS, steps_per_epoch))
        else:
            max_iter = int(self.max_iter)
        return self._settings(max_iter=max_iter, batch_size=batch_size)

    def _n_training(self, n_samples: int, X_val: Any, y_val: Any) -> int:
        """How many samples, from the first, are to be trained on."""
        if (X_val is None) != (y_val is None):
            raise ValueError(f"X_val and y_val go together, got {'y_val' if X_val is None else 'X_val'} alone")
        if X_val is not None or not self.early_stopping:
            return n_samples
        n_training = n_samples - max(1, round(self.validation_fraction * n_samples))
        if n_training < 1:
            raise ValueError(
                f"validation_fraction={self.validation_fraction} leaves nothing to train on, with n_samples={n_samples}"
            )
        return n_training

    # --- reading ----------------------------------------------------------------------------------------------

    def _read_data(self, X: Any, y: Any, sample_weight: Any, *, reset: bool) -> Data:
        """Check the data; `reset` to learn their form, otherwise it must be the same."""
        if y is None:
            raise ValueError(f"{type(self).__name__} requires y to be passed, but the target y is None")
        windows = self._read_inputs(X, reset=reset)
        data = make_data(windows, self._check_targets(y), sample_weight, self.dtype)
        # Only now, so that a class with no weight is as good as absent.
        return data._replace(targets=self._encode_targets(data.targets, reset=reset))

    def _read_validation(self, X_val: Any, y_val: Any) -> Samples:
        try:
            return self._samples(self._read_data(X_val, y_val, None, reset=False))
        except ValueError as error:
            raise ValueError(f"in X_val and y_val: {error}") from error

    def _read_inputs(self, X: Any, *, reset: bool) -> Sequences:
        n_channels = self.n_channels if reset else self.n_channels_in_
        windows, n_timesteps, may_be_columns = read_windows(self, X, n_channels, reset=reset)
        if reset:
            self.n_timesteps_in_, self.n_channels_in_ = n_timesteps, windows.rows.shape[1]
            self._may_be_columns = may_be_columns
        return windows

    def _prepare(self, data: Data, n_training: int, *, go_on: bool) -> Samples:
        """Set up scaling and network from the first `n_training` samples, and scale all."""
        architecture = self._architecture(self.n_channels_in_, self._n_network_outputs())
        if go_on:
            self._check_same(architecture)
        else:
            training = data.part(slice(n_training))
            self.input_scaling_ = self._new_input_scaling(training)
            self._fit_target_scaling(training)
            self._start(architecture, int(training.windows.lengths.max()))
        return self._samples(data)

    def _new_input_scaling(self, training: Data) -> Scaling:
        rows, starts, *_ = training.windows
        if self.scaling is None:
            return no_scaling(rows.shape[1])
        if self._may_be_columns:
            counts = np.ones(len(starts)) if training.weights is None else training.weights
            by_column = standard_scaling(_table(training.windows), counts, 0, "X")
            if not are_steps(by_column, len(starts)):
                return Scaling(by_column.mean[:, None], by_column.scale[:, None])
        return standard_scaling(rows, coverage(training.windows, training.weights), starts[0], "X")

    def _samples(self, data: Data) -> Samples:
        """Scaled, in the network's type."""
        dtype = self.network_.dtype
        targets = Targets(self._scaled_targets(data.targets), np.arange(len(data.targets)))
        weights = None if data.weights is None else data.weights.astype(dtype)
        return Samples(self._scaled(data.windows), targets, weights)

    def _scaled(self, windows: Sequences) -> Sequences:
        dtype, scaling = self.network_.dtype, self.input_scaling_
        if scaling.mean.ndim == 1:
            return windows._replace(rows=scaling.apply(windows.rows, dtype, "X"))
        n_columns = len(scaling.mean)
        if not (windows.lengths == n_columns).all():
            raise ValueError(f"X must have the {n_columns} columns of fit, each of which has a scale of its own")
        by_column = Scaling(scaling.mean[:, 0], scaling.scale[:, 0])
        table = by_column.apply(_table(windows), dtype, "X")
        return Sequences(table.reshape(-1, 1), np.arange(len(table)) * n_columns, windows.lengths)

    # --- what a fitted network gives --------------------------------------------------------------------------

    def _network_outputs(self, X: Any) -> NDArray[Any]:
        """(n, n_network_outputs) for the windows of X."""
        check_is_fitted(self)
        sequences = self._scaled(self._read_inputs(X, reset=False))
        return self.network_.forward(sequences, n_threads=resolve_threads(self.n_threads))

    def gates(self, X: Any) -> list[GateActivations]:
        """Activations of all gates, and the cell and hidden states, at every step.

        Parameters
        ----------
        X : array-like, DataFrame or list of array-likes
            n windows, as in `fit`; three-dimensional arrays and lists may have other lengths. The result takes
            memory for six numbers a window, step and unit.

        Returns
        -------
        gates : list of GateActivations
            One a layer and direction, the lowest layer first, forward before reverse: named tuples of `layer`,
            `direction`, and the arrays `input`, `forget`, `candidate`, `output`, `cell` and `hidden`, each (n, T, H).

        See Also
        --------
        tsl.plotting.plot_gates : A picture of them.
        """
        check_is_fitted(self)
        return gate_activations(self.network_, self._scaled(self._read_inputs(X, reset=False)))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        return tags


def _table(windows: Sequences) -> NDArray[Any]:
    """(n, T) windows of one channel and equal length, a column a step."""
    return windows.rows[windows.starts[:, None] + np.arange(windows.lengths[0]), 0]


def _ceil_div(n: int, divisor: int) -> int:
    return -(-n // divisor)
