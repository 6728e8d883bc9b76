"""Compiling before there is anything to do."""

from __future__ import annotations

from typing import Any

import numpy as np

from tsl.kernels.cache import COMPILING, on_compilation
from tsl.network.network import Network
from tsl.network.spec import Architecture, Loss, Optimizer, Sequences, Targets
from tsl.network.writer import Writer, choose

__all__ = ["COMPILING", "on_compilation", "warm_up"]


def warm_up(dtype: Any = np.float32) -> None:
    """Compile all kernels for one precision, or load them from disk: they serve networks of every size.

    Parameters
    ----------
    dtype : {np.float32, np.float64}

    Examples
    --------
    >>> from tsl.network import warm_up
    >>> warm_up("float32")
    """
    network = Network(Architecture(1, (1,), 1), dtype=dtype, random_state=np.random.RandomState(0))
    sequences = Sequences(np.zeros((1, 1), network.dtype), np.zeros(1, np.int64), np.ones(1, np.int64))
    targets, loss = Targets(np.zeros((1, 1), network.dtype), np.zeros(1, np.int64)), Loss()
    network.forward_states(sequences)
    network.evaluate(sequences, targets, None, loss)
    network.train_steps(
        sequences,
        targets,
        None,
        np.zeros((1, 1), np.int64),
        np.zeros(1),
        loss,
        Optimizer(),
        network.new_optimizer_state(),
    )
    writer = Writer(Network(Architecture(1, (1,), 1, one_hot=True), dtype=dtype))
    choose(writer.write(np.zeros((1, 1)), np.zeros((1, 1)))[1], np.zeros(1))
