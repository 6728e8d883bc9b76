"""Training steps in compiled code, compared with the NumPy reference and, if installed, PyTorch."""

import numpy as np
import pytest
import reference
from network_problem import LOSSES, PRECISIONS, make_problem, share_small_work, twin_flat_gradient, twin_forward
from numpy.testing import assert_allclose, assert_array_equal

from tsl.network import Dropout, Optimizer, OptimizerState, TrainingMemory

# epsilon is large enough to see where it is added
SOLVERS = {
    "sgd": Optimizer("sgd", beta_1=0.8, alpha=0.1),
    "nesterov": Optimizer("sgd", beta_1=0.8, alpha=0.1, nesterov=True),
    "rmsprop": Optimizer("rmsprop", beta_2=0.9, alpha=0.1, epsilon=1e-3),
    "adam": Optimizer("adam", alpha=0.1, epsilon=1e-3),
    "adamw": Optimizer("adamw", alpha=0.1, epsilon=1e-3),
}
BATCHES = np.array([[0, 3, 2, 6], [5, 4, -1, -1], [2, 2, 1, -1], [6, 5, 4, 3], [1, 0, -1, -1]])
DROPOUT = Dropout(outputs=0.4, recurrent=0.3, seed=5)
RATES = np.array([0.01, 0.02, 0.005, 0.01, 0.03])


def take_steps(problem, optimizer, *, state=None, loss="squared_error", batches=BATCHES, rates=RATES, **options):
    """Train the problem's network; (losses, norms)."""
    network, sequences, targets, weights = problem[:4]
    state = network.new_optimizer_state() if state is None else state
    return network.train_steps(sequences, targets, weights, batches, rates, LOSSES[loss], optimizer, state, **options)


def twin_update(optimizer, params, grads, state, rate, n_matrix):
    options = {"alpha": optimizer.alpha, "n_matrix": n_matrix}
    if optimizer.solver == "sgd":
        reference.sgd(params, grads, state, rate, optimizer.beta_1, optimizer.nesterov, **options)
    elif optimizer.solver == "rmsprop":
        reference.rmsprop(params, grads, state, rate, optimizer.beta_2, optimizer.epsilon, **options)
    else:
        options |= {name: getattr(optimizer, name) for name in ("beta_1", "beta_2", "epsilon")}
        getattr(reference, optimizer.solver)(params, grads, state, rate, **options)


def batch_of(problem, windows):
    """The problem of the windows of one batch alone, from zero states."""
    which = windows[windows >= 0]
    lengths = problem.sequences.lengths[which]
    return problem._replace(
        sequences=problem.sequences._replace(starts=problem.sequences.starts[which], lengths=lengths),
        targets=problem.targets._replace(starts=problem.targets.starts[which]),
        weights=None if problem.weights is None else problem.weights[which],
        x=problem.x[which, : lengths.max()],
        initial=None,
    )


def twin_steps(problem, optimizer, loss="squared_error", batches=BATCHES, rates=RATES):
    """(params, losses, norms) of the twin after the same steps; norms are after clipping by value alone."""
    params = problem.network.params.astype(np.float64)
    state, losses, norms = reference.new_state(params), [], []
    for windows, rate in zip(batches, rates, strict=True):
        value, grads = twin_flat_gradient(batch_of(problem, windows), LOSSES[loss], params)
        losses.append(value)
        norms.append(np.linalg.norm(reference.clip(grads, optimizer.clip_value)))
        grads = reference.clip(grads, optimizer.clip_value, optimizer.clip_norm)
        twin_update(optimizer, params, grads, state, rate, problem.network.n_matrix_params)
    return params, losses, norms


def assert_follows_twin(problem, optimizer, **options):
    params, losses, norms = twin_steps(problem, optimizer, **options)
    found_losses, found_norms = take_steps(problem, optimizer, **options)
    dtype = problem.network.params.dtype
    assert found_losses.dtype == found_norms.dtype == np.float64
    tolerance = 1000 * np.finfo(dtype).eps  # five steps, each 100 units from the twin's, as `assert_close` has it
    assert_allclose(found_losses, losses, rtol=tolerance)
    assert_allclose(found_norms, norms, rtol=tolerance)
    assert_allclose(problem.network.params, params, rtol=0, atol=tolerance)


@pytest.mark.parametrize("dtype", PRECISIONS)
@pytest.mark.parametrize("solver", SOLVERS)
def test_steps_of_every_solver_follow_the_twin(solver, dtype):
    problem = make_problem(dtype, hidden_sizes=(17, 5), batch=7, bidirectional=True)
    assert_follows_twin(problem, SOLVERS[solver])


@pytest.mark.parametrize("every_step", [False, True])
@pytest.mark.parametrize("one_hot", [False, True])
@pytest.mark.parametrize("loss", LOSSES)
def test_steps_of_every_loss_follow_the_twin(loss, every_step, one_hot):
    problem = make_problem(hidden_sizes=(5,), batch=7, loss=loss, every_step=every_step, one_hot=one_hot)
    assert_follows_twin(problem, SOLVERS["sgd"], loss=loss)
    unweighted = make_problem(hidden_sizes=(5,), batch=7, loss=loss, every_step=every_step)
    assert_follows_twin(unweighted._replace(weights=None), SOLVERS["sgd"], loss=loss)


@pytest.mark.parametrize("limits", [{"clip_norm": 0.1}, {"clip_value": 0.01}, {"clip_norm": 0.03, "clip_value": 0.01}])
@pytest.mark.parametrize("dtype", PRECISIONS)
def test_clipping_follows_the_twin(limits, dtype):
    free = make_problem(dtype, hidden_sizes=(17,), batch=7)
    norms = take_steps(free, Optimizer("sgd"))[1]
    assert norms.min() > 0.1  # each step is clipped
    optimizer = Optimizer("sgd", alpha=0.1, **limits)  # and the penalty is not
    assert_follows_twin(make_problem(dtype, hidden_sizes=(17,), batch=7), optimizer)


def test_limits_that_are_not_reached_change_nothing():
    free, limited = make_problem(batch=7), make_problem(batch=7)
    take_steps(free, Optimizer("adam"))
    take_steps(limited, Optimizer("adam", clip_norm=1e6, clip_value=1e6))
    assert_array_equal(free.network.params, limited.network.params)


# --- states carried from batch to batch -------------------------------------------------------------------


def split_states(problem, carried, n):
    """The first n rows of (2, batch, all units) as initial states of the twin."""
    architecture = problem.network.architecture
    sizes = np.repeat(architecture.hidden_sizes, 1 + architecture.bidirectional)
    return tuple(np.split(part[:n].astype(np.float64), np.cumsum(sizes)[:-1], axis=1) for part in carried)


@pytest.mark.parametrize("dtype", PRECISIONS)
def test_carried_states_follow_the_twin(dtype):
    problem = make_problem(dtype, hidden_sizes=(17, 5), batch=7)
    network, optimizer = problem.network, SOLVERS["sgd"]
    carried = network.zero_states(4)
    carried += np.random.default_rng(1).normal(size=carried.shape).astype(dtype)
    params, expected = network.params.astype(np.float64), carried.astype(np.float64)
    state = reference.new_state(params)
    for windows, rate in zip(BATCHES, RATES, strict=True):
        own = batch_of(problem, windows)
        n = own.sequences.starts.size
        own = own._replace(initial=split_states(problem, expected, n))
        runs = twin_forward(own, params)[1]["runs"]
        grads = twin_flat_gradient(own, LOSSES["squared_error"], params)[1]
        twin_update(optimizer, params, grads, state, rate, network.n_matrix_params)
        for part, kind in enumerate(["hidden", "cells"]):  # places that a batch leaves empty keep their states
            expected[part, :n] = np.concatenate([run["states"][kind][-1] for run in runs], axis=1)
    take_steps(problem, optimizer, carried=carried)
    tolerance = 1000 * np.finfo(dtype).eps  # as in `assert_follows_twin`
    assert_allclose(network.params, params, rtol=0, atol=tolerance)
    assert_allclose(carried, expected, rtol=0, atol=tolerance)


def test_carried_states_are_the_same_however_steps_are_cut(monkeypatch):
    share_small_work(monkeypatch)

    def train(parts, n_threads):
        problem = make_problem(hidden_sizes=(17, 5), batch=7)
        state, carried = problem.network.new_optimizer_state(), problem.network.zero_states(4)
        for part in parts:
            options = {"batches": BATCHES[part], "rates": RATES[part], "state": state, "carried": carried}
            take_steps(problem, SOLVERS["adam"], dropout=DROPOUT, n_threads=n_threads, **options)
        return problem.network.params, carried

    expected = train([slice(0, 5)], 1)
    for parts, n_threads in [([slice(0, 5)], 3), ([slice(0, 1), slice(1, 3), slice(3, 5)], 1)]:
        for one, other in zip(expected, train(parts, n_threads), strict=True):
            assert_array_equal(one, other)


# --- what steps must not depend on ------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", PRECISIONS)
@pytest.mark.parametrize("solver", SOLVERS)
def test_steps_are_the_same_for_any_number_of_threads_and_cut_in_any_way(solver, dtype, monkeypatch):
    share_small_work(monkeypatch)
    optimizer = SOLVERS[solver]

    def train(parts, n_threads):
        problem = make_problem(dtype, hidden_sizes=(17, 5), batch=7, bidirectional=True)
        state, found = problem.network.new_optimizer_state(), []
        for part in parts:
            options = {"batches": BATCHES[part], "rates": RATES[part], "state": state}
            found.append(take_steps(problem, optimizer, dropout=DROPOUT, n_threads=n_threads, **options))
        losses, norms = (np.concatenate(each) for each in zip(*found, strict=True))
        return [problem.network.params, state.mean, state.mean_sq, state.step, losses, norms]

    expected = train([slice(0, 5)], 1)
    for parts, n_threads in [([slice(0, 5)], 2), ([slice(0, 5)], 3), ([slice(0, 2), slice(2, 5)], 1)]:
        for one, other in zip(expected, train(parts, n_threads), strict=True):
            assert_array_equal(one, other)


def test_a_step_is_the_gradient_of_its_number():
    """Dropout of the k-th step is that of `gradient(..., step=k)`: a step can be looked at by itself."""
    problem = make_problem(hidden_sizes=(17, 5), batch=7)
    state = problem.network.new_optimizer_state()
    for step in range(3):
        own = batch_of(problem, BATCHES[step])
        expected = problem.network.gradient(
            own.sequences, own.targets, own.weights, LOSSES["squared_error"], dropout=DROPOUT, step=step
        )
        before = problem.network.params.copy()
        options = {"batches": BATCHES[[step]], "rates": RATES[[step]], "state": state, "dropout": DROPOUT}
        losses, norms = take_steps(problem, Optimizer("sgd", beta_1=0), **options)
        assert_allclose(problem.network.params, before - RATES[step] * expected.params, rtol=1e-14)
        assert_allclose(losses, expected.loss, rtol=1e-14)
        assert_allclose(norms, np.linalg.norm(expected.params), rtol=1e-14)


def test_state_counts_steps_and_starts_from_zero():
    problem = make_problem(batch=7)
    state = problem.network.new_optimizer_state()
    assert isinstance(state, OptimizerState)
    assert state.step == 0
    assert_array_equal(state.mean, np.zeros_like(problem.network.params))
    assert_array_equal(state.mean_sq, np.zeros_like(problem.network.params))
    take_steps(problem, SOLVERS["adam"], state=state)
    assert state.step == 5


# --- steps that cannot be taken ---------------------------------------------------------------------------


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("limits", [{}, {"clip_norm": 1.0, "clip_value": 1.0}])
def test_a_step_that_is_not_finite_changes_nothing(bad, solver, limits):
    optimizer = Optimizer(**{**vars(SOLVERS[solver]), **limits})
    problem = make_problem(batch=7)
    state = problem.network.new_optimizer_state()
    take_steps(problem, optimizer, state=state)
    kept = [array.copy() for array in (problem.network.params, state.mean, state.mean_sq)]
    problem.sequences.rows[:] = bad  # a target that is NaN is one that is missing
    losses = take_steps(problem, optimizer, state=state)[0]
    assert not np.isfinite(losses).any()
    for array, before in zip((problem.network.params, state.mean, state.mean_sq), kept, strict=True):
        assert_array_equal(array, before)


def test_steps_after_one_that_is_not_finite_go_on():
    problem, clean = make_problem(batch=7), make_problem(batch=7)
    for each in (problem, clean):
        each.targets.starts[:] = np.arange(7)
    problem.targets.rows[6] = np.inf
    batches = np.array([[0, 1], [2, 6], [3, 4]])
    losses = take_steps(problem, SOLVERS["sgd"], batches=batches, rates=RATES[:3])[0]
    assert np.isfinite(losses).tolist() == [True, False, True]
    take_steps(clean, SOLVERS["sgd"], batches=batches[[0, 2]], rates=RATES[[0, 2]])
    assert_array_equal(problem.network.params, clean.network.params)


# --- PyTorch, where it is installed -----------------------------------------------------------------------


def torch_model(torch, network):
    """The same network in PyTorch; `bias_hh`, which ours lacks, is 0 and stays so."""
    architecture, named = network.architecture, network.named()
    hidden, n_layers = architecture.hidden_sizes[0], len(architecture.hidden_sizes)
    lstm = torch.nn.LSTM(architecture.n_inputs, hidden, n_layers, batch_first=True).double()
    head = torch.nn.Linear(hidden, architecture.n_outputs).double()
    pairs = [(head.weight, named["head.w_out"].T), (head.bias, named["head.b_out"])]
    for k, (w_in, w_rec, bias, bias_hh) in enumerate(lstm.all_weights):
        pairs += [(w_in, named[f"lstm_{k}.w_in"].T), (w_rec, named[f"lstm_{k}.w_rec"].T)]
        pairs += [(bias, named[f"lstm_{k}.bias"])]
        bias_hh.data[:] = 0
        bias_hh.requires_grad = False
    for parameter, value in pairs:
        parameter.data[:] = torch.from_numpy(value.copy())
    return lstm, head, pairs


def test_ten_steps_equal_those_of_pytorch():
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    problem = make_problem(hidden_sizes=(17, 17), batch=7, ragged=False)
    network = problem.network
    lstm, head, pairs = torch_model(torch, network)
    optimizer = torch.optim.Adam([parameter for parameter, _ in pairs], lr=0.01)
    x = torch.from_numpy(problem.x)
    y = torch.from_numpy(problem.targets.rows[problem.targets.starts])
    batches = np.array([np.random.default_rng(k).permutation(7)[:4] for k in range(10)])
    their_losses = []
    for windows in batches:
        optimizer.zero_grad()
        loss = torch.nn.functional.mse_loss(head(lstm(x[windows])[0][:, -1]), y[windows])
        loss.backward()
        optimizer.step()
        their_losses.append(loss.item())
    problem = problem._replace(weights=None)
    losses = take_steps(problem, Optimizer("adam"), batches=batches, rates=np.full(10, 0.01))[0]
    # Adam divides by the root of the squares, which magnifies rounding in the smallest gradients
    assert_allclose(losses, their_losses, rtol=1e-9)
    for parameter, ours in pairs:
        assert_allclose(ours, parameter.detach().numpy(), atol=1e-9)


def test_training_learns():
    """A thing that takes memory: the first of six numbers."""
    problem = make_problem(np.float32, n_inputs=1, hidden_sizes=(16,), n_outputs=1, batch=64, ragged=False)
    sequences = problem.sequences
    targets = problem.targets._replace(rows=sequences.rows, starts=sequences.starts)
    batches = np.stack([np.random.default_rng(k).permutation(64)[:32] for k in range(600)])
    state = problem.network.new_optimizer_state()
    losses, _ = problem.network.train_steps(
        sequences,
        targets,
        None,
        batches,
        np.full(600, 0.01),
        LOSSES["squared_error"],
        Optimizer("adam"),
        state,
    )
    assert losses[-20:].mean() < 0.1 * losses[:20].mean()


@pytest.mark.parametrize("dropout", [Dropout(), Dropout(outputs=0.2, recurrent=0.3, weights=0.4, seed=1)])
def test_memory_of_earlier_calls_changes_no_bit(dropout):
    """Also that of larger batches, of another kind of dropout, and of another network."""
    found = []
    for memory in (None, TrainingMemory()):
        if memory is not None:
            take_steps(make_problem(np.float32, batch=9, n_steps=11), Optimizer(), batches=np.arange(9)[None],
                       rates=RATES[:1], dropout=DROPOUT, memory=memory)  # fmt: skip
        problem = make_problem(np.float32, batch=7)
        state = problem.network.new_optimizer_state()
        for part in (slice(0, 1), slice(1, 5)):
            take_steps(
                problem,
                Optimizer(),
                state=state,
                batches=BATCHES[part],
                rates=RATES[part],
                dropout=dropout,
                memory=memory,
            )
        found.append(problem.network.params)
    assert_array_equal(found[0], found[1])
