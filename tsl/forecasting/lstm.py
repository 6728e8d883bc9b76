"""The LSTM forecaster."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from numbers import Integral, Real
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions

from tsl._estimator import FitTasks, count, positive, resolve_threads, share
from tsl._estimator.checkpoints import open_checkpoint
from tsl._estimator.fit_tasks import CallbackSupportMixin
from tsl._estimator.options import Auto, Solver, checks_parameters
from tsl.forecasting.arguments import refuse_targets_apart, renamed_parameters, taking_old_names
from tsl.forecasting.forecaster import Forecaster
from tsl.forecasting.frames.cutoffs import best_repeats
from tsl.forecasting.frames.encoder import Unknown
from tsl.forecasting.model.fit import STEPS_AT_ONCE, fit_networks
from tsl.forecasting.model.quantiles import checked_quantiles, interpolated
from tsl.forecasting.model.recursive import TrainedNetworks
from tsl.forecasting.model.sampling import without_short
from tsl.forecasting.model.search import HoldoutTrial, choose_penalty, choose_steps, choose_windowing
from tsl.forecasting.model.settings import fit_config, windowing_choices
from tsl.forecasting.model.windows import ColumnStats
from tsl.forecasting.panel.missing import Missing
from tsl.forecasting.panel.panel import Panel
from tsl.forecasting.panel.power import PowerTransform
from tsl.forecasting.protocol import Forecasts
from tsl.forecasting.times.frequency import Freq
from tsl.network import Dropout
from tsl.training import Callback, Checkpoint

N_DRAWS = 100  # forecasts with other units left out each, for intervals; chosen by judgement, not measured


class LSTMForecaster(CallbackSupportMixin, Forecaster):
    """Forecasts of one or many series by one LSTM: a DataFrame in, the same form out.

    One network learns from all series. It reads a window of each, several steps at once, relative to the window's own
    level and spread, and gives all steps of the horizon; a linear map from the window to the forecast is part of it.

    Parameters
    ----------
    horizon : int, default=24
        Steps that are forecast.
    window : int or "auto", default="auto"
        Steps that a forecast is made from. "auto" tries a few on the end of the training data.
    season : int or "auto", default="auto"
        Steps after which the series repeat themselves, 1 for none. "auto" goes by the autocorrelation and the
        calendar.
    segment : int or "auto", default="auto"
        Steps that the LSTM reads at once; "auto" is a season, or a part of it.
    hidden_size : int or tuple of int, default=128
        Units of each LSTM layer; an int stands for `n_layers` layers of this size.
    n_layers : int, default=1
        Layers, where `hidden_size` is an int.
    embedding_size : int or None, default=64
        Rectified linear units of a dense layer between each step's inputs and the first LSTM layer; None for none.
    dropout : float, default=0.2
        Share of the outputs of each layer that is left out in training.
    linear : bool, default=True
        Whether a linear map of the window is added to what the LSTM says.
    scaling : {"auto", "window", "level", None}, default="auto"
        What a window is relative to: its own level and spread ("window"), its level alone ("level"), or nothing but
        the mean and deviation of all values (None). "auto" tries "window" and None.
    differences : int, "auto" or None, default="auto"
        Forecast the change against the value this many steps before: the fewest times this many that are known for
        all of the horizon. "auto" tries none and whole numbers of seasons.
    target_transform : {"log", "box-cox", None}, default=None
        Of the values, which must be positive; forecasts are brought back.
    loss : {"absolute_error", "squared_error", "huber", "quantile"}, default="absolute_error"
        What training makes small. "absolute_error" forecasts medians.
    quantiles : sequence of float or None, default=None
        For ``loss="quantile"``: what is forecast, in ascending order. The point forecast is their middle one.
    intervals : {"calibrated", "dropout"}, default="calibrated"
        Where prediction intervals come from, unless ``loss="quantile"`` gives them: from errors on windows that were
        not learned from, or from forecasts with units left out at random (Gal & Ghahramani 2016). The latter ask for
        no second fit, but know of the network's uncertainty alone, not of the noise in the series, and are too narrow.
    strategy : {"direct", "recursive"}, default="direct"
        Whether the network gives the whole horizon at once, or a step at a time that it then reads itself.
    n_models : int, default=1
        Networks that differ in their random numbers; the forecast is their mean.
    missing : {"error", "interpolate", "ffill", "mask"}, default="error"
        What to do about missing values: refuse, fill up, or let the network know which are missing.
    short : {"pad", "skip", "error"}, default="pad"
        What to do about series that are shorter than a window and the horizon together.
    past : sequence of column names or None, default=None
        Covariates that are known as long as the target is. None takes the other columns of a frame with one target and
        no ids; of a long frame it takes none, and warns where there are some. ``[]`` takes none without a word.
    future : sequence of column names, default=()
        Covariates that are known ahead, and given to `predict`.
    calendar : "auto", sequence of str or None, default="auto"
        Features of the time stamps.
    freq : str, int, offset, Timedelta or None, default=None
        Frequency of the stamps: a name or an offset of pandas, or the step where they are whole numbers. None takes
        that of the index, or else infers it.
    unknown : {"error", "ignore"}, default="error"
        What becomes of a category, of a covariate or a static column, that was not there in `fit`: an error that names
        it, or none of those that were. Categories are compared as pandas compares them, so ``"2"`` is not 2.
    solver : {"adam", "adamw", "rmsprop", "sgd"}, default="adam"
    alpha : float, default=0
        Weight decay.
    learning_rate_init : float, default=3e-3
        The highest learning rate; it rises to it and then falls to 0 as a cosine does.
    batch_size : int or "auto", default="auto"
        Windows in a training step, drawn so that all series count the same. "auto" is 256, but fewer where a step
        would see much of the data.
    max_iter : int or "auto", default="auto"
        Training steps. "auto" tries up to 1500 on the end of the training data, and takes 3000
        where the most were best. 0 leaves the linear
        map alone.
    max_time : float or None, default=None
        Seconds after which training of a network ends.
    clip_norm : float or None, default=1.0
        Norm that the gradient is clipped to.
    random_state : int, RandomState instance or None, default=None
        What weights and the order of windows are drawn with; an int makes `fit` repeatable.
    n_threads : int or None, default=None
        Threads; None is all cores. The result does not depend on it.
    verbose : int, default=0
        1 shows progress on stderr.
    callbacks : list, optional
        Functions called as ``callback(epoch, history, network)`` after each 50 training steps of each of the
        `n_models` networks, one of which may return True to end the training of that network, or raise an exception to
        end `fit`; or objects with such a method `on_epoch_end`, and `on_epoch_begin` if they like. The short trainings
        that choose what is "auto", and those of copies for intervals and backtests, do not call them. Those of
        scikit-learn 1.9 and newer go to `set_callbacks` instead: an epoch is a task.

    Attributes
    ----------
    season_ : int
        Steps of a season.
    n_steps_ : int
        Training steps of each network.
    windowing_ : Windowing
        How windows are cut, and what they are relative to: ``windowing_.window``, for example.
    networks_ : list of tsl.network.Network
    history_ : list of tsl.training.History
        One for each network.

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
    """

    _parameter_constraints: dict[str, list[Any]] = {  # noqa: RUF012 (scikit-learn's name)
        **Forecaster._parameter_constraints,
        "window": [StrOptions({"auto"}), count()],
        "season": [StrOptions({"auto"}), count()],
        "segment": [StrOptions({"auto"}), count()],
        "hidden_size": [count(), tuple, list],
        "n_layers": [count()],
        "embedding_size": [count(), None],
        "dropout": [share()],
        "linear": ["boolean"],
        "scaling": [StrOptions({"auto", "window", "level"}), None],
        "differences": [StrOptions({"auto"}), count(), None],
        "target_transform": [StrOptions({"log", "box-cox"}), None],
        "loss": [StrOptions({"absolute_error", "squared_error", "huber", "quantile"})],
        "quantiles": ["array-like", None],
        "intervals": [StrOptions({"calibrated", "dropout"})],
        "strategy": [StrOptions({"direct", "recursive"})],
        "n_models": [count()],
        "short": [StrOptions({"pad", "skip", "error"})],
        "solver": [StrOptions({"adam", "adamw", "rmsprop", "sgd"})],
        "alpha": [Interval(Real, 0, None, closed="left")],
        "learning_rate_init": [positive()],
        "batch_size": [StrOptions({"auto"}), count()],
        "max_iter": [StrOptions({"auto"}), Interval(Integral, 0, None, closed="left")],
        "max_time": [positive(), None],
        "clip_norm": [positive(), None],
        "random_state": ["random_state"],
        "n_threads": [count(), None],
        "verbose": ["verbose", Interval(Integral, 0, None, closed="left")],
        "callbacks": [list, tuple, None],
    }

    @taking_old_names
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
        n_models: int = 1,
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

    def set_params(self, **params: Any) -> Self:
        """Set parameters of this forecaster.

        Parameters
        ----------
        **params : object
            By name.

        Returns
        -------
        self
        """
        return super().set_params(**renamed_parameters(params))

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
            Of pandas, polars or Arrow (a table, or what has ``__arrow_c_stream__``): a Series; a frame with the column
            `target` and a time index, or a column `time_col`; a frame of which each column is a series, where `target`
            is None; or a long frame with the columns `id_col`, `time_col` and `target`. They need not be named if they
            are ``unique_id``, ``ds`` and ``y``, or ``ds`` and ``y`` for a single series.
        y : None
            Ignored, and must be None: scikit-learn's pipelines and searches give it. The target is in `data`.
        target, id_col, time_col : column names, optional
            Which columns hold the numbers, the series and the stamps.
        static : list of column names, or DataFrame, optional
            What does not change within a series: columns of a long frame, or a table with the ids as its index.
        sample_weight : column name or array of shape (n_rows,), optional
            How much each row counts.
        checkpoint : path-like, optional
            File to keep the trainings in while they go on, so that the same call, made again after the process was
            killed, goes on from there and ends as if nothing had happened, bit for bit (unless `max_time` is set). The
            file stays when `fit` has ended; the same call then does not train again.
        checkpoint_every : float, default=60.0
            Seconds between two writes to it.

        Returns
        -------
        self

        Raises
        ------
        TypeError
            Of `data` that is neither a Series nor a DataFrame.
        ValueError
            Of parameters out of range, of data that cannot be learned from, and of a `checkpoint` that is of another
            fit, or none.

        Warns
        -----
        IgnoredColumnsWarning
            Where ``past=None`` and a long frame has columns that no argument names.
        OutlierWarning
            Where readings lie so far from all others that less extreme ones are learned from.
        """
        refuse_targets_apart(y)
        kept = open_checkpoint(checkpoint, checkpoint_every)
        roles = {"target": target, "id_col": id_col, "time_col": time_col}
        read = self._read_training(data, **roles, static=static, sample_weight=sample_weight)
        n_epochs = None if self.max_iter == "auto" else self.n_models * -(-int(self.max_iter) // STEPS_AT_ONCE)
        tasks = FitTasks(self, data, None, sample_weight, n_epochs, learned=())
        own = [one.for_estimator(self) if isinstance(one, Callback) else one for one in self.callbacks or ()]
        self._fit_read(*read, warn=True, checkpoint=kept, callbacks=[tasks, *own])
        self._see(data)
        tasks.close()
        return self

    def _fit_panel(self, panel: Panel, checkpoint: Checkpoint | None = None, callbacks: Sequence[Any] = ()) -> None:
        params = self.get_params(deep=False)
        config = fit_config(params, len(panel.values))
        given = self.random_state
        random_state = np.random.RandomState() if given is None else check_random_state(given)
        if checkpoint is not None:
            checkpoint.begin(random_state, type(self).__name__, seeded=given is not None)
        self.transform_ = PowerTransform.learn(self.target_transform, panel)
        panel = self.transform_.apply(panel)
        trial = HoldoutTrial(panel, self.season_, int(random_state.randint(2**31)), checkpoint)
        choices = windowing_choices(params, self.season_, panel.future.shape[1])
        self.windowing_ = choose_windowing(trial, panel, choices, config, self.season_)
        if self.linear:
            config = replace(config, penalty=choose_penalty(trial, self.windowing_, config))
        if self.max_iter == "auto":
            config = replace(config, n_steps=choose_steps(trial, self.windowing_, config))
        self.n_steps_ = config.n_steps
        panel = without_short(panel, self.windowing_.window + self.windowing_.horizon, self.short)
        self._scaling = ColumnStats.learn(panel)
        n_covariates = len(self.schema_.future.names)
        self._repeats = best_repeats(panel, n_covariates, self.season_, self.windowing_.horizon)
        seeds = [random_state.randint(2**31) for _ in range(self.n_models)]
        fitted = fit_networks(panel, self.windowing_, self._scaling, config, seeds, checkpoint, callbacks)
        self.networks_ = [network for network, _ in fitted]
        self.history_ = [history for _, history in fitted]
        if checkpoint is not None:
            checkpoint.write()

    # --- forecasting ----------------------------------------------------------------------------------------

    def _context_length(self) -> int:
        return self.windowing_.context

    def _rows_ahead(self, horizon: int) -> int:
        block = self.windowing_.horizon
        return -(-horizon // block) * block

    def _forecast(
        self, panel: Panel, cutoffs: NDArray[np.int64], horizon: int, quantiles: Sequence[float]
    ) -> Forecasts:
        trained = checked_quantiles(self.loss, self.quantiles)
        dropouts: list[Dropout | None] = [None]
        if quantiles and not trained and self.intervals == "dropout":
            dropouts += [Dropout(self.dropout, seed=seed) for seed in range(N_DRAWS)]
        model = TrainedNetworks(self.networks_, self.windowing_, self._scaling, self.transform_)
        n_threads = resolve_threads(self.n_threads)
        whole, *draws = model.draws(panel, cutoffs, horizon, n_threads, dropouts)
        points = whole[:, :, whole.shape[2] // 2]
        if quantiles and trained:
            return Forecasts(points, interpolated(whole, trained, quantiles))
        if draws:
            return Forecasts(points, np.moveaxis(np.quantile(draws, quantiles, axis=0)[..., 0], 0, 2))
        return Forecasts(points)

    def _clone_with_choices(self) -> LSTMForecaster:
        """Return one network's forecaster, with all that was chosen: the same kind of model is to be calibrated."""
        windowing = self.windowing_
        return clone(self).set_params(
            window=windowing.window,
            segment=windowing.segment,
            season=self.season_,
            differences=windowing.lag or None,
            scaling=("window" if windowing.spread is not None else None) if self.scaling == "auto" else self.scaling,
            max_iter=self.n_steps_,
            n_models=1,
        )
