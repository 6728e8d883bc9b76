"""`LSTMForecaster`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Literal, Self

from tsl._estimator import FitTasks
from tsl._estimator.checkpoints import open_checkpoint
from tsl._estimator.options import Auto, Solver
from tsl._sklearn import CallbackSupportMixin, checks_parameters
from tsl.forecasting.arguments import ForecastLoss, refuse_targets_apart, takes_old_names
from tsl.forecasting.constraints import LSTM_CONSTRAINTS
from tsl.forecasting.frames.encoder import Unknown
from tsl.forecasting.model.fit_time import FitTime
from tsl.forecasting.model.settings import n_epochs
from tsl.forecasting.networks import NetworkForecaster
from tsl.forecasting.panel.domain import one_warning
from tsl.forecasting.panel.missing import Missing
from tsl.forecasting.report import ChoicesReprMixin
from tsl.forecasting.times.frequency import Freq


@takes_old_names
class LSTMForecaster(ChoicesReprMixin, CallbackSupportMixin, NetworkForecaster):
    """LSTM forecaster of one or many series: a DataFrame in, the same form out.

    Each network learns from all series. It reads a window of a series, several steps at a time, relative to the
    window's own level and scale, and forecasts all steps of the horizon at once; it includes a linear map from the
    window to the forecast. The forecast is the mean of a few networks that read different windows, and of a simple
    forecast if that is as good.

    Parameters
    ----------
    horizon : int, default=24
        Number of steps to forecast.
    window : int or "auto", default="auto"
        Number of past steps that a forecast is computed from. "auto" tries several on held-out data, the end of the
        training data.
    season : int or "auto", default="auto"
        Length of the season in steps, 1 for none. "auto" uses the autocorrelation and the calendar.
    segment : int or "auto", default="auto"
        Number of steps that the LSTM reads at a time; "auto" is a season or a part of one.
    hidden_size : int or tuple of int, default=128
        Units in each LSTM layer; an int means `n_layers` layers of this size.
    n_layers : int, default=1
        Number of layers, if `hidden_size` is an int.
    embedding_size : int or None, default=64
        Rectified linear units of a dense layer between each step's inputs and the first LSTM layer; None for no such
        layer.
    dropout : float, default=0.2
        Dropout rate of the outputs of each layer in training.
    linear : bool, default=True
        Whether to add a linear map of the window to the output of the LSTM.
    scaling : {"auto", "window", "level", None}, default="auto"
        How windows are scaled: by their own level and scale ("window"), by their level alone ("level"), or by the mean
        and standard deviation of all values (None). "auto" tries "window", and None if the series stay within their
        past range.
    differences : int, "auto" or None, default="auto"
        Forecast the difference from the value this many steps earlier, or from the smallest multiple of it that is
        known for the whole horizon. "auto" tries no differences and multiples of the season.
    target_transform : {"auto", "log", "sqrt", "box-cox", None}, default="auto"
        Transform of the target, which must be positive, or at least 0 for "sqrt"; forecasts are transformed back. The
        square root suits numbers whose variance grows with their mean, such as counts. "auto" tries None and, on
        held-out data, "log" if all values are positive, or "sqrt" if some are 0 and none is negative; with
        ``loss="squared_error"`` it is None, because forecasts are means. Later values that a chosen transform is not
        defined for are replaced by the smallest known value of the series that it is defined for, with a warning.
    loss : {"absolute_error", "squared_error", "huber", "quantile", "poisson", "negative_binomial"}
        Loss function, "absolute_error" by default: forecasts are then medians. The last two are for counts: networks
        forecast their distribution, ``y_pred`` is its mean, and `level` and `quantiles` give its quantiles, which are
        integers. The variance of a Poisson distribution equals its mean; most counts vary more.
    quantiles : sequence of float or None, default=None
        Quantiles to train with ``loss="quantile"``, in ascending order. The point forecast is the middle one.
    intervals : {"calibrated", "dropout"}, default="calibrated"
        Source of prediction intervals, unless ``loss="quantile"`` gives them: errors on held-out windows, or forecasts
        with random dropout (Gal & Ghahramani 2016). The latter need no second fit, but reflect only the uncertainty of
        the network, not the noise in the series, and are too narrow.
    strategy : {"direct", "recursive"}, default="direct"
        Whether the network forecasts the whole horizon at once, or one step at a time, feeding each forecast back.
    n_models : int or "auto", default="auto"
        Number of networks whose mean is the forecast. "auto" takes up to three with different windows, weighted by
        their errors on held-out data; if `window`, `differences` and `scaling` leave nothing to try, it is one. An int
        trains that many, with the same different windows in turn. Unless it is one network or nothing was tried, naive
        forecasts are also members where they are nearly as good, with weights by series.
    n_replicas : int, default=1
        Number of replicas of each network. With more than one, the series are distributed among them by a hash of their
        ids; each replica takes five training steps on its own series, with its part of a batch, then the weights of all
        replicas are averaged, and so on; except with "sgd", the learning rate is multiplied by the root of the number
        of replicas, because gradients of smaller batches are noisier. What is learned from all series together (season,
        "auto" parameters, scales, linear map, calibration of intervals) is learned from at most 1000 of them, and
        only these have weights of their own for simple members.
        `tsl.dask` fits the same model on a cluster. `partial_fit` and `warm_start` continue training without replicas.
    missing : {"error", "interpolate", "ffill", "mask"}, default="error"
        How to handle missing values: refuse them, fill them, or tell the network which are missing.
    short : {"pad", "skip", "error"}, default="pad"
        How to handle series that are shorter than a window and the horizon together.
    past : sequence of column names or None, default=None
        Covariates that are known only as far as the target. None takes the other columns of a frame with one target and
        no ids; from a long frame it takes none, with a warning if there are other columns. ``[]`` takes none without a
        warning.
    future : sequence of column names, default=()
        Covariates that are known ahead and passed to `predict`.
    calendar : "auto", sequence of str or None, default="auto"
        Features of the timestamps.
    freq : str, int, offset, Timedelta or None, default=None
        Frequency of the timestamps: a pandas alias or offset, or the step of integer times. None takes that of the
        index, or infers it.
    unknown : {"error", "ignore"}, default="error"
        How to handle categories, of a covariate or a static column, that `fit` has not seen: raise an error, or encode
        them as none of the known categories. They are compared as in pandas, so ``"2"`` is not 2.
    solver : {"adam", "adamw", "rmsprop", "sgd"}, default="adam"
    alpha : float, default=0
        Weight decay.
    learning_rate_init : float, default=3e-3
        Maximum learning rate: the rate rises to it and then falls to 0 on a cosine schedule.
    batch_size : int or "auto", default="auto"
        Number of windows per training step, drawn so that all series have equal weight. "auto" is 256, or less if a
        batch would be a large part of the data.
    max_iter : int or "auto", default="auto"
        Number of training steps of each network. "auto" tries up to 1500 on held-out data; if 1500 are best it takes
        3000, or 1500 for each of three networks. With 0 only the linear map is fitted.
    max_time : float or None, default=None
        Time limit of `fit` in seconds, not counting compilation. The trials for "auto" parameters take at most half of
        it: if it is short, they have fewer training steps and some are left out. All networks share the rest. A refit,
        for intervals or in a backtest, has the same limit.
    clip_norm : float or None, default=1.0
        Maximum norm of the gradient.
    random_state : int, RandomState instance or None, default=None
        Source of random numbers for weights and windows; an int makes `fit` reproducible.
    n_threads : int or None, default=None
        Number of threads; None for all cores. The result does not depend on it.
    verbose : int, default=0
        1 shows progress on stderr.
    callbacks : list, optional
        Functions called as ``callback(epoch, history, network)`` after every 50 training steps of each network, which
        may return True to end the training of that network, or raise an exception to end `fit`; or objects with a
        method `on_epoch_end` of this signature and, optionally, `on_epoch_begin`. They are not called in the trials for
        "auto" parameters or in refits for intervals and backtests. Callbacks of scikit-learn 1.9 and newer are passed
        to `set_callbacks` instead: an epoch is a task.
    warm_start : bool, default=False
        Whether `fit` continues training the networks of the last fit, at a tenth of `learning_rate_init` and for
        `max_iter` steps ("auto": as many as before). The choices of the last fit are kept; the rows of `data`, of the
        same form, replace the known ones.
    bounds : tuple of float or None, default=None
        The smallest and the largest value that the target can have, such as ``(0, None)``, where None is an open end.
        Forecasts, quantiles and sample paths are clipped to them.

    Attributes
    ----------
    season_ : int
        Length of the season in steps.
    n_steps_ : int
        Number of training steps of each network.
    windowing_ : Windowing
        How windows are made and scaled, for example ``windowing_.window``; the best one if there are several.
    networks_ : list of tsl.network.Network
    history_ : list of tsl.training.History
        One for each network.
    members_ : list of Member
        For each member of the mean its ``kind``, "lstm", "naive", "seasonal naive" or "seasonal mean" (of up to three
        seasons), its ``windowing`` and its ``weight``, which is that for new series if there are `series_weights_`.
    series_weights_ : DataFrame or None
        The weights by series, a row for each series and a column for each member, if `fit` learned from several series
        and there are simple members.
    search_results_ : dict of lists and arrays
        The trials in the order in which they were run, for ``pd.DataFrame(model.search_results_)``: ``stage``
        ("transform", "windowing", "penalty", "steps" or "simple"); ``kind``, as in `members_`; ``window``, ``segment``,
        ``differences``, ``scaling`` and ``target_transform``, as in the parameters; ``penalty`` of the linear map;
        ``n_steps``, the number of training steps taken; ``mase`` and ``smape`` on held-out data; ``seconds``; whether
        it was ``chosen``.

    See Also
    --------
    tsl.baselines : Simple forecasters with the same interface.

    References
    ----------
    .. [1] Zeng, A., Chen, M., Zhang, L., & Xu, Q. (2023). Are transformers effective for time series forecasting?
       AAAI.
    .. [2] Lin, S., Lin, W., Wu, W., Zhao, F., Mo, R., & Zhang, H. (2023). SegRNN: Segment recurrent neural network
       for long-term time series forecasting. arXiv:2308.11200.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from tsl import LSTMForecaster
    >>> times = pd.date_range("2024-01-01", periods=400, freq="h")
    >>> load = pd.Series(10 + np.sin(np.arange(400) * 2 * np.pi / 24), times, name="load")
    >>> forecaster = LSTMForecaster(horizon=24, window=48, max_iter=50, random_state=0).fit(load)
    >>> forecaster.season_
    24
    >>> forecaster.predict().head(2).round(1)
    2024-01-17 16:00:00    9.1
    2024-01-17 17:00:00    9.0
    Name: load, dtype: float64
    >>> [(member.kind, member.windowing.scaling) for member in forecaster.members_]
    [('lstm', 'window'), ('lstm', 'window')]
    """

    _parameter_constraints = NetworkForecaster._parameter_constraints | LSTM_CONSTRAINTS

    def __init__(
        self,
        horizon: int = 24,
        *,
        window: int | Auto = "auto",
        season: int | Auto = "auto",
        segment: int | Auto = "auto",
        hidden_size: int | tuple[int, ...] = 128,
        n_layers: int = 1,
        embedding_size: int | None = 64,
        dropout: float = 0.2,
        linear: bool = True,
        scaling: Literal["auto", "window", "level"] | None = "auto",
        differences: int | Auto | None = "auto",
        target_transform: Literal["auto", "log", "sqrt", "box-cox"] | None = "auto",
        loss: ForecastLoss = "absolute_error",
        quantiles: Sequence[float] | None = None,
        intervals: Literal["calibrated", "dropout"] = "calibrated",
        strategy: Literal["direct", "recursive"] = "direct",
        n_models: int | Auto = "auto",
        n_replicas: int = 1,
        missing: Missing = "error",
        short: Literal["pad", "skip", "error"] = "pad",
        past: Sequence[Any] | None = None,
        future: Sequence[Any] = (),
        calendar: Auto | Sequence[str] | None = "auto",
        freq: Freq = None,
        unknown: Unknown = "error",
        solver: Solver = "adam",
        alpha: float = 0.0,
        learning_rate_init: float = 3e-3,
        batch_size: int | Auto = "auto",
        max_iter: int | Auto = "auto",
        max_time: float | None = None,
        clip_norm: float | None = 1.0,
        random_state: Any = None,
        n_threads: int | None = None,
        verbose: int | bool = 0,
        callbacks: Iterable[Any] | None = None,
        warm_start: bool = False,
        bounds: tuple[float | None, float | None] | None = None,
    ) -> None:
        self.horizon = horizon
        self.window = window
        self.season = season
        self.segment = segment
        self.hidden_size = hidden_size
        self.n_layers = n_layers
        self.embedding_size = embedding_size
        self.dropout = dropout
        self.linear = linear
        self.scaling = scaling
        self.differences = differences
        self.target_transform = target_transform
        self.loss = loss
        self.quantiles = quantiles
        self.intervals = intervals
        self.strategy = strategy
        self.n_models = n_models
        self.n_replicas = n_replicas
        self.missing = missing
        self.short = short
        self.past = past
        self.future = future
        self.calendar = calendar
        self.freq = freq
        self.unknown = unknown
        self.solver = solver
        self.alpha = alpha
        self.learning_rate_init = learning_rate_init
        self.batch_size = batch_size
        self.max_iter = max_iter
        self.max_time = max_time
        self.clip_norm = clip_norm
        self.random_state = random_state
        self.n_threads = n_threads
        self.verbose = verbose
        self.callbacks = callbacks
        self.warm_start = warm_start
        self.bounds = bounds

    # --- learning -------------------------------------------------------------------------------------------

    @checks_parameters
    @one_warning
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
        checkpoint: Any = None,
        checkpoint_every: float = 60.0,
    ) -> Self:
        """Learn from one or many series.

        Parameters
        ----------
        data : Series or DataFrame
            From pandas, polars or Arrow (a table, or an object with ``__arrow_c_stream__``): a Series; a frame with the
            column `target` and a time index, or a column `time_col`; if `target` is None, a frame in which each column
            is a series; or a long frame with the columns `id_col`, `time_col` and `target`, which need not be named if
            they are ``unique_id``, ``ds`` and ``y``, or ``ds`` and ``y`` for a single series.
        y : None
            Not used, must be None: scikit-learn's pipelines and searches pass it. The target is in `data`.
        target, id_col, time_col : column names, optional
            Columns of the target, the ids of the series and the timestamps.
        static : list of column names, or DataFrame, optional
            Static covariates: columns of a long frame, or a table with the ids as its index.
        sample_weight : column name or array of shape (n_rows,), optional
            Weight of each row in training.
        checkpoint : path-like, optional
            File to which the state of the training is written, so that the same call, repeated after the process was
            killed, resumes from there with the same result, bit for bit (unless `max_time` is set). The file remains
            after `fit`; the same call then does not train again.
        checkpoint_every : float, default=60.0
            Seconds between writes to `checkpoint`.

        Returns
        -------
        self

        Raises
        ------
        TypeError
            If `data` is neither a Series nor a DataFrame.
        ValueError
            If a parameter is out of range, the data cannot be learned from, or `checkpoint` is not a file of this fit.

        Warns
        -----
        IgnoredColumnsWarning
            If ``past=None`` and a long frame has columns that no argument names.
        OutlierWarning
            If readings lie so far from all others that `fit` replaces them with less extreme values, or if a continued
            training replaces values that the chosen `target_transform` is not defined for.
        """
        refuse_targets_apart(y)
        kept = open_checkpoint(checkpoint, checkpoint_every)
        time = FitTime(self.max_time, kept)
        roles = {"target": target, "id_col": id_col, "time_col": time_col}
        tasks = FitTasks(self, data, None, sample_weight, n_epochs(self), learned=())
        training: dict[str, Any] = {"time": time, "checkpoint": kept, "callbacks": [tasks, *self._own_callbacks()]}
        if self.warm_start and hasattr(self, "networks_"):
            self._fit_further(data, roles, static, sample_weight, **training)
        else:
            read = self._read_training(data, **roles, static=static, sample_weight=sample_weight)
            self._fit_read(*read, warn=True, **training)
        self._see(data)
        tasks.close()
        return self

    @checks_parameters
    @one_warning
    def partial_fit(
        self,
        data: Any,
        y: None = None,
        *,
        target: Any = None,
        id_col: Any = None,
        time_col: Any = None,
        static: Any = None,
    ) -> Self:
        """Continue learning from newer rows, other series, or the same rows; the first call is a `fit`.

        Unknown rows are added, as by `update`. Then each network is trained for 50 more steps, one entry of `history_`,
        at a tenth of `learning_rate_init`, which falls to 0 within the call: half of the windows reach into the rows of
        `data`, the others come from the rows before. The choices of `fit` are kept: season, windows, scaling, weights
        of the members. Networks that had no training steps in `fit` are linear maps, which are refitted to all rows.

        If prediction intervals are already calibrated, the errors in forecasting the added rows, before learning from
        them, update the calibration; see `calibrate`.

        Parameters
        ----------
        data : Series or DataFrame
            In the form of the first call. Known rows must be unchanged; to learn from changed rows use `fit`, with
            ``warm_start=True`` to continue with the current networks.
        y : None
            As in `fit`.
        target, id_col, time_col : column names, optional
            As in `fit`; only needed in the first call.
        static : list of column names, or DataFrame, optional
            As in `fit`. A table only needs to contain new series.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If `update` would refuse `data` for a reason other than known rows, if known rows have changed, or if a
            parameter that determines the networks differs from the first call.

        Warns
        -----
        IrregularTimesWarning
            If timestamps are missing, among the rows or before them, and `freq` is None.
        OutlierWarning
            If added readings lie so far from all others that they are replaced with less extreme values, or if values
            are replaced because the chosen `target_transform` is not defined for them.

        Examples
        --------
        >>> import numpy as np
        >>> import pandas as pd
        >>> from tsl import LSTMForecaster
        >>> times = pd.date_range("2024-01-01", periods=424, freq="h")
        >>> load = pd.Series(10 + np.sin(np.arange(424) * 2 * np.pi / 24), times, name="load")
        >>> forecaster = LSTMForecaster(horizon=24, window=48, max_iter=50, random_state=0).fit(load[:400])
        >>> forecaster.partial_fit(load[400:]).predict().index[0]
        Timestamp('2024-01-18 16:00:00')
        """
        refuse_targets_apart(y)
        roles = {"target": target, "id_col": id_col, "time_col": time_col}
        if not hasattr(self, "networks_"):
            return self.fit(data, **roles, static=static)
        self._learn_more(data, roles, static)
        return self
