"""The network, its losses and its optimisers in plain NumPy, written from the equations.

The compiled code is compared with these functions, and these with central differences and PyTorch.

Shapes: T steps, B rows, C input channels, H hidden units, D directions (1 or 2), K outputs, R rows of a loss.
Gates are in the order input, forget, candidate, output. The precision is that of the arguments.

Within a layer, step s is the s-th in processing order: time s, or time T-1-s in the reverse direction,
and state s is the state before step s. Beyond the length of a sequence, its state is frozen and carried along.
"""

import numpy as np
from scipy.special import digamma, gammaln


def sigmoid(z):
    return 0.5 * (1.0 + np.tanh(0.5 * z))  # does not overflow, unlike 1 / (1 + exp(-z))


def is_read(lengths, n_steps, batch):
    """(T, B): whether a sequence has a value at that time."""
    if lengths is None:
        return np.ones((n_steps, batch), bool)
    return np.arange(n_steps)[:, None] < np.asarray(lengths)


def by_time(steps, reverse):
    """From the order of processing to the order of time, and back."""
    return steps[::-1] if reverse else steps


# --- one layer, one direction -----------------------------------------------------------------------------


def lstm_forward(x, w_in, w_rec, bias, h0, c0, lengths=None, reverse=False, rec_mask=None):
    """Gates (T, B, 4, H), activated, 0 where frozen; cells and hidden (T+1, B, H).

    `x` is (T, B, C); `rec_mask` (B, H) multiplies the hidden state where it enters the recurrent product.
    """
    n_steps, batch, size = *x.shape[:2], h0.shape[1]
    xs, read = by_time(x, reverse), by_time(is_read(lengths, n_steps, batch), reverse)
    gates = np.zeros((n_steps, batch, 4, size), x.dtype)
    cells, hidden = [c0], [h0]
    for s in range(n_steps):
        h = hidden[s] if rec_mask is None else hidden[s] * rec_mask
        z = (xs[s] @ w_in + h @ w_rec + bias).reshape(batch, 4, size)
        i, f, g, o = sigmoid(z[:, 0]), sigmoid(z[:, 1]), np.tanh(z[:, 2]), sigmoid(z[:, 3])
        c = f * cells[s] + i * g
        now = read[s][:, None]
        gates[s] = np.where(now[:, None], np.stack([i, f, g, o], axis=1), 0)
        cells.append(np.where(now, c, cells[s]))
        hidden.append(np.where(now, o * np.tanh(c), hidden[s]))
    return {"gates": gates, "cells": np.stack(cells), "hidden": np.stack(hidden)}


def lstm_backward(states, x, w_in, w_rec, d_hidden, d_h_last, d_c_last, lengths=None, reverse=False, rec_mask=None):
    """Gradients of x, w_in, w_rec, bias, h0 and c0, by name.

    `states` comes from `lstm_forward`; `d_hidden` (T, B, H) is for the hidden state after each step, in the
    order of processing; `d_h_last` and `d_c_last` (B, H) are for the last states and come on top.
    """
    n_steps, batch, size = d_hidden.shape
    xs, read = by_time(x, reverse), by_time(is_read(lengths, n_steps, batch), reverse)
    mask = np.ones((batch, size), x.dtype) if rec_mask is None else rec_mask
    d_xs, d_w_in, d_w_rec = np.zeros_like(xs), np.zeros_like(w_in), np.zeros_like(w_rec)
    d_bias = np.zeros(4 * size, x.dtype)
    d_h, d_c = d_h_last, d_c_last
    for s in reversed(range(n_steps)):
        i, f, g, o = states["gates"][s].transpose(1, 0, 2)
        tanh_c = np.tanh(states["cells"][s + 1])
        d_h = d_h + d_hidden[s]
        d_cell = d_c + d_h * o * (1 - tanh_c**2)
        d_i = d_cell * g * i * (1 - i)
        d_f = d_cell * states["cells"][s] * f * (1 - f)
        d_g = d_cell * i * (1 - g**2)
        d_o = d_h * tanh_c * o * (1 - o)
        d_z = np.concatenate([d_i, d_f, d_g, d_o], axis=1)  # 0 where frozen, as the gates are
        d_w_in += xs[s].T @ d_z
        d_w_rec += (states["hidden"][s] * mask).T @ d_z
        d_bias += d_z.sum(axis=0)
        d_xs[s] = d_z @ w_in.T
        d_h = np.where(read[s][:, None], (d_z @ w_rec.T) * mask, d_h)
        d_c = np.where(read[s][:, None], d_cell * f, d_c)
    d_x = by_time(d_xs, reverse)
    return {"x": d_x, "w_in": d_w_in, "w_rec": d_w_rec, "bias": d_bias, "h0": d_h, "c0": d_c}


# --- stacked layers and a head ----------------------------------------------------------------------------


def layer_names(n_layers, bidirectional):
    """One name a layer and direction: the order of initial states and of recurrent masks."""
    suffixes = ["", "_reverse"] if bidirectional else [""]
    return [f"lstm_{k}{suffix}" for k in range(n_layers) for suffix in suffixes]


def param_shapes(n_inputs, hidden_sizes, n_outputs, bidirectional=False):
    """Shapes of all parameters by name."""
    shapes, directions = {}, 2 if bidirectional else 1
    for k, size in enumerate(hidden_sizes):
        channels = n_inputs if k == 0 else directions * hidden_sizes[k - 1]
        for name in layer_names(len(hidden_sizes), bidirectional)[directions * k : directions * (k + 1)]:
            shapes |= {f"{name}.w_in": (channels, 4 * size), f"{name}.w_rec": (size, 4 * size)}
            shapes[f"{name}.bias"] = (4 * size,)
    return shapes | {"head.w_out": (directions * hidden_sizes[-1], n_outputs), "head.b_out": (n_outputs,)}


def model_forward(
    params, x, *, hidden_sizes, bidirectional=False, lengths=None, initial=None, every_step=False,
    dropout_masks=None, rec_masks=None,
):  # fmt: skip
    """Outputs (B, K), or (B, T, K) and 0 beyond the lengths with `every_step`; a tape for `model_backward`.

    `x` is (B, T, C). `initial` is a pair of lists (hidden, cell) of (B, H), and `rec_masks` a list of (B, H),
    in the order of `layer_names`. `dropout_masks`, scaled, are one (T, B, D*H) a layer, by time; the last
    layer's is (B, D*H) if the head reads the final states alone. Any mask may be None.
    """
    below, batch = x.transpose(1, 0, 2), x.shape[0]
    names, directions = layer_names(len(hidden_sizes), bidirectional), 2 if bidirectional else 1
    dropout_masks = dropout_masks or [None] * len(hidden_sizes)
    rec_masks = rec_masks or [None] * len(names)
    if initial is None:
        zeros = [np.zeros((batch, size), x.dtype) for size in hidden_sizes for _ in range(directions)]
        initial = (zeros, zeros)
    tape = {"params": params, "lengths": lengths, "every_step": every_step, "dropout_masks": dropout_masks}
    tape["runs"] = []
    for k in range(len(hidden_sizes)):
        by_direction, last = [], []
        for d in range(directions):
            at = k * directions + d
            weights = [params[f"{names[at]}.{part}"] for part in ("w_in", "w_rec", "bias")]
            options = {"lengths": lengths, "reverse": d == 1, "rec_mask": rec_masks[at]}
            states = lstm_forward(below, *weights, initial[0][at], initial[1][at], **options)
            by_direction.append(by_time(states["hidden"][1:], d == 1))
            last.append(states["hidden"][-1])
            tape["runs"].append({"name": names[at], "states": states, "x": below, "options": options})
        is_top = k == len(hidden_sizes) - 1
        below = np.concatenate(last if is_top and not every_step else by_direction, axis=-1)
        if dropout_masks[k] is not None:
            below = below * dropout_masks[k]
    tape["features"] = below
    outputs = below @ params["head.w_out"] + params["head.b_out"]
    if every_step:
        read = is_read(lengths, *outputs.shape[:2])[:, :, None]
        outputs = np.where(read, outputs, 0).transpose(1, 0, 2)
    return outputs, tape


def model_backward(tape, d_outputs):
    """Gradients by name: of all parameters, ``"x"`` (B, T, C), and lists of them as ``"h0"`` and ``"c0"``."""
    params, runs, every_step = tape["params"], tape["runs"], tape["every_step"]
    n_layers = len(tape["dropout_masks"])
    directions = len(runs) // n_layers
    grads = {"h0": [None] * len(runs), "c0": [None] * len(runs)}
    if every_step:
        d_outputs = d_outputs.transpose(1, 0, 2)
        d_outputs = np.where(is_read(tape["lengths"], *d_outputs.shape[:2])[:, :, None], d_outputs, 0)
    by_row = [array.reshape(-1, array.shape[-1]) for array in (tape["features"], d_outputs)]
    grads |= {"head.w_out": by_row[0].T @ by_row[1], "head.b_out": by_row[1].sum(axis=0)}
    d_above = d_outputs @ params["head.w_out"].T
    for k in reversed(range(n_layers)):
        if tape["dropout_masks"][k] is not None:
            d_above = d_above * tape["dropout_masks"][k]
        d_below = 0
        for d, d_state in enumerate(np.split(d_above, directions, axis=-1)):
            at = k * directions + d
            run, name = runs[at], runs[at]["name"]
            nothing = np.zeros_like(run["states"]["hidden"][1:])
            if d_above.ndim == 2:
                d_hidden, d_h_last = nothing, d_state
            else:
                d_hidden, d_h_last = by_time(d_state, d == 1), nothing[0]
            weights = (params[f"{name}.w_in"], params[f"{name}.w_rec"])
            d_run = lstm_backward(run["states"], run["x"], *weights, d_hidden, d_h_last, nothing[0], **run["options"])
            grads |= {f"{name}.{part}": d_run[part] for part in ("w_in", "w_rec", "bias")}
            grads["h0"][at], grads["c0"][at] = d_run["h0"], d_run["c0"]
            d_below = d_below + d_run["x"]
        d_above = d_below
    return grads | {"x": d_above.transpose(1, 0, 2)}


# --- losses: (outputs (R, K), targets, weights (R,)) -> value, d_outputs ----------------------------------


def _weighted_mean(values, slopes, weights):
    """Mean over rows by weight and over columns evenly; `slopes` are the derivatives of `values`."""
    shares = (weights / weights.sum())[:, None] / values.shape[1]
    return np.sum(shares * values), shares * slopes


def squared_error(outputs, targets, weights):
    error = outputs - targets
    return _weighted_mean(error**2, 2 * error, weights)


def absolute_error(outputs, targets, weights):
    error = outputs - targets
    return _weighted_mean(abs(error), np.sign(error), weights)


def huber(outputs, targets, weights, delta=1.0):
    error = outputs - targets
    values = np.where(abs(error) <= delta, 0.5 * error**2, delta * (abs(error) - 0.5 * delta))
    return _weighted_mean(values, np.clip(error, -delta, delta), weights)


def quantile(outputs, targets, weights, quantiles=(0.5,)):
    """Pinball loss; column `k * len(quantiles) + q` of the outputs is quantile q of target k."""
    level = np.tile(np.asarray(quantiles, outputs.dtype), targets.shape[1])
    error = np.repeat(targets, len(quantiles), axis=1) - outputs
    slopes = np.where(error > 0, -level, 1 - level) * (error != 0)
    return _weighted_mean(np.maximum(level * error, (level - 1) * error), slopes, weights)


def log_loss(outputs, targets, weights):
    """Cross-entropy of the softmax with classes (R,), in nats."""
    shifted = outputs - outputs.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    truth = np.eye(outputs.shape[1], dtype=outputs.dtype)[targets]
    share = (weights / weights.sum())[:, None]
    return -np.sum(share * truth * log_p), share * (np.exp(log_p) - truth)


def poisson(outputs, targets, weights):
    """Negative log-likelihood of counts; outputs are logarithms of means."""
    values = np.exp(outputs) - targets * outputs + gammaln(targets + 1)
    return _weighted_mean(values, np.exp(outputs) - targets, weights)


def negative_binomial(outputs, targets, weights):
    """Negative log-likelihood of counts; columns are, by target, the logarithms of mean and size."""
    mean, size = np.exp(outputs[:, ::2]), np.exp(outputs[:, 1::2])
    values = gammaln(size) + gammaln(targets + 1) - gammaln(targets + size)
    values -= size * np.log(size / (size + mean)) + targets * np.log(mean / (size + mean))
    by_mean = size * (mean - targets) / (size + mean)
    log_share = np.log(size / (size + mean))
    by_size = size * (digamma(size) - digamma(targets + size) - log_share - (mean - targets) / (size + mean))
    slopes = np.stack([by_mean, by_size], axis=2).reshape(outputs.shape)
    value, d_outputs = _weighted_mean(np.repeat(values, 2, axis=1), 2 * slopes, weights)
    return value, d_outputs


# --- optimisers: change flat params (P,) and state in place -----------------------------------------------
# The first `n_matrix` parameters are in weight matrices, which alone `alpha` shrinks.


def clip(grads, clip_value=None, clip_norm=None):
    """Entries into +-clip_value first, then the whole to a norm of at most clip_norm."""
    if clip_value is not None:
        grads = np.clip(grads, -clip_value, clip_value)
    if clip_norm is not None:
        grads = grads * min(1, clip_norm / np.linalg.norm(grads))
    return grads


def new_state(params):
    return {"mean": np.zeros_like(params), "mean_sq": np.zeros_like(params), "step": 0}


def _shrinkage(params, alpha, n_matrix):
    return np.where(np.arange(params.size) < n_matrix, alpha * params, 0)


def sgd(params, grads, state, rate, momentum=0.9, nesterov=False, alpha=0.0, n_matrix=0):
    """`state["mean"]` is the velocity."""
    grads = grads + _shrinkage(params, alpha, n_matrix)
    state["mean"][:] = momentum * state["mean"] - rate * grads
    params += momentum * state["mean"] - rate * grads if nesterov else state["mean"]


def rmsprop(params, grads, state, rate, rho=0.9, epsilon=1e-8, alpha=0.0, n_matrix=0):
    grads = grads + _shrinkage(params, alpha, n_matrix)
    state["mean_sq"][:] = rho * state["mean_sq"] + (1 - rho) * grads**2
    params -= rate * grads / (np.sqrt(state["mean_sq"]) + epsilon)


def adam(params, grads, state, rate, beta_1=0.9, beta_2=0.999, epsilon=1e-8, alpha=0.0, n_matrix=0):
    """Kingma & Ba 2015, algorithm 1."""
    grads = grads + _shrinkage(params, alpha, n_matrix)
    state["step"] += 1
    state["mean"][:] = beta_1 * state["mean"] + (1 - beta_1) * grads
    state["mean_sq"][:] = beta_2 * state["mean_sq"] + (1 - beta_2) * grads**2
    mean = state["mean"] / (1 - beta_1 ** state["step"])
    mean_sq = state["mean_sq"] / (1 - beta_2 ** state["step"])
    params -= rate * mean / (np.sqrt(mean_sq) + epsilon)


def adamw(params, grads, state, rate, alpha=0.0, n_matrix=0, **options):
    """Adam with decoupled weight decay (Loshchilov & Hutter 2019): the moments never see `alpha`."""
    decay = rate * _shrinkage(params, alpha, n_matrix)
    adam(params, grads, state, rate, **options)
    params -= decay


# --- what tests share -------------------------------------------------------------------------------------


def central_difference(function, array, step=1e-6):
    """Gradient of `function()` by every entry of the float64 `array`, which is changed and put back."""
    assert array.dtype == np.float64
    grad = np.empty_like(array)
    flat, flat_grad = array.reshape(-1), grad.reshape(-1)
    for k in range(flat.size):
        kept = flat[k]
        flat[k] = kept + step
        above = function()
        flat[k] = kept - step
        flat_grad[k] = (above - function()) / (2 * step)
        flat[k] = kept
    return grad
