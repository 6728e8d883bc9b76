"""What compiled code is told of a network and of its memory: sizes, and where each array starts in a flat buffer.

Everything is a named tuple of numbers and small integer arrays, so that one compiled version serves networks of any
depth and size. "Cell" i below stands for layer i // n_directions in direction i % n_directions.
"""

from typing import Any, NamedTuple

from numba import carray

from tsl.kernels.compile import kernel
from tsl.kernels.vector import address


class Layout(NamedTuple):
    """The network: its sizes, and the starts of its arrays in `params`, and in the packed buffer."""

    n_directions: int
    n_outputs: int
    one_hot: bool
    every_step: bool
    n_matrix_params: int
    inputs: Any  # (layers,) inputs of each layer
    hidden: Any  # (layers,) hidden units of each layer
    state: Any  # (cells,) first column of each cell's states in an array of all states
    w_in: Any  # (cells,) starts in `params`
    w_rec: Any
    bias: Any
    w_out: int
    b_out: int
    packed_w_in: Any  # (cells,) starts in the packed buffer
    packed_w_rec: Any
    packed_bias: Any
    packed_w_in_t: Any
    packed_w_rec_t: Any
    packed_w_out: int
    packed_b_out: int
    packed_w_out_t: int


class Workspace(NamedTuple):
    """Memory for one batch. Starts are for the largest batch; a smaller one uses the front of each array."""

    numbers: Any  # the flat buffer
    codes: Any  # (steps, batch) int32
    windows: Any  # (batch,) scratch for window numbers
    lengths: Any  # (batch,)
    row_losses: Any  # (batch,) float64
    gate_steps: int  # steps of gates and cells that are kept: all of them, or 1
    hidden_steps: Any  # (layers,) states that are kept: steps + 1, or 2
    inputs: Any  # (layers,) starts in `numbers`
    d_inputs: Any
    gates: Any  # (cells,)
    cells: Any
    hidden: Any
    recurrent: Any  # equal to `hidden` without recurrent dropout
    mask: Any
    d_hidden: Any
    d_cell: Any
    features: int
    d_features: int
    outputs: int


class Data(NamedTuple):
    """Windows in long arrays, and their targets."""

    rows: Any  # (N, C), or (0, 0)
    codes: Any  # (N,) int32, or (0,)
    starts: Any  # (n,)
    lengths: Any  # (n,)
    values: Any  # (M, K), or (0, 0)
    labels: Any  # (M,), or (0,)
    first_target: Any  # (n,)
    weights: Any  # (n,), or (0,)
    initial: Any  # (2, n, states), or (0, 0, 0)
    carry: bool  # whether `initial` is by row of the batch instead, and takes the final states for the next step


class LossPlan(NamedTuple):
    """A loss as numbers."""

    kind: int
    delta: float
    quantiles: Any


class OptimizerPlan(NamedTuple):
    """An optimiser as numbers; infinity is no limit."""

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
    seed: int


@kernel
def matrix(buffer, start, rows, columns):
    """The part of a flat buffer as a matrix; like its siblings a bare view, cheap to make, which owns nothing."""
    return carray(address(buffer, start), (rows, columns))


@kernel
def cube(buffer, start, depth, rows, columns):
    """The part of a flat buffer as an array of three dimensions."""
    return carray(address(buffer, start), (depth, rows, columns))


@kernel
def row(buffer, start, columns):
    """The part of a flat buffer as a row."""
    return carray(address(buffer, start), (columns,))


@kernel
def fill(values, number):
    """Set a row to one number."""
    for k in range(values.size):
        values[k] = number


@kernel
def rounded_up(n, multiple):
    """The smallest multiple that is not below n."""
    return (n + multiple - 1) // multiple * multiple
