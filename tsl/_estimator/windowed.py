"""`WindowEstimator`: one or more targets for each window."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from tsl._estimator.base import NetworkEstimator
from tsl._estimator.checkpoints import open_checkpoint
from tsl._estimator.data import TrainingData, cut, in_segments, make_data, merged
from tsl._estimator.fit_tasks import FitTasks
from tsl._estimator.gates import GateActivations, gate_activations
from tsl._estimator.inputs import read_windows
from tsl._estimator.parameters import WindowParameters
from tsl._estimator.scaling import Scaling, input_scaling, no_scaling, scaled_windows
from tsl._estimator.settings import n_training_samples, new_architecture, new_optimizer, new_settings
from tsl._estimator.threads import resolve_threads
from tsl._sklearn import checks_parameters
from tsl.network import Dropout, Loss, Optimizer, Sequences, Targets
from tsl.training import Callback, Checkpoint, Samples, TrainingSettings


class WindowEstimator(WindowParameters, NetworkEstimator):
    """Base class of `LSTMRegressor` and `LSTMClassifier`, which define the targets."""

    n_timesteps_in_: int | None
    n_channels_in_: int
    input_scaling_: Scaling
    columns_: NDArray[np.intp] | None = None  # the default for saved files that are older than the attribute

    # --- targets, defined by the subclass ---------------------------------------------------------------------

    def _check_targets(self, y: Any) -> NDArray[Any]:
        """Return y as an array with one row for each window."""
        raise NotImplementedError

    def _encode_targets(self, y: NDArray[Any], *, reset: bool) -> NDArray[Any]:
        """Return targets (n, k) in float64, or class codes (n,); `reset` learns k or the classes."""
        raise NotImplementedError

    def _fit_target_scaling(self, data: TrainingData) -> None:
        """Learn the scaling of targets from the training set."""

    def _scaled_targets(self, targets: NDArray[Any]) -> NDArray[Any]:
        """Return targets as the network reads them."""
        raise NotImplementedError

    def _n_network_outputs(self) -> int:
        raise NotImplementedError

    def _loss(self) -> Loss:
        raise NotImplementedError

    def _segment(self, training: TrainingData, *, resume: bool) -> int:
        """Return how many steps the network reads at a time."""
        return 1

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
        """Train a new network, or continue with the present one if `warm_start` is set.

        Parameters
        ----------
        X : array-like, DataFrame or list of array-likes
            n windows: shape (n, T, C); or (n, T), one channel; or (n, T * `n_channels`), the channels of a step side
            by side; or a list of n sequences of any length, each (T_i, C) or (T_i,). The oldest step comes first,
            unless `time_order` or `layout` says otherwise. The columns of a frame with names such as ``lag_1`` are
            ordered by their names. Overlapping windows that are a view of a series are not copied.
        y : array-like of shape (n,) or (n, k)
            What to predict: one or several numbers, or the label, of each window.
        sample_weight : array-like of shape (n,), optional
            Weights of the windows: a weight of 2 is the same as repeating the window, 0 the same as leaving it out.
        X_val, y_val : optional
            Validation data in the same forms, in place of the last `validation_fraction` of the training data.
        checkpoint : path-like, optional
            File to which the state of the training is written, so that the same call, repeated after the process was
            killed, resumes from there with the same result, bit for bit (unless `max_time` is set). The file remains
            after `fit`; the same call then does not train again.
        checkpoint_every : float, default=60.0
            Seconds between writes to `checkpoint`.

        Returns
        -------
        self : object

        Raises
        ------
        ValueError
            If a parameter is out of range; if X, y and `sample_weight` do not match, are empty, or contain anything
            but finite numbers; if weights are negative or all zero; if `checkpoint` belongs to another fit or is not
            a checkpoint.

        Warns
        -----
        tsl.windows.WindowLayoutWarning
            If X seems to have the newest step first, or time on another axis.
        """
        kept = open_checkpoint(checkpoint, checkpoint_every)
        resume = self.warm_start and hasattr(self, "network_")
        data = self._read_data(X, y, sample_weight, reset=not resume)
        if (X_val is None) != (y_val is None):
            raise ValueError(
                f"X_val and y_val must be given together, got only {'y_val' if X_val is None else 'X_val'}"
            )
        n_training = n_training_samples(self, len(data.targets), has_validation=X_val is not None)
        settings, optimizer = new_settings(self, n_training), new_optimizer(self, n_training)
        if n_training == len(data.targets) <= settings.batch_size:
            data = merged(data)
            n_training = len(data.targets)
        self._begin(kept, resume=resume)
        samples, validation = self._prepare(data, n_training, resume=resume), None
        if n_training < len(data.targets):
            samples, validation = cut(samples, n_training)
        elif X_val is not None:
            validation = self._read_validation(X_val, y_val)
        tasks = FitTasks(self, X, y, sample_weight, settings.max_iter)
        self._train_windows(samples, validation, optimizer, settings, [tasks], kept)
        tasks.close()
        return self

    def _fit_data(self, data: TrainingData) -> None:
        """Train a new network on checked data."""
        n_samples = len(data.targets)
        self._begin(None, resume=False)
        samples = self._prepare(data, n_samples, resume=False)
        self._train_windows(samples, None, new_optimizer(self, n_samples), new_settings(self, n_samples))

    def _partial_fit(self, X: Any, y: Any, sample_weight: Any) -> Self:
        """Train for one epoch."""
        if self.early_stopping:
            raise ValueError("partial_fit cannot know when to stop: early_stopping=True is for fit")
        resume = hasattr(self, "network_")
        data = self._read_data(X, y, sample_weight, reset=not resume)
        n_samples = len(data.targets)
        settings, optimizer = replace(new_settings(self, n_samples), max_iter=1), new_optimizer(self, n_samples)
        if self.learning_rate == "cosine":  # it would fall to its lowest rate within each call
            settings = replace(settings, schedule=replace(settings.schedule, name="constant"))
        if n_samples <= settings.batch_size:
            data = merged(data)
        self._begin(None, resume=resume)
        self._train_windows(self._prepare(data, len(data.targets), resume=resume), None, optimizer, settings)
        return self

    def _train_windows(
        self,
        samples: Samples,
        validation: Samples | None,
        optimizer: Optimizer,
        settings: TrainingSettings,
        callbacks: Iterable[Callback] = (),
        checkpoint: Checkpoint | None = None,
    ) -> None:
        self._train(
            samples,
            validation,
            loss=self._loss(),
            optimizer=optimizer,
            settings=settings,
            dropout=Dropout(self.dropout, self.recurrent_dropout, seed=self._dropout_seed),
            callbacks=callbacks,
            checkpoint=checkpoint,
        )

    # --- reading ----------------------------------------------------------------------------------------------

    def _read_data(self, X: Any, y: Any, sample_weight: Any, *, reset: bool) -> TrainingData:
        """Check the data; `reset` learns their form, which must be the same otherwise."""
        if y is None:
            raise ValueError(f"{type(self).__name__} requires y to be passed, but the target y is None")
        windows = self._read_inputs(X, reset=reset)
        data = make_data(windows, self._check_targets(y), sample_weight, self.dtype)
        # After windows of weight 0 are left out, so that a class without weight counts as absent.
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

    def _prepare(self, data: TrainingData, n_training: int, *, resume: bool) -> Samples:
        """Set up scaling and network from the first `n_training` samples, and scale all samples."""
        training = data.part(slice(n_training))
        n_steps = int(training.windows.lengths.max())
        segment = self._segment(training, resume=resume)
        architecture = new_architecture(self, self.n_channels_in_, self._n_network_outputs(), segment)
        if resume:
            self._check_same(architecture, self.dtype)
        else:
            if self.scaling is None:
                self.input_scaling_ = no_scaling(self.n_channels_in_)
            else:
                self.input_scaling_ = input_scaling(training, may_be_columns=self._may_be_columns)
            self._fit_target_scaling(training)
            n_steps = -(-n_steps // segment)
            self._start(architecture, dtype=self.dtype, forget_bias=self.forget_bias, n_steps=n_steps)
        return self._samples(data)

    def _samples(self, data: TrainingData) -> Samples:
        """Return the data as the network reads them: scaled, in its dtype."""
        dtype = self.network_.dtype
        targets = Targets(self._scaled_targets(data.targets), np.arange(len(data.targets)))
        weights = None if data.weights is None else data.weights.astype(dtype)
        windows = scaled_windows(data.windows, self.input_scaling_, dtype)
        return Samples(in_segments(windows, self.network_.architecture.segment), targets, weights)

    def _network_inputs(self, X: Any) -> Sequences:
        """Return the windows of X as the fitted network reads them."""
        check_is_fitted(self)
        windows = scaled_windows(self._read_inputs(X, reset=False), self.input_scaling_, self.network_.dtype)
        return in_segments(windows, self.network_.architecture.segment)

    # --- prediction -------------------------------------------------------------------------------------------

    def _network_outputs(self, X: Any) -> NDArray[Any]:
        """Return the outputs (n, n_network_outputs) for the windows of X."""
        inputs = self._network_inputs(X)
        return self.network_.forward(inputs, n_threads=resolve_threads(self.n_threads))

    def gates(self, X: Any) -> list[GateActivations]:
        """Return the activations of all gates, and the cell and hidden states, at every step.

        Parameters
        ----------
        X : array-like, DataFrame or list of array-likes
            n windows, as in `fit`; in three-dimensional arrays and lists, T may differ from `fit`. The result has six
            numbers for each window, step and unit.

        Returns
        -------
        gates : list of GateActivations
            One for each layer and direction, the lowest layer first, forward before reverse: named tuples of `layer`,
            `direction`, and the arrays `input`, `forget`, `candidate`, `output`, `cell` and `hidden`, each (n, T, H);
            T counts segments if `LSTMClassifier` reads several steps at a time.

        See Also
        --------
        tsl.plotting.plot_gates : Plot them.
        """
        inputs = self._network_inputs(X)
        return gate_activations(self.network_, inputs)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        return tags
