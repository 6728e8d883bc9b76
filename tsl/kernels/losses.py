"""Losses of one row of outputs, with their gradients."""

import math

import numpy as np

from tsl.kernels.activations import exp
from tsl.kernels.compile import entry_point, kernel
from tsl.kernels.layout import row
from tsl.kernels.primitives import address, filled, load, store
from tsl.kernels.target import LANES

SQUARED_ERROR, ABSOLUTE_ERROR, HUBER, QUANTILE, LOG_LOSS = range(5)


@kernel
def target_frame(data, window):
    """Return what is subtracted from the targets of a window, and what they are then multiplied by."""
    if data.target_scales.size:
        return data.target_shifts[window], data.target_scales[window]
    return data.target_shifts.dtype.type(0.0), data.target_scales.dtype.type(1.0)


@kernel
def n_targets(loss, n_outputs):
    """Return how many numbers the outputs are compared with."""
    return n_outputs // loss.quantiles.size if loss.kind == QUANTILE else n_outputs


@kernel
def loss_row(loss, outputs, n_outputs, values, shift, scale, label, weight):
    """Return the loss of one row; its `outputs` become the gradient times `weight`.

    outputs (padded n_outputs,); for the regression losses the targets are (values - shift) * scale, of which those
    that are NaN have neither loss nor gradient; `label` is for the log loss. The loss is the mean over outputs, so
    that one more target does not make the steps longer.
    """
    if loss.kind == LOG_LOSS:
        return _log_loss(outputs, n_outputs, label, weight)
    one = outputs.dtype.type(1.0)
    rate = outputs.dtype.type(weight / n_outputs)
    delta = outputs.dtype.type(loss.delta)
    n_quantiles = loss.quantiles.size
    total = 0.0
    for k in range(n_outputs):
        target = (values[k // n_quantiles if loss.kind == QUANTILE else k] - shift) * scale
        if target != target:
            outputs[k] = 0.0
            continue
        error = outputs[k] - target
        if loss.kind == QUANTILE:
            level = outputs.dtype.type(loss.quantiles[k % n_quantiles])
            slope = one - level if error > 0 else (-level if error < 0 else error)
            value = slope * error
        elif loss.kind == SQUARED_ERROR:
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
    """Return the cross-entropy of the softmax, in nats; `outputs` become its gradient times `scale`."""
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
def total_loss(loss, outputs, n_outputs, data):
    """Return the sum of weight times loss over windows and steps, and that of the weights; `outputs` are used up.

    outputs (n, steps, padded n_outputs); the target of window i at step t is row `data.first_target[i] + t`.
    """
    total, total_weight = 0.0, 0.0
    n_values = n_targets(loss, n_outputs)
    for i in range(outputs.shape[0]):
        weight = float(data.weights[i]) if data.weights.size else 1.0
        shift, scale = target_frame(data, i)
        for t in range(min(outputs.shape[1], data.lengths[i])):
            index = data.first_target[i] + t
            label = data.labels[index] if data.labels.size else 0
            scores = row(outputs, (i, t, 0), outputs.shape[2])
            values = row(data.values, (index, 0), n_values) if data.values.size else scores
            total += weight * loss_row(loss, scores, n_outputs, values, shift, scale, label, 1.0)
            total_weight += weight
    return total, total_weight
