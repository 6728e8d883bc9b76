"""The same data for every rival."""

from __future__ import annotations

import numpy as np


def lstm_job(task, steps, batch, inputs, hidden, layers, outputs, **more):
    """Return a job for a network of `layers` LSTM layers and a dense head on the last step, with these sizes.

    `more` may set ``one_hot`` (inputs are codes), ``loss`` ("squared_error", the default, or "log_loss" with labels),
    ``dropout`` of each layer's outputs, ``batches`` (number of different batches prepared, 8 by default), ``windows``
    (number of windows in an epoch) and ``text`` (whether they are windows of Macbeth).
    """
    sizes = {"steps": steps, "batch": batch, "inputs": inputs, "hidden": hidden, "layers": layers, "outputs": outputs}
    return {"task": task, "loss": "squared_error", "one_hot": False, "dropout": 0.0, "batches": 8, **sizes, **more}


def problem(job):
    """Return inputs (N, B, T, C), float32, or codes (N, B, T), int32; targets (N, B, K) or labels (N, B), int32."""
    random = np.random.RandomState(0)
    shape = job["batches"], job["batch"], job["steps"]
    if job["one_hot"]:
        inputs = random.randint(job["inputs"], size=shape, dtype=np.int32)
    else:
        inputs = random.normal(size=(*shape, job["inputs"])).astype(np.float32)
    if job["loss"] == "log_loss":
        return inputs, random.randint(job["outputs"], size=shape[:2], dtype=np.int32)
    return inputs, random.normal(size=(*shape[:2], job["outputs"])).astype(np.float32)


def windows(job):
    """Return the data of an epoch: inputs (n, T, C) in float32, targets (n, K) or labels (n,)."""
    if job.get("text"):
        return macbeth_windows(job["windows"], job["steps"])
    inputs, targets = problem(job | {"batches": 1, "batch": job["windows"]})
    return inputs[0], targets[0]


def macbeth_windows(n_windows, window):
    """Return windows spread over the lower-cased play, and the codes that follow them.

    Each character is a number: its code divided by the size of the vocabulary. The first windows are chosen so that
    every character is the label of at least one.
    """
    from tsl.datasets import load_macbeth
    from tsl.text import CharWindow

    text = load_macbeth()
    inputs, labels = CharWindow(window, lowercase=True, output="scalar").fit(text).windows_and_targets(text)
    chosen = np.linspace(0, len(labels) - 1, n_windows).astype(int)
    _, first = np.unique(labels, return_index=True)
    chosen[: len(first)] = first
    return np.ascontiguousarray(inputs[chosen])[..., None], labels[chosen]


def one_hot(codes, n_codes):
    """Return codes as rows of an identity matrix, in float32."""
    return np.eye(n_codes, dtype=np.float32)[codes]


def lstm_flops(job, batch=None):
    """Return the floating-point operations of the products in a forward pass, without those of the head.

    A layer of H units with C inputs takes 2 * 4H * (C + H) per window and step; one-hot inputs need no product.
    """
    total, n_inputs = 0, 0 if job["one_hot"] else job["inputs"]
    for _ in range(job["layers"]):
        total += 2 * 4 * job["hidden"] * (n_inputs + job["hidden"])
        n_inputs = job["hidden"]
    return float(total) * job["steps"] * (batch or job["batch"])
