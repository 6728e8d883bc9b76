"""Losses of one row of outputs, with their gradients."""

import math

import numpy as np

from tsl.kernels.activations import exp
from tsl.kernels.compile import entry_point, kernel
from tsl.kernels.layout import row
from tsl.kernels.target import LANES
from tsl.kernels.vector import address, filled, load, store

SQUARED_ERROR, ABSOLUTE_ERROR, HUBER, QUANTILE, LOG_LOSS = range(5)


@kernel
def loss_row(loss, outputs, n_outputs, values, label, scale):
    """Loss of one row; its `outputs` become the gradient times `scale`.

    outputs (padded n_outputs,), values (n_targets,) for the regression losses, `label` for the log loss. The loss
    is the mean over outputs, so that one more target does not make the steps longer.
    """
    if loss.kind == LOG_LOSS:
        return _log_loss(outputs, n_outputs, label, scale)
    one = outputs.dtype.type(1.0)
    rate = outputs.dtype.type(scale / n_outputs)
    delta = outputs.dtype.type(loss.delta)
    n_quantiles = loss.quantiles.size
    total = 0.0
    for k in range(n_outputs):
        if loss.kind == QUANTILE:
            error = outputs[k] - values[k // n_quantiles]
            level = outputs.dtype.type(loss.quantiles[k % n_quantiles])
            slope = one - level if error > 0 else (-level if error < 0 else error)
            value = slope * error
        else:
            error = outputs[k] - values[k]
            if loss.kind == SQUARED_ERROR:
                value, slope = error * error, error + error
            elif loss.kind == ABSOLUTE_ERROR:
                value, slope = abs(error), np.sign(error)
            elif abs(error) <= delta:
                value, slope = outputs.dtype.type(0.5) * error * error, error
            else:
                value = delta * (abs(error) - outputs.dtype.type(0.5) * delta)
                slope = delta * np.sign(error)
        total += value
        outputs[k] = slope * rate
    return total / n_outputs


@kernel
def _log_loss(outputs, n_outputs, label, scale):
    """Softmax and its cross-entropy, in nats (natural logarithm)."""
    largest = outputs[0]
    for k in range(n_outputs):
        largest = max(largest, outputs[k])
        if outputs[k] != outputs[k]:
            largest = outputs[k]
            break
    chosen = outputs[label] - largest
    for k in range(n_outputs, outputs.size):
        outputs[k] = largest - outputs.dtype.type(1e4)  # fills the last vector without weight
    shift = filled(load(address(outputs, 0)), largest)
    for k in range(0, outputs.size, LANES):
        store(address(outputs, k), exp(load(address(outputs, k)) - shift))
    weight = 0.0
    for k in range(n_outputs):
        weight += outputs[k]
    rate = outputs.dtype.type(scale / weight)
    for k in range(n_outputs):
        outputs[k] *= rate
    outputs[label] -= outputs.dtype.type(scale)
    for k in range(n_outputs, outputs.size):
        outputs[k] = 0.0
    return math.log(weight) - chosen


@entry_point
def total_loss(loss, outputs, n_outputs, values, labels, first_target, lengths, weights):
    """Sum over windows and steps of weight times loss, and the sum of the weights; `outputs` are used up.

    outputs (n, steps, padded n_outputs); the target of window i at step t is row `first_target[i] + t`.
    """
    total, total_weight = 0.0, 0.0
    for i in range(outputs.shape[0]):
        weight = float(weights[i]) if weights.size else 1.0
        for t in range(min(outputs.shape[1], lengths[i])):
            place = first_target[i] + t
            label = labels[place] if labels.size else 0
            scores = row(outputs, (i, t, 0), outputs.shape[2])
            target = row(values, (place, 0), values.shape[1]) if values.size else scores
            total += weight * loss_row(loss, scores, n_outputs, target, label, 1.0)
            total_weight += weight
    return total, total_weight
