"""Losses of one row of outputs, with their gradients."""

import math

import numpy as np

from tsl.kernels.activations import exp
from tsl.kernels.compile import entry_point, kernel
from tsl.kernels.layout import row
from tsl.kernels.primitives import address, filled, load, store
from tsl.kernels.target import LANES

SQUARED_ERROR, ABSOLUTE_ERROR, HUBER, QUANTILE, LOG_LOSS, POISSON, NEGATIVE_BINOMIAL = range(7)
LARGEST_LOG_MEAN = 40.0  # beyond it, e**x would leave the range of single precision
LARGEST_LOG_SIZE = 15.0  # of a negative binomial, either way: there it is Poisson, or 0, up to rounding


@kernel
def target_frame(data, window):
    """Return the number to subtract from the targets of a window, and the one to multiply them by afterwards."""
    if data.target_scales.size:
        return data.target_shifts[window], data.target_scales[window]
    return data.target_shifts.dtype.type(0.0), data.target_scales.dtype.type(1.0)


@kernel
def n_targets(loss, n_outputs):
    """Return the number of targets that the outputs are compared with."""
    if loss.kind == NEGATIVE_BINOMIAL:
        return n_outputs // 2
    return n_outputs // loss.quantiles.size if loss.kind == QUANTILE else n_outputs


@kernel
def loss_row(loss, outputs, n_outputs, values, shift, scale, label, weight):
    """Return the loss of one row; replace its `outputs` by the gradient times `weight`.

    outputs (padded n_outputs,); for the regression losses, the targets are (values - shift) * scale, and those that
    are NaN have neither loss nor gradient; `label` is for the log loss, and counts are never scaled. The loss is
    the mean over outputs, so that one more target does not make the steps larger.
    """
    if loss.kind == LOG_LOSS:
        return _log_loss(outputs, n_outputs, label, weight)
    if loss.kind == POISSON or loss.kind == NEGATIVE_BINOMIAL:
        return _count_loss(loss, outputs, n_outputs, values, float(shift), scale * weight) * scale
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
def _count_loss(loss, outputs, n_outputs, values, shift, weight):
    """Return the mean negative log-likelihood of counts, in nats; replace `outputs` by its gradient times `weight`.

    e**(output + shift) is the mean of a Poisson distribution. With NEGATIVE_BINOMIAL, outputs come in pairs: the first
    gives the mean in the same way, the second is the logarithm of the size r, which makes the variance
    mean + mean**2 / r (`scipy.stats.nbinom` with n = r and p = r / (r + mean)).
    """
    width = 2 if loss.kind == NEGATIVE_BINOMIAL else 1
    rate = weight * width / n_outputs
    total = 0.0
    for k in range(0, n_outputs, width):
        count = float(values[k // width])
        if count != count:
            for j in range(k, k + width):
                outputs[j] = 0.0
            continue
        log_mean = _clamped(outputs[k] + shift, LARGEST_LOG_MEAN)
        mean = math.exp(log_mean)
        total += math.lgamma(count + 1.0)
        if width == 1:
            total += mean - count * log_mean
            outputs[k] = rate * (mean - count)
        else:
            size = math.exp(_clamped(outputs[k + 1] + 0.0, LARGEST_LOG_SIZE))
            log_share = -math.log1p(mean / size)  # of size / (size + mean)
            share = math.exp(log_share)
            total -= math.lgamma(count + size) - math.lgamma(size) + size * log_share
            total -= count * (log_mean - math.log(size) + log_share)
            slope = digamma(count + size) - digamma(size) + log_share + share * (mean - count) / size
            outputs[k] = rate * share * (mean - count)
            outputs[k + 1] = -rate * size * slope
    return total * width / n_outputs


@kernel
def _clamped(x, largest):
    """Return x clipped to [-largest, largest], and NaN for NaN, in double precision."""
    if x > largest:
        return largest
    return -largest if x < -largest else x


@kernel
def digamma(x):
    """Return the derivative of the logarithm of the gamma function at x > 0 (Abramowitz & Stegun 6.3.5 and 6.3.18)."""
    total = 0.0
    while x < 10.0:
        total -= 1.0 / x
        x += 1.0
    inverse = 1.0 / (x * x)
    series = 1.0 / 12.0 - inverse * (1.0 / 120.0 - inverse * (1.0 / 252.0 - inverse * (1.0 / 240.0 - inverse / 132.0)))
    return total + math.log(x) - 0.5 / x - inverse * series


@kernel
def _log_loss(outputs, n_outputs, label, scale):
    """Return the cross-entropy of the softmax, in nats; replace `outputs` by its gradient times `scale`."""
    largest = outputs[0]
    for k in range(n_outputs):
        largest = max(largest, outputs[k])
        if outputs[k] != outputs[k]:
            largest = outputs[k]
            break
    chosen = outputs[label] - largest
    for k in range(n_outputs, outputs.size):
        outputs[k] = largest - outputs.dtype.type(1e4)  # pads the last vector, with no weight
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
    """Return the sum of weight times loss over windows and steps, and the sum of weights; `outputs` is overwritten.

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
