"""The machine code of the hot loops, for the processor given by `NUMBA_CPU_NAME` and `NUMBA_CPU_FEATURES`.

Run as a script, prints the innermost loops of each phase as JSON: lists of instructions. None of it is executed, so the
processor need not be that of this machine.
"""

import json
import re
import sys

import numba
import numpy as np
from numba import types

from tsl.kernels import gradients, lstm
from tsl.kernels.compile import FAST_MATH, OPTIONS
from tsl.kernels.layout import Batch, LSTMStates, LSTMWeights
from tsl.kernels.primitives import by_reference
from tsl.kernels.threads import Member

number, size, truth = types.float32, types.intp, types.boolean
flags, codes = types.Array(types.int64, 1, "C"), types.Array(types.int32, 2, "C")


def array(n_dimensions):
    return types.Array(number, n_dimensions, "C")


PHASES = {}  # functions by name, each with the types that it is compiled for


def phase(*signature):
    """Make a function a phase, for these types; it is compiled later, as pytest imports this file in each process."""

    def keep(function):
        PHASES[function.__name__] = function, signature
        return function

    return keep


def machine_code(function, signature):
    """Compile a function for these types; gives its machine code."""
    dispatcher = numba.njit(fastmath=FAST_MATH, **OPTIONS)(function)
    dispatcher.compile(signature)
    return dispatcher.inspect_asm(signature)


matrix, cube, hypercube = array(2), array(3), array(4)


@phase(
    size, cube, codes, truth, cube, cube, cube, flags, truth, hypercube, cube, cube, cube, matrix,
    size, size, size, size, flags, size, size,
)  # fmt: skip
def forward(
    n_steps, x, codes, one_hot, w_in, w_rec, bias, lengths, reverse, gates, cells, hidden, recurrent, mask,
    first, last, first_block, last_block, barrier, thread, n_threads,
):  # fmt: skip
    weights = LSTMWeights(w_in, w_rec, bias)
    states = LSTMStates(gates, cells, hidden, recurrent, mask)
    batch = by_reference(Batch(lengths, n_steps, last, first, last, np.uint64(0)))
    member = by_reference(Member(barrier, thread, n_threads))
    lstm.lstm_forward(x, codes, one_hot, weights, states, lengths, reverse, batch, first_block, last_block, member)


@phase(cube, size, hypercube, cube, cube, flags, truth, matrix, matrix, matrix, size, size)
def backward(d_above, column, gates, cells, w_rec_t, lengths, reverse, mask, d_hidden, d_cell, first, last):
    states = LSTMStates(gates, cells, cells, cells, mask)
    batch = by_reference(Batch(lengths, gates.shape[1], last, first, last, np.uint64(0)))
    lstm.lstm_backward(d_above, column, w_rec_t, states, d_hidden, d_cell, lengths, reverse, batch)


@phase(cube, hypercube, truth, cube, matrix, flags, size, size)
def weights(x, d_gates, reverse, d_packed, d_weights, barrier, thread, n_threads):
    member = by_reference(Member(barrier, thread, n_threads))
    gradients.sum_gate_products(x, d_gates, reverse, d_packed, d_weights, member)


def innermost_loops(code):
    """Stretches of code that end with a jump to their beginning and hold no other such stretch."""
    lines = [line.partition("#")[0].strip() for line in code.splitlines()]
    label = {line[:-1]: k for k, line in enumerate(lines) if re.fullmatch(r"[.\w$]+:", line)}
    jumps = [(label.get(line.split()[-1]), k) for k, line in enumerate(lines) if re.match(r"(j|b\.|cb|tb)", line)]
    loops = [(begin, end) for begin, end in jumps if begin is not None and begin < end]
    inner = [
        (begin, end)
        for begin, end in loops
        if not any(other != (begin, end) and begin <= other[0] and other[1] <= end for other in loops)
    ]
    return [[line for line in lines[begin + 1 : end + 1] if line and line[0] not in ".#"] for begin, end in inner]


if __name__ == "__main__":
    found = {name: innermost_loops(machine_code(*function)) for name, function in PHASES.items()}
    sys.stdout.write(json.dumps(found))
