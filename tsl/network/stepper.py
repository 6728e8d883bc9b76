"""Reading one step at a time, as a text is written."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsl.kernels.steps import run_windows
from tsl.network.memory import new_workspace
from tsl.network.network import Network
from tsl.network.plans import NO_DROPOUT
from tsl.network.spec import Sequences


class Stepper:
    """A network that reads streams step by step: weights are packed once, states stay between the steps.

    Parameters
    ----------
    network : Network
        In one direction. Its parameters are read now; later changes are not seen.
    n_streams : int
        Streams that are read side by side.
    """

    def __init__(self, network: Network, n_streams: int = 1) -> None:
        if network.architecture.bidirectional:
            raise ValueError("a bidirectional network cannot read step by step: it needs the steps to come")
        self.network = network
        self.states = network.zero_states(n_streams)
        """(2, n_streams, ·): all hidden and all cell states; may be read and set."""
        self._packed = network.packed_weights()
        self._work = new_workspace(network.layout, 1, n_streams, network.dtype, keep=False)
        self._outputs = np.zeros(network.output_shape(n_streams, 1), network.dtype)
        self._starts = np.arange(n_streams)
        self._lengths = np.ones(n_streams, np.int64)

    def read(self, rows: NDArray[Any]) -> NDArray[Any]:
        """Outputs (n_streams, K) after one more step, `rows` being (n_streams, C) numbers or (n_streams,) codes."""
        network = self.network
        data = network.data(Sequences(rows, self._starts, self._lengths))._replace(initial=self.states)
        run_windows(
            network.layout,
            self._packed,
            self._work,
            data,
            NO_DROPOUT,
            0,
            self._starts.size,
            self._outputs,
            self.states,
        )
        return self._outputs[:, 0, : network.architecture.n_outputs].copy()
