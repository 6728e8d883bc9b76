"""Optimisers: they update parameters from their gradient, and keep moments, never weights."""

import math

import numpy as np

from tsl.kernels.compile import kernel, unordered_kernel

NONE, SGD, RMSPROP, ADAM, ADAMW = range(5)

NORM_CHUNK = 4096  # a norm is summed chunk by chunk in a fixed order, whichever thread sums a chunk


@kernel
def clip_by_value(grads, limit):
    """Clip every entry to [-limit, limit]; NaN and infinity stay, so that they are noticed."""
    limit = grads.dtype.type(limit)
    for k in range(grads.size):
        if np.isfinite(grads[k]):
            grads[k] = min(max(grads[k], -limit), limit)


@unordered_kernel
def square_sum(grads):
    """Return the sum of squares."""
    total = 0.0
    for k in range(grads.size):
        total += float(grads[k]) * float(grads[k])
    return total


@kernel
def sgd_step(params, grads, velocity, learning_rate, momentum, nesterov, scale, penalty):
    """Take a step with momentum (Sutskever et al. 2013)."""
    kind = params.dtype.type
    rate, momentum, scale, penalty = kind(learning_rate), kind(momentum), kind(scale), kind(penalty)
    for k in range(params.size):
        change = rate * (scale * grads[k] + penalty * params[k])
        velocity[k] = momentum * velocity[k] - change
        params[k] += momentum * velocity[k] - change if nesterov else velocity[k]


@kernel
def rmsprop_step(params, grads, mean_sq, learning_rate, decay, epsilon, scale, penalty):
    """Take a step of RMSprop (Tieleman & Hinton 2012)."""
    kind = params.dtype.type
    rate, decay, epsilon = kind(learning_rate), kind(decay), kind(epsilon)
    scale, penalty, rest = kind(scale), kind(penalty), kind(1.0) - decay
    for k in range(params.size):
        grad = scale * grads[k] + penalty * params[k]
        mean_sq[k] = decay * mean_sq[k] + rest * grad * grad
        params[k] -= rate * grad / (math.sqrt(mean_sq[k]) + epsilon)


@kernel
def adam_step(params, grads, mean, mean_sq, step, learning_rate, beta_1, beta_2, epsilon, scale, penalty, shrinkage):
    """Take a step of Adam (Kingma & Ba 2015, algorithm 1); `step` counts from 1.

    `shrinkage` is the decoupled weight decay of AdamW (Loshchilov & Hutter 2019).
    """
    kind = params.dtype.type
    rate = kind(learning_rate / (1.0 - beta_1**step))
    correction = kind(1.0 / math.sqrt(1.0 - beta_2**step))
    rest_1, rest_2, epsilon = kind(1.0 - beta_1), kind(1.0 - beta_2), kind(epsilon)
    scale, penalty, kept = kind(scale), kind(penalty), kind(1.0 - shrinkage)
    for k in range(params.size):
        grad = scale * grads[k] + penalty * params[k]
        mean[k] += rest_1 * (grad - mean[k])
        mean_sq[k] += rest_2 * (grad * grad - mean_sq[k])
        params[k] = kept * params[k] - rate * mean[k] / (math.sqrt(mean_sq[k]) * correction + epsilon)


@kernel
def update(optimizer, params, grads, mean, mean_sq, step, learning_rate, scale, alpha):
    """Take one step of the chosen solver, on parameters to which the same `alpha` applies.

    `scale` multiplies the gradient of the loss; the penalty is added to that.
    """
    if optimizer.solver == SGD:
        sgd_step(params, grads, mean, learning_rate, optimizer.beta_1, optimizer.nesterov, scale, alpha)
    elif optimizer.solver == RMSPROP:
        rmsprop_step(params, grads, mean_sq, learning_rate, optimizer.beta_2, optimizer.epsilon, scale, alpha)
    else:
        decoupled = optimizer.solver == ADAMW
        adam_step(
            params,
            grads,
            mean,
            mean_sq,
            step,
            learning_rate,
            optimizer.beta_1,
            optimizer.beta_2,
            optimizer.epsilon,
            scale,
            0.0 if decoupled else alpha,
            learning_rate * alpha if decoupled else 0.0,
        )
