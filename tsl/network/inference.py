"""Forward passes with several threads and bounded memory."""

from __future__ import annotations

from collections import deque
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsl.kernels.forward import run_windows
from tsl.kernels.layout import Layout, Workspace
from tsl.kernels.threads import Member, new_barrier
from tsl.network.kernel_data import States2D, check_bounds
from tsl.network.memory import another_workspace, new_workspace
from tsl.network.plans import ALONE, NO_DROPOUT, dropout_plan
from tsl.network.spec import Dropout, Sequences
from tsl.network.subroutines import forward_address
from tsl.network.team import useful_sharing_threads, useful_threads
from tsl.network.workers import in_threads

CHUNK_BYTES = 2**21  # of workspace for a forward pass: about what fits in the level-2 cache
KEPT_BYTES = 2 * CHUNK_BYTES  # of workspace kept for the next forward pass


class Workspaces:
    """Keeper of the workspace of the last forward pass for the next one of the same size."""

    def __init__(self) -> None:
        self._kept: deque[tuple[int, int, Workspace]] = deque(maxlen=1)  # with its numbers of steps and windows

    def borrow(self, layout: Layout, n_steps: int, batch: int, dtype: Any) -> Workspace:
        """Return a workspace that no other call is using."""
        try:
            *sizes, work = self._kept.pop()
        except IndexError:
            sizes = []
        if sizes == [n_steps, batch]:
            return work
        return new_workspace(layout, n_steps, batch, dtype, keep=False)

    def give_back(self, n_steps: int, batch: int, work: Workspace) -> None:
        """Keep a workspace that is no longer in use, unless it is large."""
        if work.numbers.nbytes <= KEPT_BYTES:
            self._kept.append((n_steps, batch, work))


def run_forward(
    network: Any,
    sequences: Sequences,
    initial: States2D | None,
    final: NDArray[Any],
    n_threads: int,
    dropout: Dropout | None,
) -> NDArray[Any]:
    """Return padded outputs (n, steps, ·), computed by threads that share only the weights.

    Final states are written to `final` (2, n, states), unless it is empty.
    """
    n, n_steps = sequences.starts.size, int(sequences.lengths.max())
    outputs = np.zeros(network.output_shape(n, n_steps), network.dtype)
    layout, packed, data = network.layout, network.packed_weights(), network.data(sequences, initial=initial)
    check_bounds(network.architecture, sequences)
    plan = dropout_plan(dropout) if dropout else NO_DROPOUT
    n_threads, sharing = _threads_to_use(network, n, n_steps, 1 if dropout else n_threads)
    at_once = _rows_at_once(network, -(-n // n_threads), n_steps)
    work = network.workspaces.borrow(layout, n_steps, at_once, network.dtype)
    barrier, forward_at = new_barrier(), forward_address(layout, packed, work)

    def run(thread):
        own = work if thread == 0 else another_workspace(work)
        first, last = n * thread // n_threads, n * (thread + 1) // n_threads
        run_windows(forward_at, layout, packed, own, data, plan, first, last, outputs, final, ALONE)

    def run_together(thread):
        member = Member(barrier, thread, sharing)
        run_windows(forward_at, layout, packed, work, data, plan, 0, n, outputs, final, member)

    if sharing > 1:
        in_threads(run_together, sharing, barrier)
    else:
        in_threads(run, n_threads)
    network.workspaces.give_back(n_steps, at_once, work)
    return outputs


def _threads_to_use(network: Any, n: int, n_steps: int, n_threads: int) -> tuple[int, int]:
    """Return how many threads work on separate windows, and how many share the units of each layer.

    One of the two is 1; units are shared if there are fewer windows than threads.
    """
    sharing = 1
    if n < n_threads:
        sharing = useful_sharing_threads(n_threads, n_steps, network.flops(1, n_steps) / n_steps, n)
    return (1, sharing) if sharing > 1 else (useful_threads(n_threads, 1, network.flops(n, n_steps), n), 1)


def _rows_at_once(network: Any, n: int, n_steps: int) -> int:
    """Return how many of n windows to run at once, in chunks of equal size."""
    lstms = network.layout.lstms
    step_bytes = network.dtype.itemsize * int((lstms["n_inputs"] + lstms["n_hidden"]).sum())
    at_most = min(max(CHUNK_BYTES // (step_bytes * n_steps), 24), 128)
    return -(-n // -(-n // at_most))
