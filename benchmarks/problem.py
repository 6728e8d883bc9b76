"""The same data for every rival."""

from __future__ import annotations

import numpy as np


def lstm_job(task, steps, batch, inputs, hidden, layers, outputs, **more):
    """A job on a network of `layers` LSTM layers and a dense head on the last step, by its sizes.

    `more` may set ``one_hot`` (inputs are codes), ``loss`` ("squared_error", the default, or "log_loss" with labels)
    and ``batches`` (how many different batches lie ready, 8 by default).
    """
    sizes = {"steps": steps, "batch": batch, "inputs": inputs, "hidden": hidden, "layers": layers, "outputs": outputs}
    return {"task": task, "loss": "squared_error", "one_hot": False, "batches": 8, **sizes, **more}


def problem(job):
    """Inputs (N, B, T, C) in float32, or codes (N, B, T) in int32; targets (N, B, K), or labels (N, B) in int32."""
    random = np.random.RandomState(0)
    shape = job["batches"], job["batch"], job["steps"]
    if job["one_hot"]:
        inputs = random.randint(job["inputs"], size=shape, dtype=np.int32)
    else:
        inputs = random.normal(size=(*shape, job["inputs"])).astype(np.float32)
    if job["loss"] == "log_loss":
        return inputs, random.randint(job["outputs"], size=shape[:2], dtype=np.int32)
    return inputs, random.normal(size=(*shape[:2], job["outputs"])).astype(np.float32)


def one_hot(codes, n_codes):
    """Codes as rows of a unit matrix, in float32."""
    return np.eye(n_codes, dtype=np.float32)[codes]


def lstm_flops(job, batch=None):
    """Floating-point operations of the products in a forward pass: the head and what is not a product are left out.

    A layer of H units with C inputs takes 2 * 4H * (C + H) a window and step; one-hot inputs need no product.
    """
    total, n_inputs = 0, 0 if job["one_hot"] else job["inputs"]
    for _ in range(job["layers"]):
        total += 2 * 4 * job["hidden"] * (n_inputs + job["hidden"])
        n_inputs = job["hidden"]
    return float(total) * job["steps"] * (batch or job["batch"])
