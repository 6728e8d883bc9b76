"""The NumPy reference itself, compared with central differences, PyTorch and updates worked out by hand."""

import numpy as np
import pytest
import reference
from numpy.testing import assert_allclose, assert_array_equal
from reference import central_difference

# central differences of step 1e-6 are good to about 1e-9 of the loss, which is of order 1 to 10
CLOSE = {"rtol": 1e-6, "atol": 1e-7}


def make_model(*, hidden_sizes=(3, 2), bidirectional=False, dtype=np.float64, batch=3, n_steps=4, seed=0):
    """Arguments of `model_forward`, with random numbers everywhere, for 2 channels and 3 outputs."""
    rng = np.random.default_rng(seed)
    shapes = reference.param_shapes(2, hidden_sizes, 3, bidirectional)
    params = {name: rng.normal(scale=0.7, size=shape).astype(dtype) for name, shape in shapes.items()}
    sizes = [size for size in hidden_sizes for _ in range(1 + bidirectional)]
    initial = [[rng.normal(size=(batch, size)).astype(dtype) for size in sizes] for _ in range(2)]
    x = rng.normal(size=(batch, n_steps, 2)).astype(dtype)
    return params, x, {"hidden_sizes": hidden_sizes, "bidirectional": bidirectional, "initial": initial}


def make_masks(options, batch, n_steps, every_step, dtype=np.float64):
    """Scaled masks that drop 40 % of the units, for every layer and for every recurrent product."""
    rng = np.random.default_rng(7)
    directions = 1 + options["bidirectional"]

    def mask(*shape):
        return (rng.random(shape) < 0.6).astype(dtype) / dtype(0.6)

    dropout = [mask(n_steps, batch, directions * size) for size in options["hidden_sizes"]]
    if not every_step:
        dropout[-1] = dropout[-1][0]
    recurrent = [mask(batch, size) for size in options["hidden_sizes"] for _ in range(directions)]
    return {"dropout_masks": dropout, "rec_masks": recurrent}


# --- the layer and the model against central differences --------------------------------------------------


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("masked", [False, True])
def test_layer_gradient_of_every_input_matches_central_differences(reverse, masked):
    rng = np.random.default_rng(0)
    x, w_in, w_rec, bias = (rng.normal(size=shape) for shape in [(5, 3, 2), (2, 16), (4, 16), (16,)])
    h0, c0 = rng.normal(size=(2, 3, 4))
    rec_mask = np.array([[2.0, 0, 2, 0], [0, 2, 2, 2], [0, 0, 2, 2]]) if masked else None
    options = {"lengths": [5, 1, 3], "reverse": reverse, "rec_mask": rec_mask}
    weights, w_h, w_c = rng.normal(size=(5, 3, 4)), *rng.normal(size=(2, 3, 4))

    def loss():
        states = reference.lstm_forward(x, w_in, w_rec, bias, h0, c0, **options)
        emitted = np.sum(weights * states["hidden"][1:])
        return emitted + np.sum(w_h * states["hidden"][-1]) + np.sum(w_c * states["cells"][-1])

    states = reference.lstm_forward(x, w_in, w_rec, bias, h0, c0, **options)
    grads = reference.lstm_backward(states, x, w_in, w_rec, weights, w_h, w_c, **options)
    arrays = {"x": x, "w_in": w_in, "w_rec": w_rec, "bias": bias, "h0": h0, "c0": c0}
    assert grads.keys() == arrays.keys()
    for name, array in arrays.items():
        assert_allclose(grads[name], central_difference(loss, array), **CLOSE, err_msg=name)


@pytest.mark.parametrize("every_step", [False, True])
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("lengths", [None, [4, 1, 3]])
@pytest.mark.parametrize("masked", [False, True])
def test_model_gradient_of_everything_matches_central_differences(every_step, bidirectional, lengths, masked):
    params, x, options = make_model(bidirectional=bidirectional)
    options |= {"lengths": lengths, "every_step": every_step}
    if masked:
        options |= make_masks(options, 3, 4, every_step)
    outputs, tape = reference.model_forward(params, x, **options)
    weights = np.random.default_rng(1).normal(size=outputs.shape)

    def loss():
        return np.sum(weights * reference.model_forward(params, x, **options)[0])

    grads = reference.model_backward(tape, weights)
    assert grads.keys() == params.keys() | {"x", "h0", "c0"}
    for name, array in (params | {"x": x}).items():
        assert_allclose(grads[name], central_difference(loss, array), **CLOSE, err_msg=name)
    for name, arrays in zip(["h0", "c0"], options["initial"], strict=True):
        for grad, array in zip(grads[name], arrays, strict=True):
            assert_allclose(grad, central_difference(loss, array), **CLOSE, err_msg=name)


# --- what the conventions promise -------------------------------------------------------------------------


@pytest.mark.parametrize("bidirectional", [False, True])
def test_ragged_batch_equals_each_sequence_by_itself(bidirectional):
    params, x, options = make_model(bidirectional=bidirectional)
    lengths = [4, 1, 3]
    options["every_step"] = True
    outputs = reference.model_forward(params, x, lengths=lengths, **options)[0]
    for b, length in enumerate(lengths):
        alone = options | {"initial": [[a[b : b + 1] for a in arrays] for arrays in options["initial"]]}
        expected = reference.model_forward(params, x[b : b + 1, :length], **alone)[0][0]
        assert_allclose(outputs[b, :length], expected, rtol=1e-13)
        assert_array_equal(outputs[b, length:], 0)


def test_reverse_layer_is_a_forward_layer_on_reversed_time():
    params, x, options = make_model(hidden_sizes=(3,))
    weights = [params[f"lstm_0.{part}"] for part in ("w_in", "w_rec", "bias")]
    (h0,), (c0,) = options["initial"]
    x = x.transpose(1, 0, 2)
    forward = reference.lstm_forward(x[::-1], *weights, h0, c0)
    reverse = reference.lstm_forward(x, *weights, h0, c0, reverse=True)
    for name in ("gates", "cells", "hidden"):
        assert_array_equal(forward[name], reverse[name])


def test_frozen_steps_carry_the_state_and_have_no_gates():
    params, x, options = make_model(hidden_sizes=(3,))
    weights = [params[f"lstm_0.{part}"] for part in ("w_in", "w_rec", "bias")]
    (h0,), (c0,) = options["initial"]
    states = reference.lstm_forward(x.transpose(1, 0, 2), *weights, h0, c0, lengths=[4, 2, 4])
    assert_array_equal(states["gates"][2:, 1], 0)
    for s in (3, 4):
        assert_array_equal(states["hidden"][s, 1], states["hidden"][2, 1])
        assert_array_equal(states["cells"][s, 1], states["cells"][2, 1])


def test_float32_in_gives_float32_out():
    params, x, options = make_model(bidirectional=True, dtype=np.float32)
    options |= make_masks(options, 3, 4, True, np.float32)
    outputs, tape = reference.model_forward(params, x, lengths=[4, 1, 3], every_step=True, **options)
    grads = reference.model_backward(tape, outputs)
    states = [run["states"] for run in tape["runs"]]
    arrays = [outputs, *grads.pop("h0"), *grads.pop("c0"), *grads.values()]
    arrays += [array for each in states for array in each.values()]
    assert {array.dtype for array in arrays} == {np.dtype(np.float32)}


# --- losses -----------------------------------------------------------------------------------------------

LOSSES = {
    "squared_error": (reference.squared_error, {}),
    "absolute_error": (reference.absolute_error, {}),
    "huber": (reference.huber, {"delta": 0.6}),
    "quantile": (reference.quantile, {"quantiles": (0.1, 0.5, 0.8)}),
    "log_loss": (reference.log_loss, {}),
    "poisson": (reference.poisson, {}),
    "negative_binomial": (reference.negative_binomial, {}),
}


def make_loss_problem(name, dtype=np.float64):
    """4 rows: 2 targets (6 quantiles of them), or 6 classes; weights with a 0 among them."""
    rng = np.random.default_rng(3)
    n_outputs = {"quantile": 6, "log_loss": 6, "negative_binomial": 4}.get(name, 2)
    outputs = rng.normal(size=(4, n_outputs)).astype(dtype)
    targets = np.array([0, 5, 2, 2]) if name == "log_loss" else rng.normal(size=(4, 2)).astype(dtype)
    if name in ("poisson", "negative_binomial"):
        targets = rng.poisson(2.0, size=(4, 2)).astype(dtype)
    return outputs, targets, np.array([0.5, 2.0, 0.0, 1.0], dtype)


@pytest.mark.parametrize("name", LOSSES)
def test_loss_gradient_matches_central_differences(name):
    function, options = LOSSES[name]
    outputs, targets, weights = make_loss_problem(name)
    d_outputs = function(outputs, targets, weights, **options)[1]
    expected = central_difference(lambda: function(outputs, targets, weights, **options)[0], outputs)
    assert_allclose(d_outputs, expected, **CLOSE)
    assert_array_equal(d_outputs[2], 0)  # the row of weight 0


@pytest.mark.parametrize("name", LOSSES)
def test_loss_depends_on_the_ratios_of_weights_alone_and_keeps_float32(name):
    function, options = LOSSES[name]
    outputs, targets, weights = make_loss_problem(name, np.float32)
    value, d_outputs = function(outputs, targets, weights, **options)
    doubled, d_doubled = function(outputs, targets, 2 * weights, **options)
    assert value == doubled  # doubling is exact
    assert_array_equal(d_outputs, d_doubled)
    assert value.dtype == d_outputs.dtype == np.float32


def test_losses_by_hand():
    one = np.ones(1)
    outputs, targets = np.array([[3.0, 1.0]]), np.array([[1.0, 1.5]])
    assert reference.squared_error(outputs, targets, one)[0] == (2**2 + 0.5**2) / 2
    assert reference.absolute_error(outputs, targets, one)[0] == (2 + 0.5) / 2
    assert reference.huber(outputs, targets, one, delta=1.0)[0] == ((2 - 0.5) + 0.5 * 0.5**2) / 2
    # an output above the target costs 1 - q for each unit, one below it q
    assert_allclose(reference.quantile(outputs[:, :1], targets[:, :1], one, (0.9,))[0], 0.1 * 2)
    assert_allclose(reference.quantile(outputs[:, 1:], targets[:, 1:], one, (0.9,))[0], 0.9 * 0.5)
    odds = np.log([[1.0, 3.0]])
    assert_allclose(reference.log_loss(odds, np.array([1]), one)[0], -np.log(3 / 4))


def test_log_loss_of_extreme_outputs_is_finite():
    value, d_outputs = reference.log_loss(np.array([[1000.0, -1000.0]]), np.array([1]), np.ones(1))
    assert value == 2000
    assert_allclose(d_outputs, [[1, -1]])


# --- optimisers by hand -----------------------------------------------------------------------------------


def test_clip_by_value_comes_before_clip_by_norm():
    grads = np.array([3.0, -40.0])
    assert_array_equal(reference.clip(grads, clip_value=4), [3, -4])
    assert_allclose(reference.clip(grads, clip_value=4, clip_norm=1), [0.6, -0.8])
    assert_array_equal(reference.clip(grads, clip_norm=100), grads)  # never scaled up
    assert_array_equal(grads, [3, -40])


def test_sgd_by_hand():
    params = np.array([1.0, 2.0])
    state = reference.new_state(params)
    for _ in range(2):
        reference.sgd(params, np.array([1.0, -1.0]), state, 0.1, momentum=0.5)
    assert_allclose(state["mean"], [-0.15, 0.15])  # -0.1, then 0.5 * -0.1 - 0.1
    assert_allclose(params, [1 - 0.1 - 0.15, 2 + 0.1 + 0.15])


def test_nesterov_by_hand():
    params = np.array([1.0])
    reference.sgd(params, np.array([1.0]), reference.new_state(params), 0.1, momentum=0.5, nesterov=True)
    assert_allclose(params, [1 - 0.5 * 0.1 - 0.1])  # looks ahead along the new velocity -0.1


def test_rmsprop_by_hand():
    params = np.array([1.0])
    reference.rmsprop(params, np.array([2.0]), reference.new_state(params), 0.1, epsilon=0.5)
    assert_allclose(params, [1 - 0.1 * 2 / (np.sqrt(0.1 * 4) + 0.5)])


def test_adam_by_hand():
    params = np.array([1.0])
    state = reference.new_state(params)
    reference.adam(params, np.array([0.01]), state, 0.1, epsilon=0.03)
    # the corrected moments of the first step are the gradient and its square, whatever the decays
    assert_allclose(params, [1 - 0.1 * 0.01 / (0.01 + 0.03)])
    assert_allclose([state["mean"][0], state["mean_sq"][0]], [0.1 * 0.01, 0.001 * 0.01**2])


@pytest.mark.parametrize("solver", [reference.sgd, reference.rmsprop, reference.adam])
def test_alpha_is_a_gradient_on_the_matrices_alone(solver):
    params, other = np.array([4.0, 4.0]), np.array([4.0, 4.0])
    solver(params, np.array([1.0, 1.0]), reference.new_state(params), 0.1, alpha=0.5, n_matrix=1)
    solver(other, np.array([1.0 + 0.5 * 4, 1.0]), reference.new_state(other), 0.1)
    assert_array_equal(params, other)


def test_alpha_of_adamw_is_decoupled():
    params, other = np.array([4.0, 4.0]), np.array([4.0, 4.0])
    reference.adamw(params, np.array([1.0, 1.0]), reference.new_state(params), 0.1, alpha=0.5, n_matrix=1)
    reference.adam(other, np.array([1.0, 1.0]), reference.new_state(other), 0.1)
    assert_allclose(params, other - [0.1 * 0.5 * 4, 0])


# --- PyTorch, where it is installed -----------------------------------------------------------------------


def run_torch(torch, params, x, options, lengths, weights):
    """Outputs and gradients of torch.nn.LSTM and a linear head; `bias_hh`, which we lack, is 0."""
    sizes, both = options["hidden_sizes"], options["bidirectional"]
    lstm = torch.nn.LSTM(x.shape[2], sizes[0], len(sizes), batch_first=True, bidirectional=both).double()
    for k, name in enumerate(reference.layer_names(len(sizes), both)):
        layer = lstm.all_weights[k]
        values = [params[f"{name}.w_in"].T, params[f"{name}.w_rec"].T, params[f"{name}.bias"]]
        for parameter, value in zip(layer, [*values, 0 * values[2]], strict=True):
            parameter.data[:] = torch.from_numpy(value.copy())
    leaves = [torch.from_numpy(a.copy()).requires_grad_() for a in (x, *map(np.stack, options["initial"]))]
    head = (params["head.w_out"], params["head.b_out"])
    w_out, b_out = (torch.from_numpy(a.copy()).requires_grad_() for a in head)
    pack, unpack = torch.nn.utils.rnn.pack_padded_sequence, torch.nn.utils.rnn.pad_packed_sequence
    packed = pack(leaves[0], torch.tensor(lengths), batch_first=True, enforce_sorted=False)
    features, (last, _) = lstm(packed, tuple(leaves[1:]))
    if options["every_step"]:
        outputs = unpack(features, batch_first=True)[0] @ w_out + b_out
    else:
        outputs = torch.cat(list(last[-(1 + both) :]), dim=1) @ w_out + b_out
    (outputs * torch.from_numpy(weights)).sum().backward()
    grads = {"x": leaves[0].grad, "h0": leaves[1].grad, "c0": leaves[2].grad}
    grads |= {"head.w_out": w_out.grad, "head.b_out": b_out.grad}
    for k, name in enumerate(reference.layer_names(len(sizes), both)):
        layer = [parameter.grad for parameter in lstm.all_weights[k]]
        grads |= {f"{name}.w_in": layer[0].T, f"{name}.w_rec": layer[1].T, f"{name}.bias": layer[2]}
    return outputs.detach().numpy(), {name: grad.numpy() for name, grad in grads.items()}


@pytest.mark.parametrize("every_step", [False, True])
@pytest.mark.parametrize("bidirectional", [False, True])
def test_outputs_and_gradients_equal_those_of_pytorch(every_step, bidirectional):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    params, x, options = make_model(hidden_sizes=(3, 3), bidirectional=bidirectional)
    options["every_step"] = every_step
    lengths = [4, 1, 3]
    outputs, tape = reference.model_forward(params, x, lengths=lengths, **options)
    weights = np.random.default_rng(1).normal(size=outputs.shape)
    if every_step:  # PyTorch's padded steps go through the head, ours do not
        weights[np.arange(4) >= np.array(lengths)[:, None]] = 0
    grads = reference.model_backward(tape, weights)
    their_outputs, their_grads = run_torch(torch, params, x, options, lengths, weights)
    read = weights != 0
    assert_allclose(outputs[read], their_outputs[read], rtol=1e-10)
    assert grads.keys() == their_grads.keys()
    for name, grad in grads.items():
        assert_allclose(np.stack(grad), their_grads[name], rtol=1e-9, atol=1e-12, err_msg=name)


@pytest.mark.parametrize("solver", ["sgd", "nesterov", "rmsprop", "adam", "adamw"])
def test_optimisers_follow_those_of_pytorch(solver):
    """They agree for a constant rate: PyTorch keeps the rate out of the velocity of SGD, we keep it in."""
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    ours, theirs = {
        "sgd": (reference.sgd, lambda p: torch.optim.SGD(p, 0.01, momentum=0.9, weight_decay=0.1)),
        "nesterov": (
            lambda *args, **options: reference.sgd(*args, nesterov=True, **options),
            lambda p: torch.optim.SGD(p, 0.01, momentum=0.9, weight_decay=0.1, nesterov=True),
        ),
        "rmsprop": (
            reference.rmsprop,
            lambda p: torch.optim.RMSprop(p, 0.01, alpha=0.9, eps=1e-3, weight_decay=0.1),
        ),
        "adam": (reference.adam, lambda p: torch.optim.Adam(p, 0.01, eps=1e-3, weight_decay=0.1)),
        "adamw": (reference.adamw, lambda p: torch.optim.AdamW(p, 0.01, eps=1e-3, weight_decay=0.1)),
    }[solver]
    rng = np.random.default_rng(5)
    params = rng.normal(size=6)
    tensor = torch.nn.Parameter(torch.from_numpy(params.copy()))
    optimizer, state = theirs([tensor]), reference.new_state(params)
    # large enough to see where epsilon is added
    options = {"epsilon": 1e-3} if solver in ("rmsprop", "adam", "adamw") else {}
    for _ in range(5):
        grads = rng.normal(size=6)
        ours(params, grads, state, 0.01, alpha=0.1, n_matrix=6, **options)
        tensor.grad = torch.from_numpy(grads.copy())
        optimizer.step()
    assert_allclose(params, tensor.detach().numpy(), rtol=1e-9)


def test_global_norm_is_clipped_as_pytorch_does():
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    grads = np.random.default_rng(5).normal(size=6)
    tensor = torch.nn.Parameter(torch.zeros(6, dtype=torch.float64))
    tensor.grad = torch.from_numpy(grads.copy())
    torch.nn.utils.clip_grad_norm_([tensor], 0.5)
    # PyTorch adds 1e-6 to the norm that it divides by
    assert_allclose(reference.clip(grads, clip_norm=0.5), tensor.grad.numpy(), rtol=1e-6)
