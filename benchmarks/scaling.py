"""Growth of time with the length of windows, the batch, the units, the length of the series and the threads."""

from __future__ import annotations

import statistics
from collections.abc import Callable

import numpy as np

from benchmarks.bench import Bench
from benchmarks.measure import milliseconds, timed, turns
from tsl import LSTMRegressor
from tsl.network import Architecture, Loss, Network, Optimizer, Sequences, Targets
from tsl.windows import make_windows

SUMMARY = "time against T, batch, units, series length and threads, with fitted exponents"
N_INPUTS = 8
SHAPE = {"steps": 48, "batch": 64, "hidden": 64}
AXES = {  # what changes, its values, and the exponent of the arithmetic
    "steps": ((12, 24, 48, 96, 192, 384, 768), 1),
    "batch": ((8, 16, 32, 64, 128, 256, 512), 1),
    "hidden": ((32, 64, 128, 256, 512), 2),
}
SERIES = (10_000, 30_000, 100_000, 300_000, 1_000_000)
SERIES_WINDOW, SERIES_HIDDEN = 24, 16
THREAD_SHAPES = {"small": (24, 64, 32), "medium": (48, 64, 128), "large": (50, 128, 512)}  # steps, batch, hidden
TURN_SECONDS = 0.1  # as long as one compiled call of the training loop
IDENTICAL_STEPS = 20


def run(bench: Bench) -> None:
    """Run all axes; ``--only`` steps, batch, hidden, series, threads or bits selects one."""
    exponents: list[list[str]] = []
    for axis in bench.cases(AXES):
        exponents.append(_axis(bench, axis))
    if bench.cases({"series": None}):
        exponents += _series(bench)
    if exponents:
        header = ["exponent", "range", "fitted", "upper half", "arithmetic"]
        bench.table("Time as a power, by least squares on logarithms", header, exponents)
        bench.say("The upper half: without the small sizes, where what is the same for all sizes weighs.")
    if bench.cases({"threads": None}):
        _threads(bench)
    if bench.cases({"bits": None}):
        _same_bits(bench)


def exponent(sizes: list[float], seconds: list[float]) -> float:
    """Return `p` of seconds = c * sizes**p."""
    return float(np.polyfit(np.log(sizes), np.log(seconds), 1)[0])


class Training:
    """Steps of forward, backward and Adam on random windows of a series."""

    def __init__(self, steps: int, batch: int, hidden: int, n_threads: int) -> None:
        rng = np.random.RandomState(0)
        self.network = Network(Architecture(N_INPUTS, (hidden,), 1), random_state=rng)
        n = 4 * batch
        rows = rng.normal(size=(steps + n, N_INPUTS)).astype(np.float32)
        sequences = Sequences(rows, np.arange(n), np.full(n, steps))
        targets = Targets(rng.normal(size=(n, 1)).astype(np.float32), np.arange(n))
        self._data = (sequences, targets, None)
        self._windows, self._state = rng.permutation(n).reshape(4, batch), self.network.new_optimizer_state()
        self._n_threads = n_threads
        self.flops = 3 * self.network.flops(batch, steps)

    def take(self, n_steps: int) -> None:
        """Take this many training steps in one compiled call."""
        batches = np.resize(self._windows, (n_steps, self._windows.shape[1]))
        rates, options = np.full(n_steps, 1e-3), (Loss(), Optimizer(), self._state)
        self.network.train_steps(*self._data, batches, rates, *options, n_threads=self._n_threads)


def _measure(trainings: dict[str, Training], n_turns: int) -> dict[str, float]:
    """Return the seconds per step of each training: the median over turns."""
    counts, seconds = {}, {}
    for name, training in trainings.items():
        training.take(1)
        counts[name] = max(1, round(TURN_SECONDS / timed(lambda training=training: training.take(2)) * 2))
        seconds[name] = []
    for name in turns(list(trainings), n_turns):
        n = 2 if n_turns == 1 else counts[name]
        seconds[name].append(timed(lambda name=name, n=n: trainings[name].take(n)) / n)
    return {name: statistics.median(taken) for name, taken in seconds.items()}


def _n_turns(bench: Bench) -> int:
    return 1 if bench.options.quick else 7


def _axis(bench: Bench, axis: str) -> list[str]:
    values, arithmetic = AXES[axis]
    if bench.options.quick:
        values = values[:3]
    n_threads = bench.options.n_threads
    trainings = {str(value): Training(**(SHAPE | {axis: value}), n_threads=n_threads) for value in values}
    seconds = _measure(trainings, _n_turns(bench))
    rows = []
    for name, training in trainings.items():
        rate = training.flops / seconds[name] / 1e9
        share = bench.share(f"training step, {axis} {name}", "tsl", rate, n_threads)
        rows.append([name, milliseconds(seconds[name]), f"{rate:.0f}", share])
    fixed = ", ".join(f"{name} {value}" for name, value in SHAPE.items() if name != axis)
    bench.table(f"A training step against {axis}; {fixed}, {n_threads} threads", [axis, "ms", "GFLOP/s", "limit"], rows)
    return _fitted(bench, f"training step, {axis}", dict(zip(values, seconds.values())), arithmetic)


def _fitted(bench: Bench, name: str, seconds: dict[int, float], arithmetic: int) -> list[str]:
    """Return a row of the table of exponents."""
    sizes, taken = list(seconds), list(seconds.values())
    upper = max(0, min(len(sizes) // 2, len(sizes) - 3))
    fitted, fitted_upper = exponent(sizes, taken), exponent(sizes[upper:], taken[upper:])
    bench.record(name, seconds=seconds, exponent=fitted, exponent_upper_half=fitted_upper, arithmetic=arithmetic)
    return [name, f"{sizes[0]:,} to {sizes[-1]:,}", f"{fitted:.2f}", f"{fitted_upper:.2f}", str(arithmetic)]


def _series(bench: Bench) -> list[list[str]]:
    lengths = (1000, 2000, 4000) if bench.options.quick else SERIES
    model = LSTMRegressor(
        hidden_size=SERIES_HIDDEN, max_iter=1, batch_size=64, random_state=0, n_threads=bench.options.n_threads
    )
    rng = np.random.default_rng(0)
    data = {
        length: make_windows(rng.standard_normal(length, dtype=np.float32), window=SERIES_WINDOW) for length in lengths
    }
    model.fit(*data[lengths[0]]).predict(data[lengths[0]][0])
    fits = _medians(lengths, lambda length: model.fit(*data[length]), _n_turns(bench))
    predictions = _medians(lengths, lambda length: model.predict(data[length][0]), _n_turns(bench))
    rows = [
        [f"{length:,}", *(cell for taken in (fits, predictions) for cell in _per_window(taken[length], length))]
        for length in lengths
    ]
    title = f"Series of one channel, window {SERIES_WINDOW}, {SERIES_HIDDEN} units: an epoch of fit, and predict"
    bench.table(title, ["length", "fit, ms", "us a window", "predict, ms", "us a window"], rows)
    return [_fitted(bench, "fit, series", fits, 1), _fitted(bench, "predict, series", predictions, 1)]


def _per_window(seconds: float, length: int) -> tuple[str, str]:
    return milliseconds(seconds), f"{1e6 * seconds / length:.2f}"


def _medians(sizes: tuple[int, ...], work: Callable[[int], object], n_turns: int) -> dict[int, float]:
    seconds: dict[int, list[float]] = {size: [] for size in sizes}
    for name in turns([str(size) for size in sizes], min(3, n_turns)):
        seconds[int(name)].append(timed(lambda size=int(name): work(size)))
    return {size: statistics.median(taken) for size, taken in seconds.items()}


def thread_counts(n: int) -> list[int]:
    """Return 1, 2, 3, 4, 6, 8, 12, ... up to `n`, and `n` itself."""
    usual = {k for power in range(12) for k in (2**power, 3 * 2**power) if k <= n}
    return sorted(usual | {n})


def _threads(bench: Bench) -> None:
    shapes = {"tiny": (5, 8, 8)} if bench.options.quick else THREAD_SHAPES
    counts = thread_counts(bench.options.n_threads)
    rows = []
    for name, shape in shapes.items():
        seconds = _measure({str(n): Training(*shape, n_threads=n) for n in counts}, _n_turns(bench))
        bench.record(f"threads, {name}", steps_batch_hidden=shape, seconds=seconds)
        times = {n: seconds["1"] / seconds[str(n)] for n in counts}
        cells = [[str(n), milliseconds(seconds[str(n)]), f"{times[n]:.2f}", f"{times[n] / n:.0%}"] for n in counts]
        rows += [[f"{name} {shape}", *row] for row in cells]
    header = ["steps, batch, units", "threads", "ms", "times faster", "of ideal"]
    bench.table("A training step by threads", header, rows)


def _same_bits(bench: Bench) -> None:
    """Train with each number of threads, including more than there are cores, and compare every parameter."""
    shapes = {"tiny": (5, 8, 8)} if bench.options.quick else THREAD_SHAPES
    counts = sorted({*thread_counts(bench.options.n_threads), 2, 3, 2 * bench.options.n_threads})
    differing = []
    for name, shape in shapes.items():
        params = {}
        for n in counts:
            training = Training(*shape, n_threads=n)
            training.take(3 if bench.options.quick else IDENTICAL_STEPS)
            params[n] = training.network.params.tobytes()
        differing += [f"{name} with {n} threads" for n in counts if params[n] != params[1]]
    listed = ", ".join(map(str, counts))
    bench.record("same bits", threads=counts, shapes=list(shapes), differing=differing)
    verdict = "no" if differing else "yes"
    bench.say(
        f"\nThe same parameters, bit for bit, after training on {listed} threads, {len(shapes)} shapes: {verdict}"
    )
    if differing:
        raise AssertionError(f"the number of threads changes the result: {', '.join(differing)}")
