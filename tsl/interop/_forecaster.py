"""Nodes for the windows of a forecaster: from the last readings of a series to forecasts in the same units."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial, reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import boxcox

from tsl.forecasting.model.members import by_windowing, longest_window_of
from tsl.forecasting.model.windows import MOST_SCALES, ROUNDING, SMALLEST_SCALE, ColumnStats, Windowing
from tsl.forecasting.panel.panel import LARGEST
from tsl.interop._graph import Graph
from tsl.interop._network import add_network
from tsl.network import LARGEST_LOG_MEAN, LARGEST_LOG_SIZE, Network


def add_forecaster(graph: Graph, forecaster: Any) -> str:
    """Add the networks of a fitted `LSTMForecaster` with their inputs; return forecasts (n, horizon, Q).

    These may exceed the bounds. For counts they are the mean and, for a negative binomial, the reciprocal of its size.
    """
    members, networks = forecaster._members(), forecaster.networks_
    inputs = _Inputs(graph, forecaster, longest_window_of(members), forecaster._context_length())
    total = ""
    shares = graph.input("shares", np.float64, ["n", len(members)]) if forecaster._shares is not None else ""
    for plan, own in by_windowing(members):
        if shares:
            each = [graph.cut(shares, 1, k, k + 1) for k in own]
            whole = reduce(partial(graph.add, "Add"), each)
            weights, share = [graph.add("Div", one, whole) for one in each], graph.reshape(whole, (0, 1, 1))
        else:
            sizes = np.array([members[k].weight for k in own])
            weights, share = [graph.constant(one) for one in sizes / sizes.sum()], graph.constant(sizes.sum())
        windows = _Windows(inputs, plan, [networks[k] for k in own], weights)
        found = graph.add("Mul", share, windows.forecasts())
        total = graph.add("Add", total, found) if total else found
    forecasts = inputs.undone(total)
    n_quantiles = networks[0].architecture.n_outputs // inputs.horizon
    if n_quantiles == 1 or forecaster.windowing_.counts is not None:
        return forecasts
    count = graph.constant(np.array([n_quantiles], np.int64))
    return graph.add("TopK", forecasts, count, n_outputs=2, axis=-1, largest=0, sorted=1)[0]


class _Inputs:
    """The inputs of all windows: each is declared once, for the longest window.

    All numbers are float64. NaN means a missing reading, or a row before the beginning of a series.
    """

    def __init__(self, graph: Graph, forecaster: Any, window: int, context: int) -> None:
        self.graph, self.window, self.context = graph, window, context
        self.stats: ColumnStats = forecaster._scaling
        self.horizon = forecaster.windowing_.horizon
        self._exponent: float | None = forecaster.transform_.exponent
        self._low: float | None = forecaster.transform_.low
        self._n_rows = ""
        self.n_past, self.n_future, self.n_static = (
            len(block[0]) for block in (self.stats.past, self.stats.future, self.stats.static)
        )
        self.values = self._transformed(graph.input("values", np.float64, ["n", context]))
        if forecaster.windowing_.masked or self.n_past or self.n_future:
            self._n_rows = graph.reshape(graph.input("n_rows", np.int64, ["n"]), (-1, 1))
        self._past = self._standardised("past", window, self.stats.past) if self.n_past else ""
        self._future = self._standardised("future", window + self.horizon, self.stats.future) if self.n_future else ""
        self.static = self._standardised("static", 0, self.stats.static) if self.n_static else ""

    def last(self, context: int) -> str:
        """Return the last readings, (n, context)."""
        return self.graph.cut(self.values, 1, -context)

    def is_row(self, window: int) -> str:
        """Return which rows of a window belong to the series, (n, window); "" if values are enough to tell."""
        if not self._n_rows:
            return ""
        before = np.arange(window, 0, -1, dtype=np.int64)[None]  # number of rows from each row to the cutoff
        return self.graph.add("GreaterOrEqual", self._n_rows, self.graph.constant(before))

    def past(self, window: int) -> str:
        """Return the past covariates of a window, standardised."""
        return self.graph.cut(self._past, 1, -window)

    def future(self, window: int) -> str:
        """Return the covariates known ahead, of a window and the horizon, standardised."""
        return self.graph.cut(self._future, 1, self.window - window)

    def _standardised(self, name: str, n_rows: int, stats: NDArray[np.float64]) -> str:
        """Declare covariates, (n, n_rows, ·) or static ones (n, ·), and return them standardised."""
        given = self.graph.input(name, np.float64, ["n", *([n_rows] if n_rows else []), len(stats[0])])
        mean, deviation = (self.graph.constant(one, f"{name}_{what}") for one, what in zip(stats, ("mean", "scale")))
        return self.graph.cast(self.graph.add("Div", self.graph.add("Sub", given, mean), deviation), np.float32)

    def _transformed(self, values: str) -> str:
        """Return readings after the power transform."""
        if self._exponent is None:
            return values
        logarithm = self.graph.add("Log", values if self._low is None else self._floored(values, self._low))
        if self._exponent == 0:
            return logarithm
        exponent, one = self.graph.constant(np.float64(self._exponent)), self.graph.constant(np.float64(1.0))
        power = self.graph.add("Exp", self.graph.add("Mul", logarithm, exponent))
        return self.graph.add("Div", self.graph.add("Sub", power, one), exponent)

    def _floored(self, values: str, low: float) -> str:
        """Replace values outside the domain of the transform; see `tsl.forecasting.panel.domain.floored`."""
        graph, zero = self.graph, self.graph.constant(np.float64(0.0))
        inside, outside = ("GreaterOrEqual", "Less") if self._exponent else ("Greater", "LessOrEqual")  # false for NaN
        infinite = graph.constant(np.float64(np.inf))
        found = graph.add("Where", graph.add(inside, values, zero), values, infinite)
        lowest = graph.add("ReduceMin", found, axes=[1], keepdims=1)
        lowest = graph.add("Where", graph.add("Less", lowest, infinite), lowest, graph.constant(np.float64(low)))
        return graph.add("Where", graph.add(outside, values, zero), lowest, values)

    def undone(self, values: str) -> str:
        """Undo the power transform; see `PowerTransform.undo`."""
        if self._exponent is None:
            return values
        graph, exponent = self.graph, self._exponent
        if exponent > 0:
            values = self.graph.add("Max", values, graph.constant(np.float64(-1.0 / exponent)))
        elif exponent < 0:
            values = self.graph.add("Min", values, graph.constant(np.float64((1 - 1e-6) * -1.0 / exponent)))
        values = self.graph.add("Min", values, graph.constant(np.float64(boxcox(LARGEST, exponent))))
        if exponent == 0:
            return graph.add("Exp", values)
        factor, one = graph.constant(np.float64(exponent)), graph.constant(np.float64(1.0))
        return graph.add(
            "Exp",
            self.graph.add(
                "Div", graph.add("Log", self.graph.add("Add", self.graph.add("Mul", values, factor), one)), factor
            ),
        )


class _Windows:
    """The nodes that correspond to `tsl.forecasting.model.windows.SeriesWindows`, for one window per series.

    All numbers are float64 until the network reads them.
    """

    def __init__(self, inputs: _Inputs, plan: Windowing, networks: Sequence[Network], weights: Sequence[str]) -> None:
        self.graph, self.inputs, self.plan = inputs.graph, inputs, plan
        self.networks, self.weights = networks, weights
        self.values = inputs.last(plan.context)

    def forecasts(self) -> str:
        """Return the mean forecasts of the networks (n, horizon, Q), before undoing the transform of the values."""
        level, scale = self._level(), self._window_scale()
        rows = self._rows(level, scale, self._or_size(scale, level))
        terms = []
        for network, weight in zip(self.networks, self.weights):
            outputs = self.graph.cast(add_network(self.graph, network, rows)[0], np.float64)
            terms.append(self.graph.add("Mul", weight, outputs))
        mean = reduce(partial(self.graph.add, "Add"), terms)  # ONNX Runtime has no Mean for float64
        relative = self.graph.reshape(mean, (0, self.plan.horizon, -1))
        if self.plan.counts is not None:
            return self._count_parameters(relative)
        base, scale = self._column(self._base(level)), self._column(scale)
        return self.graph.add("Add", base, self.graph.add("Mul", scale, relative))

    def _count_parameters(self, outputs: str) -> str:
        """Return the mean and, for a negative binomial, the reciprocal of its size, (n, horizon, 1 or 2)."""
        graph = self.graph
        log_mean = graph.add("Add", graph.cut(outputs, 2, 0, 1), self._column(self._log_mean_of_window()))
        found = [graph.add("Min", log_mean, graph.constant(np.float64(LARGEST_LOG_MEAN)))]
        if self.plan.counts == "negative_binomial":
            bounds = (graph.constant(np.float64(sign * LARGEST_LOG_SIZE)) for sign in (-1, 1))
            found.append(graph.add("Neg", graph.add("Clip", graph.cut(outputs, 2, 1), *bounds)))
        return graph.add("Exp", graph.concatenate(found, axis=2))

    def _log_mean_of_window(self) -> str:
        """Return the logarithm of the mean of each window (n, 1), with one count of 1 added."""
        graph, one = self.graph, self.graph.constant(np.float64(1.0))
        total, count = self._total_and_count(graph.cut(self.values, 1, -self.plan.window))
        return graph.add("Log", graph.add("Div", graph.add("Add", total, one), graph.add("Add", count, one)))

    # --- what the network reads -----------------------------------------------------------------------------------

    def _rows(self, level: str, scale: str, unit: str) -> str:
        """Return the network's input at each step, (n, steps, segment * channels + static), float32."""
        plan, graph = self.plan, self.graph
        relative = self.graph.add("Div", self.graph.add("Sub", self.values, level), unit)
        if plan.spread is not None:
            bounds = (graph.constant(np.float64(bound)) for bound in (-MOST_SCALES, MOST_SCALES))
            relative = graph.add("Clip", relative, *bounds)  # keeps NaN
        channels = [self.graph.cut(relative, 1, -plan.window)]
        if plan.lag:
            channels.append(self.graph.add("Sub", channels[0], self._lagged(relative, plan.lag)))
        factor = graph.cast(self._inverse(self.graph.add("Div", scale, unit)), np.float32)
        channels = [self.graph.add("Mul", graph.cast(one, np.float32), factor) for one in channels]
        if plan.masked:
            channels.append(graph.cast(graph.add("IsNaN", self.graph.cut(self.values, 1, -plan.window)), np.float32))
        blocks = [graph.concatenate([graph.reshape(one, (0, 0, 1)) for one in channels], axis=2)]
        if self.inputs.n_past:
            blocks.append(self.inputs.past(plan.window))
        if self.inputs.n_future:
            return self._with_future(blocks)
        return self._with_static(graph.reshape(self._known(blocks), (0, plan.n_steps, -1)))

    def _known(self, blocks: list[str]) -> str:
        """Return concatenated blocks of channels, 0 for missing numbers and before the series begins."""
        rows = self._without_nan(self.graph.concatenate(blocks, axis=2))
        is_row = self.inputs.is_row(self.plan.window)
        if not is_row:
            return rows
        return self.graph.add("Mul", rows, self.graph.cast(self.graph.reshape(is_row, (0, 0, 1)), np.float32))

    def _with_future(self, blocks: list[str]) -> str:
        """Return the rows of the window and those ahead of it, of which only covariates known ahead are read."""
        plan, graph = self.plan, self.graph
        n_ahead = plan.n_steps * plan.segment - plan.window
        future = self.inputs.future(plan.window)
        within = self._known([*blocks, graph.cut(future, 1, 0, plan.window)])
        n_others = self.networks[0].architecture.n_inputs - self.inputs.n_future
        ahead = self._without_nan(graph.cut(future, 1, plan.window))
        padding = np.array([0, 0, n_others, 0, n_ahead - plan.horizon, 0], np.int64)
        ahead = graph.add("Pad", ahead, graph.constant(padding), graph.constant(np.float32(0.0)))
        rows = graph.concatenate([within, ahead], axis=1)
        return self._with_static(graph.reshape(rows, (0, plan.n_steps, -1)))

    def _with_static(self, rows: str) -> str:
        """Return steps (n, steps, ·) with the static covariates appended to each."""
        if not self.inputs.n_static:
            return rows
        static = self.graph.reshape(self.inputs.static, (0, 1, self.inputs.n_static))
        shape = self.graph.constant(np.array([1, self.plan.n_steps, self.inputs.n_static], np.int64))
        return self.graph.concatenate([rows, self.graph.add("Expand", static, shape)], axis=2)

    # --- level and scale -----------------------------------------------------------------------------------------

    def _level(self) -> str:
        """Return the mean of the last values of each window, else of all of them, else the last reading."""
        plan, graph = self.plan, self.graph
        center = graph.constant(np.float64(self.inputs.stats.values[0, 0]))
        if not plan.level:
            return graph.add("Expand", center, graph.add("Shape", self._one_column()))
        level = self._mean(self.graph.cut(self.values, 1, -min(plan.level, plan.window)))
        for other in (self._mean(self.graph.cut(self.values, 1, -plan.window)), self._last_reading(), center):
            level = self._unless_nan(level, other)
        return level

    def _last_reading(self) -> str:
        """Return the last value of the context that is not missing, (n, 1); NaN if there is none."""
        graph, values = self.graph, self.inputs.values
        places = graph.constant(np.arange(self.inputs.context, dtype=np.int64)[None])
        nowhere = graph.constant(np.int64(-1))
        found = graph.add("Where", graph.add("IsNaN", values), nowhere, places)
        last = graph.add("ReduceMax", found, axes=[1], keepdims=1)
        return graph.add("GatherElements", values, graph.add("Max", last, graph.constant(np.int64(0))), axis=1)

    def _window_scale(self) -> str:
        """Return the scale of windows; 0 for rounding errors or if nothing is known."""
        plan, graph = self.plan, self.graph
        if plan.spread is None:
            unit = graph.constant(np.float64(self.inputs.stats.values[1, 0]))
            return graph.add("Expand", unit, graph.add("Shape", self._one_column()))
        window = self.graph.cut(self.values, 1, -plan.window)
        mean = self._mean(window)
        apart = self.graph.add("Sub", window, mean)
        deviation = graph.add("Sqrt", self._mean(self.graph.add("Mul", apart, apart)))
        scale = deviation
        if plan.spread:
            window = self.graph.cut(self.values, 1, -plan.window)
            change = self._mean(graph.add("Abs", self.graph.add("Sub", window, self._lagged(self.values, plan.spread))))
            least = self.graph.add("Mul", graph.constant(np.float64(SMALLEST_SCALE)), deviation)
            scale = graph.add("Where", graph.add("IsNaN", change), deviation, self.graph.add("Max", change, least))
        rounding = self.graph.add("Mul", graph.constant(np.float64(ROUNDING)), graph.add("Abs", mean))
        return graph.add("Where", graph.add("Greater", scale, rounding), scale, graph.constant(np.float64(0.0)))

    def _base(self, level: str) -> str:
        """Return what forecasts are relative to, (n, horizon): the level, or the value `lag` rows earlier."""
        plan, graph = self.plan, self.graph
        shape = graph.constant(np.array([1, plan.horizon], np.int64))
        base = graph.add("Expand", level, shape)
        if not plan.lag:
            return base
        start = plan.context - plan.lag
        return self._unless_nan(self.graph.cut(self.values, 1, start, start + plan.horizon), base)

    # --- arithmetic -----------------------------------------------------------------------------------------------

    def _one_column(self) -> str:
        return self.graph.cut(self.values, 1, 0, 1)

    def _lagged(self, values: str, lag: int) -> str:
        """Return the values (n, window) `lag` rows before those of the window; NaN before the context."""
        plan = self.plan
        start = plan.context - plan.window - lag
        found = self.graph.cut(values, 1, max(start, 0), plan.context - lag)
        if start >= 0:
            return found
        padding = self.graph.constant(np.array([0, -start, 0, 0], np.int64))
        return self.graph.add("Pad", found, padding, self.graph.constant(np.float64(np.nan)))

    def _mean(self, values: str) -> str:
        """Return the mean of each row ignoring NaN, (n, 1); NaN for a row without values."""
        return self.graph.add("Div", *self._total_and_count(values))

    def _total_and_count(self, values: str) -> tuple[str, str]:
        """Return the sum of each row ignoring NaN, and the number of its values, (n, 1) each."""
        graph = self.graph
        missing = graph.add("IsNaN", values)
        filled = graph.add("Where", missing, graph.constant(np.float64(0.0)), values)
        axes = graph.constant(np.array([1], np.int64))
        count = graph.add("ReduceSum", graph.cast(graph.add("Not", missing), np.float64), axes, keepdims=1)
        return graph.add("ReduceSum", filled, axes, keepdims=1), count

    def _or_size(self, deviation: str, mean: str) -> str:
        """Return each deviation, or if it is a rounding error a number that is much larger."""
        graph = self.graph
        size = graph.add("Abs", mean)
        is_large = graph.add("Greater", deviation, self.graph.add("Mul", graph.constant(np.float64(1e-12)), size))
        return graph.add("Where", is_large, deviation, self.graph.add("Max", size, graph.constant(np.float64(1.0))))

    def _inverse(self, value: str) -> str:
        """Return the inverse of each number, 0 for 0."""
        zero, one = self.graph.constant(np.float64(0.0)), self.graph.constant(np.float64(1.0))
        return self.graph.add("Where", self.graph.add("Greater", value, zero), self.graph.add("Div", one, value), zero)

    def _without_nan(self, value: str) -> str:
        """Return float32 numbers with 0 for NaN."""
        zero = self.graph.constant(np.float32(0.0))
        return self.graph.add("Where", self.graph.add("IsNaN", value), zero, value)

    def _unless_nan(self, value: str, other: str) -> str:
        return self.graph.add("Where", self.graph.add("IsNaN", value), other, value)

    def _column(self, value: str) -> str:
        """Return (n, ·) as (n, ·, 1)."""
        return self.graph.reshape(value, (0, 0, 1))
