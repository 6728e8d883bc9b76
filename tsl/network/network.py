"""The network: parameters, outputs, gradients and training steps."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsl.kernels import losses as loss_kernels
from tsl.kernels.forward import run_windows
from tsl.kernels.layout import KernelData
from tsl.kernels.packing import pack_weights
from tsl.kernels.products import WIDTH
from tsl.kernels.target import LANES
from tsl.network.inference import Workspaces, run_forward
from tsl.network.initialisation import initialise
from tsl.network.kernel_data import States2D, check_bounds, empty_data, kernel_data, plain
from tsl.network.memory import (
    aligned_zeros,
    new_layout,
    new_workspace,
    padded_units,
    parameter_shapes,
    read_array,
    rounded_up,
    views,
)
from tsl.network.plans import ALONE, NO_DROPOUT, NO_UPDATE, loss_plan, optimizer_plan
from tsl.network.spec import (
    Architecture,
    Dropout,
    Gradient,
    Loss,
    Optimizer,
    OptimizerState,
    Sequences,
    States,
    Targets,
)
from tsl.network.subroutines import forward_address
from tsl.network.team import Team, TrainingMemory

PART_SIZE = 2**22  # numbers of padded output: 16 megabytes


class Network:
    """Stacked LSTM layers and a dense head.

    Parameters
    ----------
    architecture : Architecture
    dtype : {np.float32, np.float64}
    random_state : numpy.random.RandomState or None
        Draws the initial weights: orthogonal recurrent matrices (gate by gate), Glorot uniform input and output
        matrices, zero biases but `forget_bias` for the forget gate, and zeros for the conditions of a one-hot network.
        None leaves all parameters at 0.
    forget_bias : float
        At 1, a new unit remembers for one or two steps, at 5 for about 150.
    chrono_steps : int
        If at least 2, biases are drawn instead so that units remember for 1 to this many steps and take in new
        values at the same pace: the chrono initialisation of Tallec & Ollivier 2018.

    Attributes
    ----------
    params : ndarray of shape (P,)
        All parameters: the matrices first, then the biases. Read-only; use `editing` to change them.
    n_matrix_params : int
        How many of them belong to matrices, which `Optimizer.alpha` shrinks.
    """

    def __init__(
        self,
        architecture: Architecture,
        *,
        dtype: Any = np.float32,
        random_state: np.random.RandomState | None = None,
        forget_bias: float = 1.0,
        chrono_steps: int = 0,
    ) -> None:
        self.architecture = architecture
        self.dtype = np.dtype(dtype)
        self._lay_out()
        self._params = np.zeros(sum(map(math.prod, self._shapes.values())), self.dtype)
        if random_state is not None:
            initialise(self.named(self._params), architecture, random_state, forget_bias, chrono_steps)

    def _lay_out(self) -> None:
        self._version = object()
        self._n_editing: int = 0
        self._kept_packed: tuple[object, NDArray[Any] | None] = (None, None)  # with their version
        self.workspaces = Workspaces()
        self._shapes: dict[str, tuple[int, ...]] = parameter_shapes(self.architecture)
        self.layout, self.packed_size = new_layout(self.architecture)
        self.n_matrix_params = self.layout.n_matrix_params
        self._empty_data = empty_data(self.dtype)

    def __getstate__(self) -> dict[str, Any]:
        # without the layout, which depends on this processor's vectors, because another one may load the file; the type
        # by its name, because readers of files, such as skops, accept text and refuse other objects
        return {"architecture": self.architecture, "dtype": self.dtype.name, "params": self._params}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.architecture, self.dtype = state["architecture"], np.dtype(state["dtype"])
        self._lay_out()
        self._params = np.array(state["params"])  # a copy: joblib passes large arrays to its workers read-only

    @property
    def params(self) -> NDArray[Any]:
        """All parameters, shape (P,); read-only (see `editing`)."""
        readable = self._params.view()
        readable.flags.writeable = False
        return readable

    @contextmanager
    def editing(self) -> Iterator[NDArray[Any]]:
        """Yield `params` for writing within a ``with`` block; everything derived from the old ones is discarded."""
        self._n_editing += 1
        try:
            yield self._params
        finally:
            self._version = object()
            self._n_editing -= 1

    def named(self, flat: NDArray[Any] | None = None) -> dict[str, NDArray[Any]]:
        """Return views of `flat` by name; by default of `params`, and then read-only.

        ``"lstm_0.w_in"`` (C, 4H), ``"lstm_0.w_rec"`` (H, 4H), ``"lstm_0.bias"`` (4H,), the same for
        ``"lstm_0_reverse"`` when bidirectional, ``"lstm_1"`` ..., ``"head.w_out"`` (D*H, K), ``"head.b_out"`` (K,).
        Gates are in the order input, forget, candidate, output.
        """
        return views(self.params if flat is None else flat, self._shapes)

    # --- forward --------------------------------------------------------------------------------------------

    def forward(
        self,
        sequences: Sequences,
        *,
        initial: States2D | None = None,
        dropout: Dropout | None = None,
        n_threads: int = 1,
    ) -> NDArray[Any]:
        """Return outputs: (n, K), or (n, T, K) with `every_step` (zero beyond a window's length).

        `initial` is None (zeros) or a pair of lists (hidden, cell), with one (n, H) array per layer and direction.
        `dropout` drops units as in training, but only those of outputs; a single thread then does all the work, so that
        the same units are drawn.
        """
        n, n_steps = sequences.starts.size, int(sequences.lengths.max())
        parts, n_outputs = self._parts(n, n_steps), self.architecture.n_outputs
        if len(parts) == 1:
            return self._unpadded(self._run(sequences, initial, n_threads, dropout=dropout)[0])
        outputs = np.zeros((n, n_steps if self.architecture.every_step else 1, n_outputs), self.dtype)
        for part in parts:
            states = None if initial is None else tuple([array[part] for array in arrays] for arrays in initial)
            found, _ = self._run(sequences.part(part), states, n_threads, dropout=dropout)
            outputs[part, : found.shape[1]] = found[:, :, :n_outputs]
        return outputs if self.architecture.every_step else outputs[:, 0]

    def forward_states(
        self, sequences: Sequences, *, initial: States2D | None = None, n_threads: int = 1
    ) -> tuple[NDArray[Any], States2D]:
        """Return the outputs of `forward` and the final states, to continue from: `(outputs, (hidden, cell))`."""
        outputs, final = self._run(sequences, initial, n_threads, with_states=True)
        return self._unpadded(outputs), self._split_states(final)

    def states(self, sequences: Sequences, *, initial: States2D | None = None) -> list[States]:
        """Return one `States` per layer and direction, ordered by layer, forward before reverse."""
        n, n_steps = sequences.starts.size, int(sequences.lengths.max())
        layout, packed = self.layout, self.packed_weights()
        work = new_workspace(layout, n_steps, n, self.dtype, keep=True)
        outputs = np.zeros(self.output_shape(n, n_steps), self.dtype)
        data = self.data(sequences, initial=initial)
        check_bounds(self.architecture, sequences)
        final = np.zeros((0, 0, 0), self.dtype)
        forward_at = forward_address(layout, packed, work)
        run_windows(forward_at, layout, packed, work, data, NO_DROPOUT, 0, n, outputs, final, ALONE)
        real = np.arange(n_steps) < sequences.lengths[:, None]
        return [self._lstm_states(work, lstm, n_steps, n, real) for lstm in range(layout.lstms.size)]

    def evaluate(
        self,
        sequences: Sequences,
        targets: Targets,
        weights: NDArray[Any] | None,
        loss: Loss,
        *,
        n_threads: int = 1,
    ) -> float:
        """Return the weighted mean loss, without dropout and in bounded memory."""
        n, n_steps = sequences.starts.size, int(sequences.lengths.max())
        total = total_weight = 0.0
        for part in self._parts(n, n_steps):
            some = sequences.part(part)
            outputs, _ = self._run(some, None, n_threads)
            data = self.data(some, targets.part(part), None if weights is None else weights[part])
            part_total, part_weight = loss_kernels.total_loss(
                loss_plan(loss), outputs, self.architecture.n_outputs, data
            )
            total += part_total
            total_weight += part_weight
        return total / total_weight

    def _parts(self, n, n_steps):
        """Return slices of windows to run in one call each, small enough that their padded outputs stay small."""
        at_once = max(1, PART_SIZE // math.prod(self.output_shape(1, n_steps)))
        return [slice(start, start + at_once) for start in range(0, n, at_once)]

    def _run(self, sequences, initial, n_threads, with_states=False, dropout=None):
        """Return padded outputs (n, steps, ·) and final states."""
        final = self.zero_states(sequences.starts.size) if with_states else np.zeros((0, 0, 0), self.dtype)
        return run_forward(self, sequences, initial, final, n_threads, dropout), final

    def _lstm_states(self, work, lstm, n_steps, n, real):
        """Return the states of one LSTM from a workspace that kept every step, by time."""
        layout = self.layout
        hidden_size, starts = int(layout.lstms["n_hidden"][lstm]), work.lstms[lstm]
        units = padded_units(hidden_size)
        gates = read_array(work, starts["gates"], units // LANES, n_steps, n, 4, LANES)
        gates = gates.transpose(2, 1, 3, 0, 4).reshape(n, n_steps, 4, units)[..., :hidden_size]
        cells = read_array(work, starts["states"], n_steps + 1, n, units)[1:, :, :hidden_size].swapaxes(0, 1)
        hidden = read_array(work, starts["hidden"], n_steps + 1, n, units)[1:, :, :hidden_size].swapaxes(0, 1)
        if lstm % layout.n_directions:
            gates, cells, hidden = gates[:, ::-1], cells[:, ::-1], hidden[:, ::-1]
        return States(gates * real[:, :, None, None], cells * real[:, :, None], hidden * real[:, :, None])

    # --- training -------------------------------------------------------------------------------------------

    def zero_states(self, batch_size: int) -> NDArray[Any]:
        """Return zero states (2, batch_size, ·) for `train_steps` to carry from batch to batch."""
        n_states = int(self.layout.lstms["n_hidden"].sum())
        return np.zeros((2, batch_size, n_states), self.dtype)

    def new_optimizer_state(self) -> OptimizerState:
        """Return zero moments for `train_steps`."""
        return OptimizerState(np.zeros_like(self.params), np.zeros_like(self.params))

    def gradient(
        self,
        sequences: Sequences,
        targets: Targets,
        weights: NDArray[Any] | None,
        loss: Loss,
        *,
        initial: States2D | None = None,
        dropout: Dropout = Dropout(),  # noqa: B008 (frozen)
        step: int = 0,
        memory: TrainingMemory | None = None,
        n_threads: int = 1,
    ) -> Gradient:
        """Return the `Gradient` of the loss of these windows as one batch, with the dropout of training step `step`.

        `memory` is that of earlier calls, to be reused.
        """
        n, n_steps = sequences.starts.size, int(sequences.lengths.max())
        team = Team(self, 1, n_steps, n, dropout, n_threads, memory)
        losses, _ = team.run(
            self.data(sequences, targets, weights, initial),
            np.arange(n)[None, :],
            np.zeros(1),
            loss,
            NO_UPDATE,
            dropout,
            OptimizerState(np.zeros(0, self.dtype), np.zeros(0, self.dtype), step),
            input_gradient=not self.architecture.one_hot,
        )
        return team.read_gradient(losses[0], n_steps, n)

    def train_steps(
        self,
        sequences: Sequences,
        targets: Targets,
        weights: NDArray[Any] | None,
        batches: NDArray[np.int64],
        learning_rates: NDArray[np.float64],
        loss: Loss,
        optimizer: Optimizer,
        state: OptimizerState,
        *,
        dropout: Dropout = Dropout(),  # noqa: B008 (frozen)
        carried: NDArray[Any] | None = None,
        memory: TrainingMemory | None = None,
        n_threads: int = 1,
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Take one training step per row of `batches`, all in compiled code.

        Parameters
        ----------
        sequences, targets, weights
            All training windows, their targets, and their weights (n,) of the network's dtype or None.
        batches : ndarray of shape (n_steps, batch_size), int64
            Numbers of the windows of each step; unused entries at the end of a row are -1.
        learning_rates : ndarray of shape (n_steps,), float64
        loss, optimizer, dropout
            What to minimise and how.
        state : OptimizerState
            Changed in place.
        carried : ndarray, from `zero_states`, or None
            States that each row of a batch starts from, replaced by its final states: window k of a batch
            continues where window k of the previous batch ended. None starts every window from zero.
        memory : TrainingMemory or None
            The memory of earlier calls, to be reused.
        n_threads : int
            At most this many threads.

        Returns
        -------
        losses, norms : ndarray of shape (n_steps,), float64
            The mean loss of each step before its update, and the norm of its gradient before `clip_norm`.

        Notes
        -----
        How steps are divided into calls, and the number of threads, do not change a single bit of the result. A step
        whose loss or gradient is not finite leaves parameters and moments unchanged; its loss shows it.
        """
        longest = int(sequences.lengths.max())
        team = Team(self, batches.shape[0], longest, batches.shape[1], dropout, n_threads, memory)
        try:
            return team.run(
                self.data(sequences, targets, weights, carried=carried),
                plain(batches),
                plain(learning_rates),
                loss,
                optimizer_plan(optimizer),
                dropout,
                state,
            )
        finally:  # Ctrl-C is raised when all steps are done
            state.step += batches.shape[0]

    # --- plans and buffers ----------------------------------------------------------------------------------

    def packed_weights(self) -> NDArray[Any]:
        """Return the weights in the form that the forward kernels read, kept until `params` are edited."""
        version = self._version
        kept_version, kept = self._kept_packed
        if kept is not None and kept_version is version and not self._n_editing:
            return kept
        packed = aligned_zeros(self.packed_size, self.dtype)
        pack_weights(self.layout, self._params, packed, ALONE)
        if self._version is version and not self._n_editing:  # here or in another thread
            self._kept_packed = version, packed
        return packed

    def output_shape(self, n: int, n_steps: int) -> tuple[int, int, int]:
        """Return the shape of the kernels' outputs: windows, steps of the head, outputs padded to whole vectors."""
        padded = rounded_up(self.architecture.n_outputs, WIDTH)
        return n, n_steps if self.architecture.every_step else 1, padded

    def _unpadded(self, outputs):
        outputs = outputs[:, :, : self.architecture.n_outputs]
        return np.ascontiguousarray(outputs if self.architecture.every_step else outputs[:, 0])

    def _split_states(self, states):
        layout = self.layout
        sizes = layout.lstms["n_hidden"]
        hidden, cell = (np.split(part, np.cumsum(sizes)[:-1], axis=1) for part in states)
        return hidden, cell

    def flops(self, batch: int, n_steps: int) -> float:
        """Return the floating-point operations of a forward pass."""
        head = self._shapes["head.w_out"]
        every_step = self.n_matrix_params - math.prod(head)
        head_steps = n_steps if self.architecture.every_step else 1
        return 2.0 * batch * (every_step * n_steps + math.prod(head) * head_steps)

    def data(
        self,
        sequences: Sequences,
        targets: Targets | None = None,
        weights: NDArray[Any] | None = None,
        initial: States2D | None = None,
        carried: NDArray[Any] | None = None,
    ) -> KernelData:
        """Return windows in the form that the kernels take."""
        return kernel_data(self._empty_data, self.architecture, sequences, targets, weights, initial, carried)
