"""Teams of threads that take training steps together, and the memory that they share.

A team stays in compiled code for many steps, with barriers between the phases of a step, because returning to Python
takes as long as a small step.
"""

from __future__ import annotations

import numpy as np

from tsl.kernels.compile import compile_for
from tsl.kernels.layout import Passes, Steps, Training
from tsl.kernels.optimisers import NORM_CHUNK
from tsl.kernels.products import WIDTH
from tsl.kernels.target import INTERPRETED
from tsl.kernels.threads import Member, new_barrier
from tsl.kernels.train_step import train_stretch
from tsl.network.memory import aligned_zeros, new_workspace, padded_units, read_array, rounded_up
from tsl.network.plans import dropout_plan, loss_plan
from tsl.network.spec import Gradient
from tsl.network.subroutines import compiled_meanwhile, forward_address, gradient_addresses
from tsl.network.workers import in_threads

FLOPS_TO_MEET = 4e6  # a step of fewer takes less time than its barriers
FLOPS_TO_START = 1e7  # take as long as waking a sleeping thread
FLOPS_TO_MEET_AT_A_STEP = 1e5  # a step of one row of 128 units; at 64 the barrier costs more than it saves


def useful_threads(n_threads: int, n_batches: int, flops: float, n_rows: int) -> int:
    """Return at most `n_threads`, and no more than pay off for `n_batches` of `flops` operations and `n_rows` rows."""
    if INTERPRETED:  # interpreted threads would only wait for each other
        return 1
    worth = min(flops / FLOPS_TO_MEET, n_batches * flops / FLOPS_TO_START)
    return max(1, min(n_threads, int(worth), n_rows))


def useful_sharing_threads(n_threads: int, n_steps: int, flops: float, n_rows: int) -> int:
    """Return the same for `n_steps` steps of `flops` operations per row, if threads may share the units of few rows.

    There is then a barrier at each step, and each thread reads its own part of the weights, which limits the speed.
    """
    if INTERPRETED or n_steps * n_rows * flops < FLOPS_TO_START:
        return 1
    return n_threads if n_rows >= n_threads or flops >= FLOPS_TO_MEET_AT_A_STEP else n_rows


class TrainingMemory:
    """Arrays that training steps work in; keeping them from one call of `Network.train_steps` to the next saves time.

    They belong to the network that they were last used for, and grow when it needs more.
    """

    def __init__(self) -> None:
        self._network = None
        self._room = (0, 0, False, False)

    def make_room(self, network, n_steps, batch, dropout):
        """Allocate the memory that batches of `batch` windows of `n_steps` steps need."""
        needed = (n_steps, batch, dropout.recurrent > 0.0, dropout.weights > 0.0)
        if network is self._network and all(a <= b for a, b in zip(needed, self._room, strict=True)):
            return
        self._network, self._room, kind = network, needed, network.dtype
        self.work = new_workspace(network.layout, n_steps, batch, kind, keep=True, masked=needed[2])
        self._packed = aligned_zeros(network.packed_size, kind)
        self._d_packed = aligned_zeros(network.packed_size, kind)
        self.grads = aligned_zeros(network.params.size, kind)
        self._dropped = aligned_zeros(network.params.size if needed[3] else 0, kind)
        self._partial_norms = np.zeros(-(-network.params.size // NORM_CHUNK))

    def training(self, params, state, n_batches):
        """Return all arrays that `n_batches` steps change."""
        return Training(
            params=params,
            grads=self.grads,
            mean=state.mean,
            mean_sq=state.mean_sq,
            dropped=self._dropped,
            packed=self._packed,
            d_packed=self._d_packed,
            losses=np.zeros(n_batches),
            norms=np.zeros(n_batches),
            partial_norms=self._partial_norms,
        )


class Team:
    """Threads that take training steps together in the same memory."""

    def __init__(self, network, n_batches, n_steps, batch, dropout, n_threads, memory=None):
        self.network = network
        self.n_threads = useful_threads(n_threads, n_batches, 3 * network.flops(batch, n_steps), batch)
        self.memory = TrainingMemory() if memory is None else memory
        self.memory.make_room(network, n_steps, batch, dropout)

    def run(self, data, batches, learning_rates, loss, optimizer, dropout, state, *, input_gradient=False):
        """Take the steps in `batches`; return their losses and norms."""
        barrier, plan, layout, work = new_barrier(), loss_plan(loss), self.network.layout, self.memory.work
        steps, drop = Steps(batches, learning_rates, state.step), dropout_plan(dropout)

        def arguments(passes, training, thread):
            member = Member(barrier, thread, self.n_threads)
            return passes, layout, training, work, data, steps, plan, optimizer, drop, input_gradient, member

        with self.network.editing() as params:
            training = self.memory.training(params, state, len(batches))
            with compiled_meanwhile(layout, training, work, data, plan) as something:
                if something:
                    compile_for(train_stretch, arguments(Passes(0, 0, 0), training, 0))
                forward_at = forward_address(layout, training.packed, work)
            passes = Passes(forward_at, *gradient_addresses(layout, training, work, data, plan))
            in_threads(lambda thread: train_stretch(*arguments(passes, training, thread)), self.n_threads, barrier)
        return training.losses, training.norms

    def read_gradient(self, loss, n_steps, n):
        """Return the gradient that the last step left in memory."""
        network, layout, work = self.network, self.network.layout, self.memory.work
        inputs = np.zeros((n, 0, 0), network.dtype)
        if not network.architecture.one_hot:
            n_inputs = int(layout.lstms["n_inputs"][0])
            width = rounded_up(n_inputs, WIDTH)
            inputs = read_array(work, work.lstms["d_inputs"][0], n_steps, n, width)
            inputs = inputs[..., :n_inputs].swapaxes(0, 1).copy()
        hidden, cell = [], []
        for size, starts in zip(layout.lstms["n_hidden"].tolist(), work.lstms, strict=True):
            hidden.append(read_array(work, starts["d_hidden"], n, rounded_up(size, WIDTH))[:, :size].copy())
            cell.append(read_array(work, starts["d_cell"], n, padded_units(size))[:, :size].copy())
        return Gradient(float(loss), np.array(self.memory.grads), inputs, hidden, cell)
