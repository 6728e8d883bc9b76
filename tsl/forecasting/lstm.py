"""The LSTM behind the forecaster's interface."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from numbers import Integral, Real
from typing import Any, Literal, Self, TypeVar, cast

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.utils import check_random_state

from tsl._estimator import FitTasks, resolve_threads
from tsl._estimator.checkpoints import open_checkpoint
from tsl._estimator.options import Auto, Solver
from tsl._sklearn import CallbackSupportMixin, Interval, StrOptions, checks_parameters, count, positive, share
from tsl.forecasting.arguments import refuse_targets_apart
from tsl.forecasting.forecaster import Forecaster
from tsl.forecasting.frames.cutoffs import best_repeats
from tsl.forecasting.frames.encoder import Unknown
from tsl.forecasting.model.fit import STEPS_AT_ONCE, FitConfig, fit_network, run_networks
from tsl.forecasting.model.recursive import rolled
from tsl.forecasting.model.ridge import PENALTIES
from tsl.forecasting.model.sampling import WindowSampler, training_ends
from tsl.forecasting.model.search import MOST_STEPS, HoldoutTrial, choose_penalty, choose_steps, choose_windowing
from tsl.forecasting.model.windows import ColumnStats, SeriesWindows, Windowing
from tsl.forecasting.panel.missing import Missing
from tsl.forecasting.panel.panel import Panel
from tsl.forecasting.panel.power import PowerTransform
from tsl.forecasting.times.frequency import Freq
from tsl.network import Dropout, Loss, Optimizer
from tsl.training import Callback, Checkpoint

Init = TypeVar("Init", bound=Callable[..., None])

AUTO_BATCH_SIZES, STEPS_AN_EPOCH = (32, 256), 16
N_DRAWS = 100  # forecasts with other units left out each


class ShortSeriesWarning(UserWarning):
    """Series that are shorter than a window and the horizon were left out of training."""


def _renamed(params: dict[str, Any]) -> dict[str, Any]:
    """Return parameters with `transform` under its new name: scikit-learn takes what has it for a transformer."""
    if "transform" not in params:
        return params
    warnings.warn(
        "transform= of LSTMForecaster is target_transform= now, and will be removed", FutureWarning, stacklevel=3
    )
    return {"target_transform" if name == "transform" else name: value for name, value in params.items()}


def _taking_old_names(init: Init) -> Init:
    """Let a constructor take `transform`, which is not in its signature: what is there is a parameter."""

    @functools.wraps(init)
    def wrapper(self: Any, *args: Any, **params: Any) -> None:
        init(self, *args, **_renamed(params))

    return cast(Init, wrapper)


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

    @_taking_old_names
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
        return super().set_params(**_renamed(params))

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
        sizes, quantiles = self._hidden_sizes(), self._checked_quantiles()
        if self.intervals == "dropout" and self.dropout == 0:
            raise ValueError("intervals='dropout' needs dropout above 0, got dropout=0")
        given = self.random_state
        random_state = np.random.RandomState() if given is None else check_random_state(given)
        if checkpoint is not None:
            checkpoint.begin(random_state, type(self).__name__, seeded=given is not None)
        self.transform_ = PowerTransform.learn(self.target_transform, panel)
        panel = self.transform_.apply(panel)
        learning = self._learning(sizes, quantiles, len(panel.values))
        trial = HoldoutTrial(panel, self.season_, int(random_state.randint(2**31)), checkpoint)
        self.windowing_ = self._choose(trial, panel, learning)
        if self.linear:
            learning = replace(learning, penalty=choose_penalty(trial, self.windowing_, learning))
        if self.max_iter == "auto":
            learning = replace(learning, n_steps=choose_steps(trial, self.windowing_, learning))
        self.n_steps_ = learning.n_steps
        panel = self._without_short(panel)
        self._scaling = ColumnStats.learn(panel)
        n_covariates = len(self.schema_.future.names)
        self._repeats = best_repeats(panel, n_covariates, self.season_, self.windowing_.horizon)
        windows = SeriesWindows(panel, self.windowing_, self._scaling)
        draws = WindowSampler(
            panel, training_ends(panel, self.windowing_.window, self.windowing_.horizon), self._block()
        )
        if not draws.total:
            raise ValueError(
                f"horizon={self._block()} leaves nothing to learn from: the longest series has {panel.lengths.max()} "
                "rows, and at least one value has to follow the first horizon rows of a series"
            )
        seeds = [random_state.randint(2**31) for _ in range(self.n_models)]
        fitted = [
            fit_network(windows, draws, learning, np.random.RandomState(seed), checkpoint, callbacks) for seed in seeds
        ]
        self.networks_ = [network for network, _ in fitted]
        self.history_ = [history for _, history in fitted]
        if checkpoint is not None:
            checkpoint.write()

    def _hidden_sizes(self) -> tuple[int, ...]:
        if not isinstance(self.hidden_size, tuple | list):
            return (int(self.hidden_size),) * self.n_layers
        sizes = tuple(self.hidden_size)
        if not sizes or not all(isinstance(size, Integral) and size >= 1 for size in sizes):
            raise ValueError(f"hidden_size must be an int from 1 up, or a tuple of them, got {self.hidden_size!r}")
        return tuple(int(size) for size in sizes)

    def _checked_quantiles(self) -> tuple[float, ...]:
        if (self.loss == "quantile") != (self.quantiles is not None):
            raise ValueError(
                f"quantiles and loss='quantile' go together, got quantiles={self.quantiles!r} with loss={self.loss!r}"
            )
        if self.quantiles is None:
            return ()
        quantiles = np.asarray(self.quantiles, np.float64)
        ascending = quantiles.ndim == 1 and len(quantiles) and (np.diff(quantiles) > 0).all()
        if not (ascending and quantiles[0] > 0 and quantiles[-1] < 1):
            raise ValueError(f"quantiles must be numbers between 0 and 1 in ascending order, got {self.quantiles!r}")
        return tuple(quantiles.tolist())

    def _spread(self) -> int | None:
        return 0 if self.scaling in ("auto", "window") else None

    def _block(self) -> int:
        """Steps that the network gives at once."""
        return 1 if self.strategy == "recursive" else int(self.horizon)

    def _learning(self, sizes: tuple[int, ...], quantiles: tuple[float, ...], n_rows: int) -> FitConfig:
        smallest, largest = AUTO_BATCH_SIZES
        auto_batch_size = min(max(n_rows // STEPS_AN_EPOCH, smallest), largest)
        return FitConfig(
            hidden_size=sizes,
            embedding_size=int(self.embedding_size or 0),
            penalty=PENALTIES[0] if self.linear else None,
            loss=Loss(self.loss, quantiles=quantiles),
            optimizer=Optimizer(self.solver, alpha=self.alpha, clip_norm=self.clip_norm),
            learning_rate_init=self.learning_rate_init,
            dropout=self.dropout,
            batch_size=auto_batch_size if self.batch_size == "auto" else int(self.batch_size),
            n_steps=MOST_STEPS if self.max_iter == "auto" else int(self.max_iter),
            max_time=self.max_time,
            n_threads=resolve_threads(self.n_threads),
            verbose=int(self.verbose),
        )

    def _choose(self, trial: HoldoutTrial, panel: Panel, learning: FitConfig) -> Windowing:
        """What windows look like, chosen where the parameters leave a choice."""
        block = self._block()
        start = Windowing(
            window=1,
            segment=1,
            horizon=block,
            level=0 if self.scaling is None else self.season_,
            spread=self._spread(),
            masked=self.missing == "mask",
            n_future=panel.future.shape[1],
        )
        if self.differences == "auto":
            lag = 0 if start.spread is None else None
        elif self.differences is None:
            lag = 0
        else:
            lag = -(-block // int(self.differences)) * int(self.differences)
        return choose_windowing(
            trial,
            panel,
            start,
            learning,
            season=self.season_,
            window=None if self.window == "auto" else int(self.window),
            lag=lag,
            segment=None if self.segment == "auto" else int(self.segment),
            standardised=self.scaling == "auto",
        )

    def _without_short(self, panel: Panel) -> Panel:
        """The panel without the series that are not to be trained on."""
        needed = self.windowing_.window + self.windowing_.horizon
        is_short = panel.lengths < needed
        if self.short == "pad" or not is_short.any():
            return panel
        names = ", ".join(map(repr, panel.ids[is_short][:5])) + (", ..." if is_short.sum() > 5 else "")
        what = f"{is_short.sum()} series are shorter than the {needed} rows of a window and the horizon: {names}"
        if self.short == "error" or is_short.all():
            raise ValueError(
                f"{what}; short='pad' fills them up" + (", short='skip' leaves them out" * (not is_short.all()))
            )
        warnings.warn(f"{what}; they are left out of training", ShortSeriesWarning, stacklevel=4)
        return panel.select(np.flatnonzero(~np.repeat(is_short, panel.lengths)))

    # --- forecasting ----------------------------------------------------------------------------------------

    def _context_length(self) -> int:
        return self.windowing_.context

    def _rows_ahead(self, horizon: int) -> int:
        block = self.windowing_.horizon
        return -(-horizon // block) * block

    def _forecast(self, panel: Panel, ends: NDArray[np.int64], horizon: int) -> NDArray[np.float64]:
        found = self._network_forecasts(panel, ends, horizon)
        return found[:, :, found.shape[2] // 2]

    def _own_quantiles(
        self, panel: Panel, ends: NDArray[np.int64], horizon: int, quantiles: list[float]
    ) -> NDArray[np.float64] | None:
        trained = self._checked_quantiles()
        if trained:
            return _interpolated(self._network_forecasts(panel, ends, horizon), trained, quantiles)
        if self.intervals != "dropout":
            return None
        draws = [
            self._network_forecasts(panel, ends, horizon, Dropout(self.dropout, seed=seed))[:, :, 0]
            for seed in range(N_DRAWS)
        ]
        return np.moveaxis(np.quantile(draws, quantiles, axis=0), 0, 2)

    def _network_forecasts(
        self, panel: Panel, ends: NDArray[np.int64], horizon: int, dropout: Dropout | None = None
    ) -> NDArray[np.float64]:
        """(n, horizon, quantiles or 1) in ascending order of the quantiles."""
        block = self.windowing_.horizon
        if horizon > block and panel.past.shape[1]:
            raise ValueError(
                f"horizon must be at most {block}, as trained, where past covariates are used: they are not known "
                f"ahead; got {horizon}"
            )
        n_threads = resolve_threads(self.n_threads)

        def run(panel: Panel, ends: NDArray[np.int64]) -> NDArray[np.float64]:
            windows = SeriesWindows(panel, self.windowing_, self._scaling, ends)
            return run_networks(self.networks_, windows, ends, n_threads, dropout)

        found = rolled(run, self.transform_.apply(panel), ends, horizon, block)
        return np.sort(self.transform_.undo(found), axis=2)

    def _calibration_clone(self) -> LSTMForecaster:
        """One network, with all that was chosen, as it is the same kind of model that is to be calibrated."""
        plan = self.windowing_
        return clone(self).set_params(
            window=plan.window,
            segment=plan.segment,
            season=self.season_,
            differences=plan.lag or None,
            scaling=("window" if plan.spread is not None else None) if self.scaling == "auto" else self.scaling,
            max_iter=self.n_steps_,
            n_models=1,
        )


def _interpolated(found: NDArray[np.float64], levels: Sequence[float], wanted: Sequence[float]) -> NDArray[np.float64]:
    """(n, horizon, wanted) quantiles between those that were learned."""
    wanted = [round(level, 12) for level in wanted]  # of 80 %: 0.09999999999999998
    beyond = [level for level in wanted if not levels[0] <= level <= levels[-1]]
    if beyond:
        raise ValueError(
            f"quantiles must lie between those that were trained, {levels[0]} and {levels[-1]}, got {beyond[0]}"
        )
    right = np.clip(np.searchsorted(levels, wanted), 1, max(len(levels) - 1, 1))
    if len(levels) == 1:
        return found
    low, high = np.asarray(levels)[right - 1], np.asarray(levels)[right]
    share = (np.asarray(wanted) - low) / (high - low)
    return found[:, :, right - 1] * (1 - share) + found[:, :, right] * share
