"""The LSTM forecaster."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.utils import check_random_state

from tsl._estimator import FitTasks, resolve_threads
from tsl._estimator.checkpoints import open_checkpoint
from tsl._estimator.options import Auto, Solver
from tsl._sklearn import CallbackSupportMixin, checks_parameters
from tsl.forecasting.arguments import refuse_targets_apart, takes_old_names
from tsl.forecasting.constraints import LSTM_CONSTRAINTS
from tsl.forecasting.forecaster import Forecaster
from tsl.forecasting.frames.cutoffs import best_repeats
from tsl.forecasting.frames.encoder import Unknown
from tsl.forecasting.frames.schema import Schema
from tsl.forecasting.model.fit import fit_networks
from tsl.forecasting.model.fit_time import FitTime
from tsl.forecasting.model.members import Member, alike, longest_window_of
from tsl.forecasting.model.quantiles import checked_quantiles
from tsl.forecasting.model.replicas import deal, sample_of
from tsl.forecasting.model.rounds import Here, Replicas, fit_on_replicas
from tsl.forecasting.model.sampling import without_short
from tsl.forecasting.model.search import Choices
from tsl.forecasting.model.settings import choose_for, fit_config, n_epochs, parameters_of
from tsl.forecasting.model.trained import TrainedNetworks
from tsl.forecasting.model.trials import HoldoutTrial
from tsl.forecasting.model.windows import ColumnStats
from tsl.forecasting.panel.missing import Missing
from tsl.forecasting.panel.outliers import without_outliers
from tsl.forecasting.panel.panel import Panel
from tsl.forecasting.panel.power import PowerTransform
from tsl.forecasting.protocol import Forecasts
from tsl.forecasting.times.frequency import Freq
from tsl.training import Callback, Checkpoint, compile_kernels


@takes_old_names
class LSTMForecaster(CallbackSupportMixin, Forecaster):
    """LSTM forecaster of one or many series: a DataFrame in, the same form out.

    Each network learns from all series. It reads a window of each, several steps at once, relative to the window's own
    level and scale, and forecasts all steps of the horizon at once; a linear map from the window to the forecast is
    part of it. The forecast is the mean of a few networks that read unlike windows, and of a simple forecast where that
    is as good.

    Parameters
    ----------
    horizon : int, default=24
        Steps to forecast.
    window : int or "auto", default="auto"
        Steps that a forecast is made from. "auto" tries a few on held-out data, the end of the training data.
    season : int or "auto", default="auto"
        Steps of a season, 1 for none. "auto" goes by the autocorrelation and the calendar.
    segment : int or "auto", default="auto"
        Steps that the LSTM reads at once; "auto" is a season, or a part of it.
    hidden_size : int or tuple of int, default=128
        Units of each LSTM layer; an int stands for `n_layers` layers of this size.
    n_layers : int, default=1
        Number of layers, where `hidden_size` is an int.
    embedding_size : int or None, default=64
        Rectified linear units of a dense layer between each step's inputs and the first LSTM layer; None for none.
    dropout : float, default=0.2
        Dropout rate of the outputs of each layer in training.
    linear : bool, default=True
        Whether to add a linear map of the window to the output of the LSTM.
    scaling : {"auto", "window", "level", None}, default="auto"
        How windows are scaled: by their own level and scale ("window"), by their level alone ("level"), or by the mean
        and deviation of all values (None). "auto" tries "window", and None if the series keep to their range.
    differences : int, "auto" or None, default="auto"
        Forecast the difference from the value this many steps before, or the smallest multiple of it that is known for
        the whole horizon. "auto" tries none and whole numbers of seasons.
    target_transform : {"log", "box-cox", None}, default=None
        Transform of the target, which must be positive; forecasts are transformed back.
    loss : {"absolute_error", "squared_error", "huber", "quantile"}, default="absolute_error"
        Loss function. With "absolute_error" forecasts are medians.
    quantiles : sequence of float or None, default=None
        Quantiles to train with ``loss="quantile"``, in ascending order. The point forecast is the middle one.
    intervals : {"calibrated", "dropout"}, default="calibrated"
        Source of prediction intervals, unless ``loss="quantile"`` gives them: errors on held-out windows, or forecasts
        with random dropout (Gal & Ghahramani 2016). The latter need no second fit, but reflect the uncertainty of the
        network alone, not the noise in the series, and are too narrow.
    strategy : {"direct", "recursive"}, default="direct"
        Whether the network forecasts the whole horizon at once, or one step at a time, which it then reads.
    n_models : int or "auto", default="auto"
        Networks whose mean is the forecast. "auto" takes up to three with unlike windows, and the naive forecasts where
        they are nearly as good, weighted by their errors on held-out data; where `window`, `differences` and `scaling`
        leave nothing to try, it is one. An int trains so many, with the same unlike windows in turn.
    n_replicas : int, default=1
        Replicas of each network. With more than one, the series are dealt to them by a hash of their ids; each replica
        takes 50 training steps on its own series, with its part of a batch, then the weights of all are averaged, and
        so on. What is learned of all series together (season, "auto" parameters, scales, linear map, calibration of
        intervals) is learned from at most 1000 of them. `tsl.dask` fits the same model on a cluster.
    missing : {"error", "interpolate", "ffill", "mask"}, default="error"
        What to do about missing values: refuse, fill, or tell the network which are missing.
    short : {"pad", "skip", "error"}, default="pad"
        What to do about series that are shorter than a window and the horizon together.
    past : sequence of column names or None, default=None
        Covariates that are known as long as the target is. None takes the other columns of a frame with one target and
        no ids; of a long frame it takes none, and warns if there are some. ``[]`` takes none without a warning.
    future : sequence of column names, default=()
        Covariates that are known ahead, and passed to `predict`.
    calendar : "auto", sequence of str or None, default="auto"
        Features of the time stamps.
    freq : str, int, offset, Timedelta or None, default=None
        Frequency of the time stamps: a name or an offset of pandas, or the step where they are whole numbers. None
        takes that of the index, or infers it.
    unknown : {"error", "ignore"}, default="error"
        What to do about categories, of a covariate or a static column, that `fit` has not seen: an error, or none of
        the known categories. They are compared as pandas compares them, so ``"2"`` is not 2.
    solver : {"adam", "adamw", "rmsprop", "sgd"}, default="adam"
    alpha : float, default=0
        Weight decay.
    learning_rate_init : float, default=3e-3
        Maximum of the learning rate, which rises to it and then falls to 0 on a cosine schedule.
    batch_size : int or "auto", default="auto"
        Windows in a training step, drawn so that all series count the same. "auto" is 256, but less where a batch would
        be a large part of the data.
    max_iter : int or "auto", default="auto"
        Training steps of each network. "auto" tries up to 1500 on held-out data; if 1500 were best it takes 3000, or
        1500 for each of three networks. 0 leaves the linear map alone.
    max_time : float or None, default=None
        Time limit of `fit` in seconds, without compiling. The trials for "auto" parameters take half of it at most:
        where it is short they have fewer training steps, and some are left out. All networks share the rest. A refit,
        for intervals or in a backtest, has the same limit.
    clip_norm : float or None, default=1.0
        Maximum norm of the gradient.
    random_state : int, RandomState instance or None, default=None
        Source of random numbers for weights and windows; an int makes `fit` repeatable.
    n_threads : int or None, default=None
        Number of threads; None for all cores. The result does not depend on it.
    verbose : int, default=0
        1 shows progress on stderr.
    callbacks : list, optional
        Functions called as ``callback(epoch, history, network)`` after each 50 training steps of each of the networks,
        which may return True to end the training of that network, or raise an exception to end
        `fit`; or objects with such a method `on_epoch_end`, and optionally `on_epoch_begin`. They are not called in the
        trials for "auto" parameters nor in refits for intervals and backtests. Callbacks of scikit-learn 1.9 and newer
        go to `set_callbacks` instead: an epoch is a task.

    Attributes
    ----------
    season_ : int
        Steps of a season.
    n_steps_ : int
        Training steps of each network.
    windowing_ : Windowing
        How windows are cut and scaled: ``windowing_.window``, for example; of several windowings the best.
    networks_ : list of tsl.network.Network
    history_ : list of tsl.training.History
        One for each network.
    members_ : list of Member
        For each network its ``kind``, "lstm", "naive" or "seasonal naive", its ``windowing`` and its ``weight``.
    search_results_ : dict of lists and arrays
        The trials in the order in which they were run, for ``pd.DataFrame(model.search_results_)``: ``stage``
        ("windowing", "penalty", "steps" or "simple"); ``kind``, as in `members_`; ``window``, ``segment``,
        ``differences`` and ``scaling``, as in the parameters; ``penalty`` of the linear map; ``n_steps``, as taken;
        ``mase`` and ``smape`` on held-out data, after `target_transform`; ``seconds``; whether it was ``chosen``.

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

    _parameter_constraints = Forecaster._parameter_constraints | LSTM_CONSTRAINTS
    _choices: Choices | None = None
    """What a fit is to choose: see `_clone_with_choices`."""

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
        target_transform: Literal["log", "box-cox"] | None = None,
        loss: Literal["absolute_error", "squared_error", "huber", "quantile"] = "absolute_error",
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

    # --- learning -------------------------------------------------------------------------------------------

    @checks_parameters
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
            column `target` and a time index, or a column `time_col`; a frame of which each column is a series, where
            `target` is None; or a long frame with the columns `id_col`, `time_col` and `target`, which need not be
            named if they are ``unique_id``, ``ds`` and ``y``, or ``ds`` and ``y`` for a single series.
        y : None
            Ignored, and must be None: scikit-learn's pipelines and searches pass it. The target is in `data`.
        target, id_col, time_col : column names, optional
            Columns of the target, of the ids of the series and of the time stamps.
        static : list of column names, or DataFrame, optional
            Static covariates: columns of a long frame, or a table with the ids as its index.
        sample_weight : column name or array of shape (n_rows,), optional
            Weight of each row in training.
        checkpoint : path-like, optional
            File to keep the state of training in. The same call, repeated after the process was killed, resumes from it
            with the same result, bit for bit (unless `max_time` is set). The file stays when `fit` has ended; the same
            call then does not train again.
        checkpoint_every : float, default=60.0
            Seconds between two writes to the file.

        Returns
        -------
        self

        Raises
        ------
        TypeError
            If `data` is neither a Series nor a DataFrame.
        ValueError
            If a parameter is out of range, the data cannot be learned from, or `checkpoint` is no file of this fit.

        Warns
        -----
        IgnoredColumnsWarning
            If ``past=None`` and a long frame has columns that no argument names.
        OutlierWarning
            If readings lie so far from all others that `fit` learns from less extreme ones.
        """
        refuse_targets_apart(y)
        kept = open_checkpoint(checkpoint, checkpoint_every)
        time = FitTime(self.max_time, kept)
        roles = {"target": target, "id_col": id_col, "time_col": time_col}
        read = self._read_training(data, **roles, static=static, sample_weight=sample_weight)
        tasks = FitTasks(self, data, None, sample_weight, n_epochs(self), learned=())
        own = [one.for_estimator(self) if isinstance(one, Callback) else one for one in self.callbacks or ()]
        self._fit_read(*read, warn=True, time=time, checkpoint=kept, callbacks=[tasks, *own])
        self._see(data)
        tasks.close()
        return self

    def _fit_panel(
        self,
        panel: Panel,
        time: FitTime | None = None,
        checkpoint: Checkpoint | None = None,
        callbacks: Sequence[Any] = (),
        replicas: Replicas | None = None,
    ) -> None:
        """Learn from `panel`; with `replicas`, which networks are trained on, it is a sample of their series."""
        time = FitTime(self.max_time) if time is None else time
        config = fit_config(self, len(panel.values))
        given = self.random_state
        random_state = np.random.RandomState() if given is None else check_random_state(given)
        if checkpoint is not None:
            checkpoint.begin(random_state, type(self).__name__, seeded=given is not None)
        if self.max_time is not None:
            with time.stopped():
                compile_kernels(np.float32, int(self.verbose))
        self.transform_ = PowerTransform.learn(self.target_transform, panel)
        panel = self.transform_.apply(panel)
        chosen = self._choices
        if chosen is None:
            trial = HoldoutTrial(panel, self.season_, int(random_state.randint(2**31)), time, checkpoint)
            chosen = choose_for(self, trial, panel, config, self.season_, self.schema_.season_hints)
            self.search_results_ = trial.table()
        config = replace(config, penalty=chosen.penalty, n_steps=chosen.n_steps)
        self.season_, self.n_steps_, self._penalty = chosen.season, chosen.n_steps, chosen.penalty
        self.members_, self.windowing_ = list(chosen.members), chosen.members[0].windowing
        panel = without_short(panel, longest_window_of(chosen.members) + self.windowing_.horizon, self.short)
        self._scaling = ColumnStats.learn(panel)
        self._repeats = best_repeats(panel, len(self.schema_.future.names), self.season_, self.windowing_.horizon)
        seeds = [random_state.randint(2**31) for _ in chosen.members]
        learned = (chosen.members, self._scaling, config, seeds)
        if replicas is None:
            fitted = fit_networks(panel, *learned, time, checkpoint, callbacks)
        else:
            fitted = fit_on_replicas(panel, replicas, *learned, self.transform_, self.short, checkpoint, callbacks)
        self.networks_ = [network for network, _ in fitted]
        self.history_ = [history for _, history in fitted]
        if checkpoint is not None:
            checkpoint.write()

    def _fit_read(self, schema: Schema, panel: Panel, *, warn: bool = False, **options: Any) -> Self:
        if self.n_replicas == 1:
            return super()._fit_read(schema, panel, warn=warn, **options)
        replicas = Replicas(deal(panel, self.n_replicas), self.missing, len(schema.future.names), Here())
        self._fit_sample(schema, sample_of(panel), replicas, **options)
        self._know(panel, without_outliers(panel, len(schema.future.names), warn=warn))
        return self

    def _fit_sample(self, schema: Schema, sample: Panel, replicas: Replicas, **options: Any) -> Self:
        """Learn from `replicas`, and from a sample of their series what all have in common."""
        if self.max_time is not None:
            raise ValueError(
                f"max_time must be None with n_replicas above 1, got {self.max_time!r}: replicas go by no clock"
            )
        return super()._fit_read(schema, sample, replicas=replicas, **options)

    def _calibration_panel(self, panel: Panel) -> Panel:
        return panel if self.n_replicas == 1 else sample_of(panel)

    # --- forecasting ----------------------------------------------------------------------------------------

    def _members(self) -> list[Member]:
        """Return what the networks forecast; files of earlier versions do not have `members_`."""
        return getattr(self, "members_", alike(self.windowing_, len(self.networks_)))

    def _context_length(self) -> int:
        return max(member.windowing.context for member in self._members())

    def _rows_ahead(self, horizon: int) -> int:
        block = self.windowing_.horizon
        return -(-horizon // block) * block

    def _forecast(
        self, panel: Panel, cutoffs: NDArray[np.int64], horizon: int, quantiles: Sequence[float]
    ) -> Forecasts:
        trained, n_threads = checked_quantiles(self.loss, self.quantiles), resolve_threads(self.n_threads)
        model = TrainedNetworks(self.networks_, self._members(), self._scaling, self.transform_, trained, n_threads)
        dropout = self.dropout if self.intervals == "dropout" else None
        return model.forecast(panel, cutoffs, horizon, quantiles, dropout)

    def _clone_with_choices(self) -> LSTMForecaster:
        """Return an unfitted forecaster that takes what `fit` chose."""
        if not hasattr(self, "members_"):  # the model comes from a file of an earlier version
            return clone(self).set_params(**parameters_of(self.windowing_, self.season_, self.n_steps_))
        other = clone(self).set_params(season=self.season_)
        other._choices = Choices(self.season_, tuple(self.members_), self._penalty, self.n_steps_)
        return other
