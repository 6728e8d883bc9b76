"""`LSTMClassifier`."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Sequence
from typing import Any, Literal, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin, clone
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import column_or_1d

from tsl._estimator import WindowEstimator, resolve_threads
from tsl._estimator.checks import check_finite, naming
from tsl._estimator.data import TrainingData
from tsl._estimator.options import Auto, Layout, LearningRate, Precision, Solver, TimeOrder
from tsl._estimator.parameters import WindowParameters, set_parameters
from tsl._estimator.segments import chosen_segment, usual_segment
from tsl._sklearn import StrOptions, checks_parameters, count
from tsl.network import Loss


class LSTMClassifier(ClassifierMixin, WindowEstimator):
    """LSTM classifier for windows of a series.

    Stacked LSTM layers read a window step by step; a linear layer and a softmax turn the last hidden state into
    probabilities. Training minimises the cross-entropy (log loss).

    Parameters
    ----------
    hidden_size : int or tuple of int, default=64
        Units in each LSTM layer, from the input upwards.
    bidirectional : bool, default=False
        Whether each layer also reads the window backwards.
    segment : int or "auto", default="auto"
        Number of consecutive steps that are read at a time, side by side: long windows are learned better and faster
        from few segments than from many single steps. The last segment is padded with zeros, the mean of each channel.
        With ``"auto"``, windows of up to 32 steps are read step by step; longer ones are split into 32 segments, or
        into 16, 8, 4 or 2 if that lowers the loss by a tenth in a three-fold cross-validation, which takes five times
        as long as the fit itself. With `max_time`, in `partial_fit`, and if a class has fewer than three windows, there
        are always 32 segments.
    dropout : float, default=0.0
        Share of each layer's outputs that is set to 0 in training, drawn anew for each step of a window.
    recurrent_dropout : float, default=0.2
        Share of the hidden state that is left out of the recurrent product in training; the same units are dropped at
        all steps of a window (Gal & Ghahramani 2016).
    forget_bias : float or "chrono", default=1.0
        Initial bias of the forget gates: at 1 an untrained unit remembers for one or two steps, at 5 for about
        150. ``"chrono"`` draws biases such that units remember for between 1 step and the whole window (Tallec &
        Ollivier 2018): for long windows whose first steps matter.
    solver : {"adam", "adamw", "rmsprop", "sgd"}, default="adam"
        The optimiser.
    alpha : float or "auto", default="auto"
        L2 penalty: ``alpha / 2 * sum(w**2)`` over all weights except biases is added to the mean loss; with
        ``solver="adamw"`` it is decoupled weight decay instead. ``"auto"`` is 0.005 for up to 1,000 windows, and 5
        divided by their number for more.
    batch_size : int or "auto", default="auto"
        Windows per training step. ``"auto"`` makes batches of equal size, up to 64.
    learning_rate_init : float, default=0.01
        The learning rate, or the highest one of a schedule.
    learning_rate : {"constant", "step", "cosine", "plateau"}, default="cosine"
        Schedule of the learning rate. ``"cosine"`` rises over the first `learning_rate_warmup` of all steps, then
        falls along half a cosine wave to `learning_rate_final` times `learning_rate_init`; ``"step"`` multiplies the
        rate by `learning_rate_factor` every `learning_rate_every` epochs; ``"plateau"`` does so after
        `learning_rate_patience` consecutive epochs in which the loss did not fall by `tol` below its lowest value.
    learning_rate_factor : float, default=0.2
        Factor of the "step" and "plateau" schedules.
    learning_rate_every : int, default=10
        Number of epochs, for the "step" schedule.
    learning_rate_patience : int, default=5
        Number of epochs, for the "plateau" schedule.
    learning_rate_warmup, learning_rate_final : float, default=0.03 and 0.0
        Shares of all steps and of `learning_rate_init`, for the "cosine" schedule.
    max_iter : int or "auto", default="auto"
        Number of epochs. ``"auto"`` is the number that gives 600 training steps, and at least 3.
    max_time : float, optional
        Seconds after which training ends.
    shuffle : bool, default=True
        Whether to shuffle the windows in each epoch.
    random_state : int, RandomState instance or None, default=None
        Seed for the initial weights, the order of the windows, and dropout. The same seed gives the same model, bit for
        bit, with any `n_threads`.
    tol : float, default=1e-4
        How far a loss must fall below the lowest one so far to count as an improvement, for `early_stopping` and
        the "plateau" schedule.
    verbose : int, default=0
        1 shows progress on stderr, 2 also a line for each epoch.
    warm_start : bool, default=False
        Whether `fit` continues with the network, the optimiser's state and the scaling of the last call.
    momentum, nesterovs_momentum : float and bool, default=0.9 and True
        For ``solver="sgd"``.
    beta_1, beta_2, epsilon : float, default=0.9, 0.999 and 1e-8
        For Adam: decay rates of the moving averages of the gradient and of its square, and the number added to the
        root of the latter. RMSprop uses the last two.
    clip_norm : float or None, default=1.0
        Largest Euclidean norm of the gradient; larger gradients are scaled down to it.
    clip_value : float or None, default=None
        Largest absolute value of the gradient's entries, applied before `clip_norm`.
    early_stopping : bool, default=False
        Whether to end training when the loss on held-out data has not improved for `n_iter_no_change` epochs, and to
        restore the weights of the best epoch.
    validation_fraction : float, default=0.1
        Share of the windows, always the last ones, that is held out for `early_stopping` if `fit` gets no `X_val`.
        Windows must be in time order. The inputs of the first held-out windows overlap those of the last training
        windows, but their targets do not; with a horizon of several steps, pass an `X_val` that leaves a gap.
    n_iter_no_change : int or None, default=10
        Number of epochs, for `early_stopping`; None only restores the best weights at the end.
    scaling : "standard" or None, default="standard"
        Whether to standardise the inputs by channel, with the mean and standard deviation of the training windows
        and their weights (a row in ten windows counts ten times). A two-dimensional X without `n_channels` is one
        channel, but each column has its own mean and standard deviation if these differ too much to be steps of one
        channel (5 times, with 20 windows or more).
    n_channels : int, optional
        Channels of a step in a two-dimensional X of shape (n, T * n_channels). Default: one, or the length of the
        channel axis.
    time_order : {"auto", "oldest_first", "newest_first"}, default="auto"
        Which end of a window is the oldest. "auto" uses the column names of a frame, see `LSTMRegressor`; without
        them it is the first step, with a warning if the rows suggest the opposite.
    layout : {"auto", "time_channel", "channel_time"} or sequence of str, default="auto"
        Which axis comes first. "time_channel": (n, T, C), or in two dimensions the channels of a step side by side.
        "channel_time": (n, C, T) as in sktime and aeon, or in two dimensions the steps of a channel side by side.
        An array with a list of column names, such as ``["lag_1", "lag_2", "holiday"]``, is read like a frame with
        these names. "auto" is "time_channel", with a warning if a three-dimensional X has 1 step of 4 channels or
        more, or 10 times as many channels as steps.
    n_threads : int, optional
        Maximum number of threads. Default: all cores that the process may use; fewer in joblib workers, or if
        ``NUMBA_NUM_THREADS`` is set.
    dtype : {"float32", "float64"}, default="float32"
        Precision of the network; float64 takes at least twice as long.
    callbacks : list, optional
        Functions that are called as ``callback(epoch, history, network)`` after each epoch and may return True to end
        the training; or objects with a method `on_epoch_end` of this signature and, optionally, `on_epoch_begin`.
        Callbacks of scikit-learn 1.9 and newer, such as its ``ProgressBar``, are passed to `set_callbacks` instead: an
        epoch is a task.

    Attributes
    ----------
    network_ : tsl.network.Network
        The trained network.
    history_ : tsl.training.History
        Loss, learning rate and time of each epoch, and why the training ended.
    loss_curve_ : list of float
        Mean training loss of each epoch, in nats.
    validation_scores_ : list of float or None
        Negative loss on the held-out data after each epoch, if there are any.
    best_loss_ : float
        The lowest loss on held-out data with `early_stopping`, otherwise the lowest training loss.
    n_iter_ : int
        Number of epochs trained.
    n_timesteps_in_ : int or None
        Steps of the windows in `fit`; None for sequences of different lengths.
    n_channels_in_ : int
        Channels of a step.
    n_features_in_ : int
        ``n_timesteps_in_ * n_channels_in_``, or the number of columns of a table of lags; not set for sequences of
        different lengths.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns, if X was a DataFrame whose column names are all strings.
    columns_ : ndarray of int, of shape (n_timesteps_in_, n_channels_in_), or None
        The column of a two-dimensional X for each step and channel, if they were found by name.
    input_scaling_ : Scaling
        `mean` and `scale` of each channel; of shape (n_timesteps_in_, 1) if each column has its own.
    classes_ : ndarray of shape (n_classes,)
        The labels, sorted.

    See Also
    --------
    LSTMRegressor : Regression; its notes on lengths, memory and weights apply here too.
    tsl.windows.SlidingWindow : Windows in a pipeline.

    Examples
    --------
    Which of two frequencies does a wave of thirty noisy values have?

    >>> import numpy as np
    >>> from tsl import LSTMClassifier
    >>> rng = np.random.default_rng(0)
    >>> fast = rng.integers(2, size=300).astype(bool)
    >>> phase = np.arange(30) * np.where(fast, 0.9, 0.5)[:, None] + rng.uniform(0, 6, size=(300, 1))
    >>> X, y = np.sin(phase) + rng.normal(scale=0.3, size=(300, 30)), np.where(fast, "fast", "slow")
    >>> model = LSTMClassifier(random_state=0).fit(X[:200], y[:200])
    >>> bool(model.score(X[200:], y[200:]) > 0.95)
    True
    >>> model.predict_proba(X[200:]).shape
    (100, 2)
    """

    segment: int | Auto

    # Cross-validated on the training sets that the page on the classifier names: with recurrent dropout of 0.2, 600
    # steps are better than 300; without it, they overfit. The trials of `segment` have half as many, which saves time.
    _auto_steps = 600

    _parameter_constraints: dict[str, list[Any]] = {  # noqa: RUF012 (scikit-learn's name)
        **WindowParameters._parameter_constraints,
        "segment": [StrOptions({"auto"}), count()],
    }

    def __init__(
        self,
        *,
        hidden_size: int | tuple[int, ...] = 64,
        bidirectional: bool = False,
        segment: int | Auto = "auto",
        dropout: float = 0.0,
        recurrent_dropout: float = 0.2,
        forget_bias: float | Literal["chrono"] = 1.0,
        solver: Solver = "adam",
        alpha: float | Auto = "auto",
        batch_size: int | Auto = "auto",
        learning_rate_init: float = 1e-2,
        learning_rate: LearningRate = "cosine",
        learning_rate_factor: float = 0.2,
        learning_rate_every: int = 10,
        learning_rate_patience: int = 5,
        learning_rate_warmup: float = 0.03,
        learning_rate_final: float = 0.0,
        max_iter: int | Auto = "auto",
        max_time: float | None = None,
        shuffle: bool = True,
        random_state: Any = None,
        tol: float = 1e-4,
        verbose: int | bool = False,
        warm_start: bool = False,
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        clip_norm: float | None = 1.0,
        clip_value: float | None = None,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: int | None = 10,
        scaling: Literal["standard"] | None = "standard",
        n_channels: int | None = None,
        time_order: TimeOrder = "auto",
        layout: Layout | Sequence[str] = "auto",
        n_threads: int | None = None,
        dtype: Precision = "float32",
        callbacks: Iterable[Any] | None = None,
    ) -> None:
        set_parameters(self, locals())

    @checks_parameters
    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None, *, classes: Any = None) -> Self:
        """Train for one epoch on these windows, continuing from the last call.

        The first call sets up network and scaling, so its data should be representative of the rest.

        Parameters
        ----------
        X : array-like, DataFrame or list of array-likes
            n windows, as in `fit`.
        y : array-like of shape (n,)
            The label of each window.
        sample_weight : array-like of shape (n,), optional
            As in `fit`.
        classes : array-like of shape (n_classes,), optional
            All labels that may occur in any call; required in the first call.

        Returns
        -------
        self : object

        Raises
        ------
        ValueError
            As in `fit`; also if X has a different form than in earlier calls, if y has a label that is not in
            `classes`, or if `early_stopping` is set.
        """
        if classes is not None:
            classes = np.unique(column_or_1d(classes))
            if hasattr(self, "network_") and not np.array_equal(classes, self.classes_):
                raise ValueError(f"classes must be those of the first call, {self.classes_}, got {classes}")
        elif not hasattr(self, "network_"):
            raise ValueError("classes must be passed on the first call to partial_fit")
        self._given_classes = classes
        try:
            return self._partial_fit(X, y, sample_weight)
        finally:
            del self._given_classes

    def predict(self, X: Any) -> NDArray[Any]:
        """Predict the label of each window.

        Parameters
        ----------
        X : array-like, DataFrame or list of array-likes
            n windows, as in `fit`; in three-dimensional arrays and lists, T may differ from `fit`.

        Returns
        -------
        y : ndarray of shape (n,)
            The most probable class of each window.
        """
        outputs = self._network_outputs(X)
        return self.classes_[outputs.argmax(axis=1)]

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Predict the probability of each class.

        Parameters
        ----------
        X : array-like, DataFrame or list of array-likes
            n windows, as in `predict`.

        Returns
        -------
        probabilities : ndarray of shape (n, n_classes)
            In the order of `classes_`.
        """
        return np.exp(self.predict_log_proba(X))

    def predict_log_proba(self, X: Any) -> NDArray[np.float64]:
        """Predict the logarithm of the probability of each class.

        Parameters
        ----------
        X : array-like, DataFrame or list of array-likes
            n windows, as in `predict`.

        Returns
        -------
        log_probabilities : ndarray of shape (n, n_classes)
            In the order of `classes_`.
        """
        outputs = self._network_outputs(X).astype(np.float64)
        outputs -= outputs.max(axis=1, keepdims=True)
        return outputs - np.log(np.exp(outputs).sum(axis=1, keepdims=True))

    # --- targets ----------------------------------------------------------------------------------------------

    def _check_targets(self, y: Any) -> NDArray[Any]:
        with naming("y"):
            y = column_or_1d(_plain(y), warn=True)
            missing = pd.isna(y)
            if y.dtype.kind == "O" and missing.any():
                raise ValueError(
                    f"y must have a label for each window, got {y[missing][0]} for window {missing.argmax()}"
                )
            check_finite(y, "y", self)
            check_classification_targets(y)
        return y

    def _encode_targets(self, y: NDArray[Any], *, reset: bool) -> NDArray[np.int64]:
        if reset:
            given = getattr(self, "_given_classes", None)
            self.classes_ = np.unique(y) if given is None else given
        codes = np.searchsorted(self.classes_, y).clip(max=len(self.classes_) - 1)
        unknown = self.classes_[codes] != y
        if unknown.any():
            raise ValueError(f"y has labels that are not among the classes {self.classes_}: {np.unique(y[unknown])}")
        return codes.astype(np.int64)

    def _scaled_targets(self, targets: NDArray[Any]) -> NDArray[Any]:
        return targets

    def _n_network_outputs(self) -> int:
        return len(self.classes_)

    def _loss(self) -> Loss:
        return Loss("log_loss")

    # --- the network ------------------------------------------------------------------------------------------

    def _segment(self, training: TrainingData, *, resume: bool) -> int:
        if self.segment != "auto":
            return int(self.segment)
        if resume:
            return self.network_.architecture.segment
        if self.max_time is not None or hasattr(self, "_given_classes"):  # the latter in partial_fit and on a cluster
            return usual_segment(int(training.windows.lengths.max()))
        seed = int(copy.deepcopy(self._random_state).randint(2**31))  # a copy: the fit is as with the segment given
        return chosen_segment(training, lambda *trial: self._trial_scores(seed, *trial), seed, int(self.verbose))

    def _trial_scores(self, seed: int, segment: int, training: TrainingData, held_out: TrainingData) -> NDArray[Any]:
        """Return the outputs (n, n_classes) for held-out windows of a classifier with this segment."""
        changes = {"segment": segment, "early_stopping": False, "random_state": seed, "verbose": 0, "callbacks": None}
        other = clone(self).set_params(**changes)
        other._auto_steps = self._auto_steps // 2
        for name in ("classes_", "n_channels_in_", "_may_be_columns"):
            setattr(other, name, getattr(self, name))
        other._fit_data(training)
        return other.network_.forward(other._samples(held_out).sequences, n_threads=resolve_threads(self.n_threads))


def _plain(y: Any) -> Any:
    """Convert integers and booleans of pandas' extension dtypes to NumPy, as scikit-learn would make them float64."""
    kind: Any = getattr(y, "dtype", None)
    whole = isinstance(kind, pd.api.extensions.ExtensionDtype) and kind.kind in "biu"
    return y.to_numpy(kind.numpy_dtype) if whole and not pd.isna(y).any() else y
