"""`LSTMRegressor`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from numbers import Real
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import RegressorMixin

from tsl._estimator import WindowEstimator
from tsl._estimator.checks import check_numbers, naming
from tsl._estimator.data import TrainingData
from tsl._estimator.options import Auto, Layout, LearningRate, Precision, Solver, TimeOrder
from tsl._estimator.parameters import set_parameters
from tsl._estimator.scaling import Scaling, no_scaling, standard_scaling
from tsl._estimator.scores import regression_score
from tsl._sklearn import Interval, StrOptions, checks_parameters
from tsl.network import LARGEST_LOG_MEAN, Loss


class LSTMRegressor(RegressorMixin, WindowEstimator):
    """LSTM regressor for windows of a series.

    Stacked LSTM layers read a window step by step; a linear layer turns the last hidden state into the prediction.

    Parameters
    ----------
    hidden_size : int or tuple of int, default=64
        Units in each LSTM layer, from the input upwards.
    loss : {"squared_error", "absolute_error", "huber", "quantile", "poisson"}, default="squared_error"
        The loss that training minimises: predictions estimate the mean, the median, something between the two, or
        the `quantiles`. "poisson" is for non-negative y, such as counts: the network outputs the logarithm of the
        mean.
    quantiles : float or sequence of float, default=0.5
        Levels between 0 and 1, in increasing order, for ``loss="quantile"``. `predict` sorts the values of a row, as
        separately learned quantiles may cross (Chernozhukov, Fernandez-Val & Galichon 2010).
    huber_delta : float, default=1.0
        Error at which ``loss="huber"`` changes from quadratic to linear: in standard deviations of the target, or in
        its units if `scaling` is None.
    bidirectional : bool, default=False
        Whether each layer also reads the window backwards.
    dropout : float, default=0.0
        Share of each layer's outputs that is set to 0 in training, drawn anew for each step of a window.
    recurrent_dropout : float, default=0.0
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
        Number of epochs. ``"auto"`` is the number that gives 300 training steps, and at least 3.
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
        Whether to standardise inputs by channel and targets by column, with the mean and standard deviation of the
        training windows and their weights (a row in ten windows counts ten times); predictions are transformed back.
        A two-dimensional X without `n_channels` is one channel, but each column has its own mean and standard
        deviation if these differ too much to be steps of one channel (5 times, with 20 windows or more).
    n_channels : int, optional
        Channels of a step in a two-dimensional X of shape (n, T * n_channels). Default: one, or the length of the
        channel axis.
    time_order : {"auto", "oldest_first", "newest_first"}, default="auto"
        Which end of a window is the oldest. "auto" uses the column names of a frame, see *Tables of lags*; without
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
        Mean training loss of each epoch, in units of the scaled targets.
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
    target_scaling_ : Scaling
        `mean` and `scale` of each column of y.
    n_outputs_ : int
        Columns of y.

    See Also
    --------
    LSTMClassifier : Classification.
    tsl.windows.SlidingWindow : Windows in a pipeline.
    tsl.windows.make_windows : Windows and targets as two arrays.

    Notes
    -----
    *Lengths.* A network reads windows of any length. A two-dimensional X must have the same columns as in `fit`, as
    everywhere in scikit-learn; the windows in three-dimensional arrays and lists may be longer or shorter.

    *Tables of lags.* skforecast, mlforecast, Darts and others make tables whose columns have names such as ``lag_1,
    lag_2, ..., holiday``, the newest first. The columns of a frame with such names, also ``y_lag_1``, ``target_lag-1``,
    ``y(t-1)`` or ``y.L1``, are reordered: names that differ only in the lag form a channel, the oldest lag first; a
    column without a lag, or the only lag of its name, is a channel that is constant within a window. Arrays in
    `predict` are then read by the same positions. An array in `fit` has no names: give `time_order`, or names as
    `layout`.

    *Memory.* Overlapping windows that are a view of a series, as `SlidingWindow` and `make_windows` return them, are
    read in place: each takes the memory of two numbers. Selecting windows with an index array copies them.

    *Small or noisy data.* The defaults suit a hundred windows as well as many thousands. If the signal is weak, as in
    daily price changes, ``early_stopping=True`` or a larger `alpha` is more accurate. A network does not extrapolate
    beyond the levels of its training set: if a series has a trend, predict its differences.

    *Weights.* They are equivalent to repetition, bit for bit, if all windows are in one batch and none is held out;
    otherwise repetition changes the composition of the batches.

    *Independence.* The prediction for a window does not depend on the other windows, bit for bit.

    Examples
    --------
    The next value of a wave, from the last twenty:

    >>> import numpy as np
    >>> from tsl import LSTMRegressor
    >>> from tsl.windows import make_windows
    >>> series = np.sin(np.arange(300) / 4)
    >>> X, y = make_windows(series, window=20)
    >>> X.shape, y.shape
    ((280, 20, 1), (280,))
    >>> model = LSTMRegressor(random_state=0).fit(X[:200], y[:200])
    >>> bool(model.score(X[200:], y[200:]) > 0.99)
    True

    An 80 % prediction interval:

    >>> model = LSTMRegressor(loss="quantile", quantiles=[0.1, 0.5, 0.9], random_state=0)
    >>> model.fit(X[:200], y[:200]).predict(X[200:]).shape
    (80, 3)
    """

    loss: Literal["squared_error", "absolute_error", "huber", "quantile", "poisson"]
    quantiles: float | Iterable[float]
    huber_delta: float

    _parameter_constraints = {  # noqa: RUF012 (scikit-learn's name)
        **WindowEstimator._parameter_constraints,
        "loss": [StrOptions({"squared_error", "absolute_error", "huber", "quantile", "poisson"})],
        "quantiles": [Interval(Real, 0, 1, closed="neither"), "array-like"],
        "huber_delta": [Interval(Real, 0, None, closed="neither")],
    }

    def __init__(
        self,
        *,
        hidden_size: int | tuple[int, ...] = 64,
        loss: Literal["squared_error", "absolute_error", "huber", "quantile", "poisson"] = "squared_error",
        quantiles: float | Iterable[float] = 0.5,
        huber_delta: float = 1.0,
        bidirectional: bool = False,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
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
    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train for one epoch on these windows, continuing from the last call.

        The first call sets up network and scaling, so its data should be representative of the rest.

        Parameters
        ----------
        X : array-like, DataFrame or list of array-likes
            n windows, as in `fit`.
        y : array-like of shape (n,) or (n, k)
            Targets.
        sample_weight : array-like of shape (n,), optional
            As in `fit`.

        Returns
        -------
        self : object

        Raises
        ------
        ValueError
            As in `fit`; also if X or y has a different form than in earlier calls, or if `early_stopping` is set.
        """
        return self._partial_fit(X, y, sample_weight)

    def predict(self, X: Any) -> NDArray[np.float64]:
        """Predict the targets of each window.

        Parameters
        ----------
        X : array-like, DataFrame or list of array-likes
            n windows, as in `fit`; in three-dimensional arrays and lists, T may differ from `fit`.

        Returns
        -------
        y : ndarray of shape (n,) or (n, k)
            With Q > 1 `quantiles`, (n, Q) or (n, k, Q): the last axis has the quantiles in increasing order.
        """
        outputs = self._network_outputs(X)
        if self.loss == "poisson":
            outputs = np.exp(np.minimum(outputs.astype(np.float64), LARGEST_LOG_MEAN))
        n_quantiles = outputs.shape[1] // self.n_outputs_
        if n_quantiles == 1:
            predicted = self.target_scaling_.undo(outputs)
        else:
            targets = outputs.reshape(len(outputs), self.n_outputs_, n_quantiles)
            predicted = np.sort(self.target_scaling_.undo(targets.swapaxes(1, 2)), axis=1).swapaxes(1, 2)
        return np.ascontiguousarray(predicted[:, 0] if self._single_output else predicted)

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return R², the coefficient of determination; with quantiles D², its analogue for the pinball loss.

        Parameters
        ----------
        X : array-like, DataFrame or list of array-likes
            n windows, as in `predict`.
        y : array-like of shape (n,) or (n, k)
            True values.
        sample_weight : array-like of shape (n,), optional
            Weight of each window.

        Returns
        -------
        score : float
            1 at best; 0 for predicting a constant, the mean of y or with ``loss="quantile"`` its quantiles. Averaged
            over the columns of y and over quantiles.
        """
        return regression_score(check_numbers(y, "y", self), self.predict(X), self._levels(), sample_weight)

    # --- targets ----------------------------------------------------------------------------------------------

    def _levels(self) -> tuple[float, ...]:
        """Return `quantiles` as a tuple; empty for other losses."""
        if self.loss != "quantile":
            return ()
        with naming("quantiles"):
            levels = np.atleast_1d(np.asarray(self.quantiles, dtype=np.float64))
        rising = levels.ndim == 1 and levels.size > 0 and (np.diff(levels, prepend=0.0, append=1.0) > 0).all()
        if not rising:
            raise ValueError(f"quantiles must be one or several rising numbers between 0 and 1, got {self.quantiles!r}")
        return tuple(levels.tolist())

    def _check_targets(self, y: Any) -> NDArray[Any]:
        y = check_numbers(y, "y", self)
        if y.ndim not in (1, 2) or 0 in y.shape:
            raise ValueError(f"y must have shape (n,) or (n, k), got {y.shape}")
        if self.loss == "poisson" and (y < 0).any():
            raise ValueError(f"y must be from 0 up with loss='poisson', got {y[y < 0][0]}")
        return y

    def _encode_targets(self, y: NDArray[Any], *, reset: bool) -> NDArray[Any]:
        targets = y.reshape(len(y), -1)
        if reset:
            self._single_output, self.n_outputs_ = y.ndim == 1, targets.shape[1]
        elif targets.shape[1] != self.n_outputs_:
            raise ValueError(f"y has {targets.shape[1]} columns, but {self.n_outputs_} are expected")
        return targets

    def _fit_target_scaling(self, data: TrainingData) -> None:
        if self.scaling is None:
            self.target_scaling_ = no_scaling(self.n_outputs_)
        else:
            counts = np.ones(len(data.targets)) if data.weights is None else data.weights
            if self.loss == "poisson":  # the mean becomes 1, and its logarithm 0
                mean = np.average(data.targets, axis=0, weights=counts)
                self.target_scaling_ = Scaling(np.zeros(len(mean)), np.where(mean > 0, mean, 1.0))
                return
            self.target_scaling_ = standard_scaling(data.targets, counts, 0, "y")

    def _scaled_targets(self, targets: NDArray[Any]) -> NDArray[Any]:
        return self.target_scaling_.apply(targets, self.network_.dtype, "y")

    def _n_network_outputs(self) -> int:
        return self.n_outputs_ * max(1, len(self._levels()))

    def _loss(self) -> Loss:
        return Loss(self.loss, float(self.huber_delta), self._levels())

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
