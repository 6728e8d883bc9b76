"""Windows read in segments, relative to their own level and scale, with a linear map that bypasses the layers."""

import numpy as np
import pytest
import reference
from network_problem import LOSSES, PRECISIONS, share_small_work
from numpy.testing import assert_allclose, assert_array_equal

from tsl.network import Architecture, Dropout, Framing, Network, Optimizer, Sequences, Targets

SEGMENT, N_STEPS, N_CHANNELS, N_KNOWN, N_STATIC, HORIZON, BATCH = 3, 4, 3, 1, 2, 5, 6


def make_problem(dtype=np.float64, *, skip=True, n_outputs=HORIZON, n_batch=BATCH, n_embedded=0):
    """A network, windows of which some begin before the rows and all end beyond their origin, and targets with gaps."""
    rng = np.random.default_rng(0)
    architecture = Architecture(
        N_CHANNELS,
        (5, 4),
        n_outputs,
        segment=SEGMENT,
        n_static=N_STATIC,
        n_known=N_KNOWN,
        skip_steps=N_STEPS if skip else 0,
        n_embedded=n_embedded,
    )
    network = Network(architecture, dtype=dtype, random_state=np.random.RandomState(0))
    with network.editing() as params:
        params += rng.normal(scale=0.2, size=params.size).astype(dtype)
    rows = rng.normal(size=(40, N_CHANNELS)).astype(dtype)
    rows[rng.integers(40, size=5), 0] = np.nan
    starts = np.linspace(-4, 20, n_batch).astype(np.int64)
    stops = starts + SEGMENT * N_STEPS
    bounds = np.stack([np.maximum(starts + 1, 0), stops - 4, stops - np.arange(n_batch) % 3], axis=1)
    framing = Framing(
        rng.normal(size=(n_batch, N_CHANNELS)).astype(dtype),
        rng.uniform(0.5, 2.0, (n_batch, N_CHANNELS)).astype(dtype),
        bounds,
        rng.normal(size=(n_batch, N_STATIC)).astype(dtype),
    )
    sequences = Sequences(rows, starts, np.full(n_batch, N_STEPS), framing)
    values = rng.normal(size=(60, 1)).astype(dtype)
    values[[12, 25, 26]] = np.nan
    shifts, scales = rng.normal(size=n_batch).astype(dtype), rng.uniform(0.5, 2.0, n_batch).astype(dtype)
    return network, sequences, Targets(values, np.linspace(10, 50, n_batch).astype(np.int64), shifts, scales)


def framed(sequences):
    """(n, T, segment * C + S): the windows as the network sees them, written out."""
    rows, starts, lengths, framing = sequences[:4]
    windows = np.zeros((len(starts), lengths.max(), SEGMENT * N_CHANNELS + N_STATIC))
    for i, start in enumerate(starts):
        for step in range(lengths[i]):
            for r in range(SEGMENT):
                place = start + step * SEGMENT + r
                for c in range(N_CHANNELS):
                    known_ahead = c >= N_CHANNELS - N_KNOWN
                    first, origin, end = framing.bounds[i]
                    if first <= place < (end if known_ahead else origin):
                        number = (rows[place, c] - framing.shifts[i, c]) * framing.scales[i, c]
                        windows[i, step, r * N_CHANNELS + c] = np.nan_to_num(number)
            windows[i, step, SEGMENT * N_CHANNELS :] = framing.statics[i]
    return windows


def twin_outputs(network, windows):
    params = {name: array.astype(np.float64) for name, array in network.named().items()}
    n_hidden = network.architecture.hidden_sizes[-1]
    w_out = params["head.w_out"]
    params["head.w_out"] = w_out[:n_hidden]
    read = windows
    if network.architecture.n_embedded:
        read = np.maximum(windows @ params["embedding.w"] + params["embedding.b"], 0)
    outputs, _ = reference.model_forward(params, read, hidden_sizes=network.architecture.hidden_sizes)
    if network.architecture.skip_steps:
        outputs += windows[:, :, : SEGMENT * N_CHANNELS].reshape(len(windows), -1) @ w_out[n_hidden:]
    return outputs


def twin_loss(network, windows, targets, weights, loss):
    """The weighted mean over windows of the mean over outputs, targets that are NaN counting as met."""
    outputs = twin_outputs(network, windows)
    steps = targets.starts[:, None] + np.arange(outputs.shape[1] // max(len(loss.quantiles), 1))
    wanted = (targets.rows[steps, 0] - targets.shifts[:, None]) * targets.scales[:, None]
    if loss.quantiles:
        wanted = np.repeat(wanted, len(loss.quantiles), axis=1)
        level = np.tile(loss.quantiles, steps.shape[1])
        error = outputs - wanted
        losses = np.where(error > 0, (1 - level) * error, -level * error)
    elif loss.name == "huber":
        error = np.abs(outputs - wanted)
        losses = np.where(error <= loss.delta, 0.5 * error**2, loss.delta * (error - 0.5 * loss.delta))
    else:
        losses = (outputs - wanted) ** 2 if loss.name == "squared_error" else np.abs(outputs - wanted)
    return np.average(np.nan_to_num(losses).mean(axis=1), weights=weights)


@pytest.mark.parametrize("dtype", PRECISIONS)
@pytest.mark.parametrize("skip", [False, True])
@pytest.mark.parametrize("n_embedded", [0, 7, 40])
def test_forward_reads_windows_as_written_out(dtype, skip, n_embedded):
    network, sequences, _ = make_problem(dtype, skip=skip, n_embedded=n_embedded)
    tolerance = 1e-5 if dtype == np.float32 else 1e-12  # float32 has 7 digits, of sums over 60 numbers
    wanted = twin_outputs(network, framed(sequences))
    assert_allclose(network.forward(sequences), wanted, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("name", ["squared_error", "absolute_error", "huber", "quantile"])
@pytest.mark.parametrize("n_embedded", [0, 7])
def test_gradient_matches_finite_differences(name, n_embedded):
    loss = LOSSES[name]
    n_outputs = HORIZON * max(len(loss.quantiles), 1)
    network, sequences, targets = make_problem(n_outputs=n_outputs, n_embedded=n_embedded)
    weights, windows = np.linspace(0.5, 2.0, BATCH), framed(sequences)
    found = network.gradient(sequences, targets, weights, loss)

    def loss_now():
        return twin_loss(network, windows, targets, weights, loss)

    assert found.loss == pytest.approx(loss_now(), rel=1e-12)

    with network.editing() as params:
        expected = reference.central_difference(loss_now, params)
    assert_allclose(found.params, expected, rtol=1e-5, atol=1e-8)  # of second order in the step of 1e-6
    assert network.evaluate(sequences, targets, weights, loss) == pytest.approx(found.loss, rel=1e-12)


def test_linear_map_starts_at_zero():
    network = Network(Architecture(2, (4,), 3, segment=2, skip_steps=5), random_state=np.random.RandomState(0))
    w_out = network.named()["head.w_out"]
    assert w_out.shape == (4 + 5 * 2 * 2, 3)
    assert (w_out[4:] == 0).all()
    assert np.abs(w_out[:4]).max() > 0


def test_dropout_leaves_the_linear_map_whole():
    network, sequences, targets = make_problem()
    with network.editing() as params:
        network.named(params)["head.w_out"][:4] = 0  # what the hidden units say
    losses = [
        network.gradient(sequences, targets, None, LOSSES["squared_error"], dropout=Dropout(rate, seed=1)).loss
        for rate in (0.0, 0.9)
    ]
    assert losses[0] == losses[1]


def test_threads_change_nothing(monkeypatch):
    share_small_work(monkeypatch)
    found = []
    for n_threads in (1, 2, 3):
        network, sequences, targets = make_problem(np.float32, n_batch=12, n_embedded=7)
        batches = np.arange(12).reshape(2, 6)
        options = {"state": network.new_optimizer_state(), "n_threads": n_threads}
        network.train_steps(
            sequences, targets, None, batches, np.full(2, 0.01), LOSSES["absolute_error"], Optimizer(), **options
        )
        found.append((network.params.copy(), network.forward(sequences, n_threads=n_threads)))
    for params, outputs in found[1:]:
        assert_array_equal(params, found[0][0])
        assert_array_equal(outputs, found[0][1])


def test_part_keeps_what_windows_are_relative_to():
    network, sequences, targets = make_problem()
    which = np.array([4, 1])
    assert_array_equal(network.forward(sequences.part(which)), network.forward(sequences)[which])
    whole = network.evaluate(sequences.part(which), targets.part(which), None, LOSSES["huber"])
    each = [network.evaluate(sequences.part([i]), targets.part([i]), None, LOSSES["huber"]) for i in which]
    assert whole == pytest.approx(np.mean(each), rel=1e-12)


def test_forward_with_dropout_is_one_of_the_forecasts_of_training():
    network, sequences, _ = make_problem()
    draws = [network.forward(sequences, dropout=Dropout(0.5, seed=seed), n_threads=2) for seed in (1, 1, 2)]
    assert_array_equal(draws[0], draws[1])
    assert np.abs(draws[0] - draws[2]).max() > 1e-3  # of outputs around 1
    assert_array_equal(network.forward(sequences, dropout=Dropout(0.0)), network.forward(sequences))
