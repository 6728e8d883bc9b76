"""Ahead-of-time compilation."""

from __future__ import annotations

from typing import Any

import numpy as np

from tsl.kernels.cache import COMPILING, on_compilation
from tsl.network.network import Network
from tsl.network.plans import loss_plan
from tsl.network.spec import Architecture, Dropout, Loss, Optimizer, Sequences, Targets
from tsl.network.subroutines import gradient_addresses
from tsl.network.team import TrainingMemory
from tsl.network.writer import CodeWriter, choose

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
    network, sequences, targets, loss = _tiny_problem(dtype)
    network.train_steps(  # first, because another process helps it
        sequences,
        targets,
        None,
        np.zeros((1, 1), np.int64),
        np.zeros(1),
        loss,
        Optimizer(),
        network.new_optimizer_state(),
    )
    network.forward_states(sequences)
    network.evaluate(sequences, targets, None, loss)
    writer = CodeWriter(Network(Architecture(1, (1,), 1, one_hot=True), dtype=dtype))
    choose(writer.write(np.zeros((1, 1)), np.zeros((1, 1)))[1], np.zeros(1))


def compile_gradients(dtype: Any) -> None:
    """Compile the second part of a training step for one precision; run in another process."""
    network, sequences, targets, loss = _tiny_problem(dtype)
    memory, state = TrainingMemory(), network.new_optimizer_state()
    memory.make_room(network, 1, 1, Dropout())
    training = memory.training(np.zeros(network.params.size, network.dtype), state, 1)
    gradient_addresses(network.layout, training, memory.work, network.data(sequences, targets), loss_plan(loss))


def _tiny_problem(dtype: Any) -> tuple[Network, Sequences, Targets, Loss]:
    """Return one window of one step."""
    network = Network(Architecture(1, (1,), 1), dtype=dtype, random_state=np.random.RandomState(0))
    sequences = Sequences(np.zeros((1, 1), network.dtype), np.zeros(1, np.int64), np.ones(1, np.int64))
    return network, sequences, Targets(np.zeros((1, 1), network.dtype), np.zeros(1, np.int64)), Loss()
