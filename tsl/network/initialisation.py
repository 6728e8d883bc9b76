"""Random initial weights."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsl.network.memory import n_skipped
from tsl.network.spec import Architecture

FIRST_LAYER = ("lstm_0.w_in", "lstm_0_reverse.w_in")


def initialise(
    named: dict[str, NDArray[Any]],
    architecture: Architecture,
    random_state: np.random.RandomState,
    forget_bias: float,
    chrono_steps: int,
) -> None:
    """Draw the weights of the `named` parameters, which must be zero; see `Network`."""
    for name, array in named.items():
        if name.endswith("w_rec"):
            hidden = array.shape[0]
            for gate in range(4):
                array[:, gate * hidden : (gate + 1) * hidden] = _orthogonal(hidden, random_state)
        elif name == "embedding.w" and architecture.one_hot:
            array[:] = random_state.normal(size=array.shape)
        elif name == "embedding.w":  # He et al. 2015
            limit = np.sqrt(6.0 / array.shape[0])
            array[:] = random_state.uniform(-limit, limit, array.shape)
        elif name.endswith(("w_in", "w_out")):
            # Glorot & Bengio 2010, with each gate as a separate layer
            fan_out = array.shape[1] // (4 if name.endswith("w_in") else 1)
            fan_in = array.shape[0] - (0 if name.endswith("w_in") else n_skipped(architecture))
            limit = np.sqrt(6.0 / (fan_in + fan_out))
            array[:fan_in] = random_state.uniform(-limit, limit, (fan_in, array.shape[1]))
        elif name.endswith(".bias"):
            input_bias, forget = array.reshape(4, -1)[:2]
            forget[:] = forget_bias
            if chrono_steps > 1:
                forget[:] = np.log(random_state.uniform(1.0, chrono_steps - 1.0, forget.size))
                input_bias[:] = -forget
    if architecture.one_hot and architecture.n_static:  # so that all conditions are read alike at first
        names = ["embedding.w"] if architecture.n_embedded else [name for name in named if name in FIRST_LAYER]
        for name in names:
            named[name][architecture.n_inputs :] = 0.0


def _orthogonal(size: int, random_state: np.random.RandomState) -> NDArray[np.float64]:
    """Return a random orthogonal matrix, uniformly distributed (Mezzadri 2007)."""
    q, r = np.linalg.qr(random_state.normal(size=(size, size)))
    return q * np.sign(np.diag(r))
