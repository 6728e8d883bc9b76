"""The arguments of kernels: sizes of a network, where each array starts in a flat buffer, windows, options.

Everything is a named tuple of numbers and arrays, so that one compiled version serves networks of any depth and size.
The fields of the LSTMs are in an array of records, because every field of a tuple costs compile time. An LSTM is one
layer in one direction: LSTM i is layer i // n_directions in direction i % n_directions.
"""

from typing import Any, NamedTuple

import numpy as np

from tsl.kernels.compile import kernel
from tsl.kernels.primitives import address, carray
from tsl.kernels.target import INTERPRETED

# Sizes and starts of one LSTM: `w_in` to `bias` in the parameters, the packed ones in the packed buffer.
LSTM = np.dtype(
    [
        (name, np.int64)
        for name in (
            "n_inputs",
            "n_hidden",
            "state",  # first column of its states in an array of all states
            "w_in",
            "w_rec",
            "bias",
            "packed_w_in",
            "packed_codes",  # what each code adds to the gates, if the inputs are codes
            "packed_w_rec",
            "packed_bias",
            "packed_w_in_t",
            "packed_w_rec_t",
        )
    ]
)

# Starts of one LSTM's arrays in a workspace; the LSTMs of a layer share its inputs.
LSTM_MEMORY = np.dtype(
    [
        (name, np.int64)
        for name in (
            "hidden_steps",  # number of states kept: steps + 1, or 2
            "inputs",
            "d_inputs",
            "gates",
            "states",
            "hidden",
            "recurrent",  # equal to `hidden` without recurrent dropout
            "mask",
            "d_hidden",
            "d_cell",
        )
    ]
)


if INTERPRETED:  # with fields as attributes, as in compiled code
    LSTM, LSTM_MEMORY = (np.dtype((np.record, kind)) for kind in (LSTM, LSTM_MEMORY))


class Layout(NamedTuple):
    """Sizes of a network, and where its arrays start in `params` and in the packed buffer."""

    n_directions: int
    n_outputs: int
    one_hot: bool
    every_step: bool
    segment: int  # rows per step
    n_known: int  # of the channels, the last ones, which are known beyond the bounds
    n_skipped: int  # inputs of all steps that the head reads too, or 0
    n_embedded: int  # units of the initial dense layer, or size of a code's vector, or 0
    n_raw: int  # numbers that a step reads
    n_matrix_params: int
    w_out: int
    b_out: int
    packed_w_out: int
    packed_b_out: int
    packed_w_out_t: int
    w_embedding: int  # of the initial dense layer, as the three below
    b_embedding: int
    packed_w_embedding: int
    packed_b_embedding: int
    lstms: Any  # (LSTMs,) of LSTM


class Workspace(NamedTuple):
    """Memory for one batch. Starts are for the largest batch; a smaller one uses the front of each array."""

    numbers: Any  # the flat buffer
    codes: Any  # (steps + 1, batch) int32: of each step; last the additional one that every step reads; -1 for none
    windows: Any  # (batch,) scratch for window numbers
    lengths: Any  # (batch,)
    row_losses: Any  # (batch,) float64
    gate_steps: int  # number of steps of gates and cell states kept: all of them, or 2
    features: int  # starts in `numbers`
    d_features: int
    outputs: int
    raw: int  # inputs of the embedding; its outputs below
    embedded: int
    lstms: Any  # (LSTMs,) of LSTM_MEMORY


class Training(NamedTuple):
    """Arrays that training steps change; each of shape (P,), except the packed ones and the last three."""

    params: Any
    grads: Any
    mean: Any  # moments of the gradient
    mean_sq: Any
    dropped: Any  # params after dropout of weights, or (0,)
    packed: Any
    d_packed: Any
    losses: Any  # (steps,) float64, of each step
    norms: Any
    partial_norms: Any  # (chunks of params,) float64, of this step


class KernelData(NamedTuple):
    """Windows in long arrays, and their targets; an empty array means that there are none."""

    rows: Any  # (N, C), or (0, 0)
    codes: Any  # (N,) int32, or (0,)
    conditions: Any  # (n,) int32 code that every step of a window reads in addition to its own, or (0,)
    starts: Any  # (n,)
    lengths: Any  # (n,)
    values: Any  # (M, K), or (0, 0)
    labels: Any  # (M,), or (0,)
    first_target: Any  # (n,)
    weights: Any  # (n,), or (0,)
    shifts: Any  # (n, channels), or (0, 0), as the two below
    scales: Any  # (n, channels)
    bounds: Any  # (n, 3)
    statics: Any  # (n, S), or (0, 0)
    target_shifts: Any  # (n,), or (0,), as the one below
    target_scales: Any  # (n,)
    initial: Any  # (2, n, states), or (0, 0, 0)
    carry: bool  # whether `initial` is indexed by batch row instead, and receives the final states for the next step
    reset: Any  # (n,) windows that start from zero states whatever `initial` says, or (0,)


class Batch(NamedTuple):
    """A batch, and the part of it that one thread works on."""

    windows: Any  # (n_rows,) numbers of the windows
    n_steps: int  # of the longest window
    n_rows: int
    first: int  # the thread's rows are first..last
    last: int
    key: Any  # uint64, of the random numbers for dropout


class LSTMWeights(NamedTuple):
    """Packed weights of one LSTM."""

    w_in: Any
    w_rec: Any
    bias: Any


class LSTMStates(NamedTuple):
    """States of one LSTM at all steps kept; for shapes see `tsl.kernels.lstm`."""

    gates: Any
    cells: Any
    hidden: Any
    recurrent: Any
    mask: Any


class Passes(NamedTuple):
    """Addresses of the subroutines of a training step."""

    forward: int
    backward: int
    update: int


class Steps(NamedTuple):
    """Training steps to take."""

    batches: Any  # (steps, largest batch) numbers of windows; negative numbers pad a row
    learning_rates: Any  # (steps,)
    first: int  # number of steps taken before


class LossPlan(NamedTuple):
    """A loss as numbers."""

    kind: int
    delta: float
    quantiles: Any


class OptimizerPlan(NamedTuple):
    """An optimiser as numbers; infinity means no limit."""

    solver: int
    beta_1: float
    beta_2: float
    nesterov: bool
    epsilon: float
    alpha: float
    clip_norm: float
    clip_value: float


class DropoutPlan(NamedTuple):
    """Dropout rates and the key of its random numbers."""

    outputs: float
    recurrent: float
    weights: float
    seed: Any  # uint64


@kernel
def matrix(buffer, start, rows, columns):
    """Return a part of a flat buffer as a matrix: like the next two, a bare view that is cheap and owns nothing."""
    return carray(address(buffer, start), (rows, columns))


@kernel
def cube(buffer, start, depth, rows, columns):
    """Return a part of a flat buffer as an array of three dimensions."""
    return carray(address(buffer, start), (depth, rows, columns))


@kernel
def row(buffer, start, columns):
    """Return a part of a flat buffer as a row."""
    return carray(address(buffer, start), (columns,))


@kernel
def fill(values, number):
    """Set a row to one number."""
    for k in range(values.size):
        values[k] = number


@kernel
def copy(values, out):
    """Copy a row."""
    for k in range(values.size):
        out[k] = values[k]


@kernel
def rounded_up(n, multiple):
    """Return the smallest multiple that is at least n."""
    return (n + multiple - 1) // multiple * multiple
