"""How kernels are compiled."""

import inspect
from typing import NamedTuple

import numba
import numpy as np

from tsl.kernels import compile as compilation
from tsl.kernels.forward import run_windows
from tsl.kernels.primitives import by_reference, call
from tsl.kernels.train_step import train_stretch


@compilation.unordered_kernel
def total(values):
    result = values.dtype.type(0.0)
    for value in values:
        result += value
    return result


@compilation.entry_point
def quotient(values, divisor):
    return total(values) / divisor


def test_division_by_zero_is_infinite():
    """Python's exception would cost a check and a branch for each division."""
    assert quotient(np.ones(3), 0.0) == np.inf


def test_nan_is_not_optimised_away():
    assert np.isnan(quotient(np.array([1.0, np.nan]), 2.0))


class Limits(NamedTuple):
    lowest: float
    counts: np.ndarray


@compilation.Subroutine
def count_above(limits, values, weight, strict):
    """Counts into memory of the caller's, which a tuple by reference is not to copy."""
    for k in range(values.size):
        if values[k] > limits.lowest:
            limits.counts[k] += weight
    return strict


@compilation.entry_point
def count_twice(address, limits, values):
    limits = by_reference(limits)
    first = call(address, limits, values, np.int32(2), True)
    return first, call(address, limits, values, values.size, False)


def test_a_subroutine_is_called_by_its_address():
    limits, values = Limits(1.5, np.zeros(3, np.int64)), np.array([1.0, 2.0, 3.0])
    address = count_above.address(values.dtype, limits, values, 0, True)
    assert count_twice(address, limits, values) == (True, False)
    assert limits.counts.tolist() == [0, 5, 5]  # 2 and then 3, whatever integers they are
    assert count_above.address(values.dtype, limits, values, 0, True) == address


def test_every_entry_point_is_listed():
    assert {run_windows, train_stretch, quotient} <= set(compilation.ENTRY_POINTS)


def test_a_kernel_is_no_machine_code_before_it_is_linked():
    """Otherwise a process that has compiled would run that code in place of the entry points' own."""
    argument = numba.typeof(np.ones(3, np.float32))
    total.compile((argument,))
    library, name = total.overloads[argument,].library, total.overloads[argument,].fndesc.llvm_func_name
    assert name in {function.name for function in library.get_defined_functions()}
    assert library.get_pointer_to_function(name) == 0


def kernels_within(dispatcher, found):
    """Add a compiled function, and all kernels that it calls, to the list `found`."""
    if dispatcher not in found:
        found.append(dispatcher)
        variables = inspect.getclosurevars(dispatcher.py_func)
        for one in (*variables.nonlocals.values(), *variables.globals.values()):
            if isinstance(one, numba.core.dispatcher.Dispatcher):
                kernels_within(one, found)
    return found


def test_no_two_kernels_have_one_name():
    found = []
    for entry_point in compilation.ENTRY_POINTS:
        if entry_point.py_func.__module__.startswith("tsl."):  # and not in a test
            kernels_within(entry_point, found)
    names = [f"{one.py_func.__module__}.{one.py_func.__qualname__}" for one in found]
    assert len([name for name in names if "_rows_of_tiles" in name]) == 2
    assert len(set(names)) == len(names)


def test_the_name_of_a_kernel_is_in_its_machine_code():
    def made(number):
        @compilation.kernel
        def add(x):
            return x + number

        return add

    names = []
    for kernel in (made(1), made(2)):
        kernel.compile((numba.float64,))
        names += [result.fndesc.qualname for result in kernel.overloads.values()]
    assert len(set(names)) == 2
    assert names[0] + "_2" == names[1]
