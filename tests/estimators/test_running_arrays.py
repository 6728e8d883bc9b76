"""Arrays that compiled code is not compiled for: read-only, non-contiguous, unaligned, memory-mapped."""

import uuid

import numpy as np
import pytest
from network_problem import make_problem
from numpy.testing import assert_array_equal
from small_models import read_only

from tsl.kernels.cache import on_compilation
from tsl.kernels.compile import ENTRY_POINTS
from tsl.network import Framing, Loss, Optimizer, warm_up
from tsl.network.kernel_data import plain


def with_gaps(array):
    return np.repeat(array, 2, axis=-1)[..., ::2]


def in_fortran_order(array):
    return np.asfortranarray(array)


def unaligned(array):
    moved = np.zeros(array.nbytes + 1, np.uint8)[1:].view(array.dtype).reshape(array.shape)
    moved[...] = array
    return moved


def mapped(array, folder):
    path = folder / f"{uuid.uuid4().hex}.npy"
    np.save(path, array)
    return np.load(path, mmap_mode="r")


FORMS = [read_only, with_gaps, in_fortran_order, unaligned, mapped]


@pytest.fixture(params=FORMS, ids=lambda form: form.__name__)
def form(request, tmp_path):
    if request.param is mapped:
        return lambda array: mapped(array, tmp_path)
    return request.param


def framed(problem):
    """The problem with a framing that changes what is read."""
    n, kind = len(problem.sequences.starts), problem.network.dtype
    bounds = np.tile(np.array([0, len(problem.sequences.rows), len(problem.sequences.rows)]), (n, 1))
    framing = Framing(np.full((n, 3), 0.5, kind), np.full((n, 3), 2.0, kind), bounds, np.zeros((n, 0), kind))
    return problem._replace(sequences=problem.sequences._replace(framing=framing))


def results(problem, form):
    """Outputs, loss and trained weights, with every array in that form."""
    network, loss = make_problem(np.float32).network, Loss()
    sequences, targets = problem.sequences, problem.targets
    framing = type(sequences.framing)(*map(form, sequences.framing))
    sequences = sequences._replace(
        rows=form(sequences.rows), starts=form(sequences.starts), lengths=form(sequences.lengths), framing=framing
    )
    targets, weights = targets._replace(rows=form(targets.rows), starts=form(targets.starts)), form(problem.weights)
    initial = tuple([form(state) for state in states] for states in problem.initial)
    found = [network.forward(sequences, initial=initial), network.evaluate(sequences, targets, weights, loss)]
    batches, rates = form(np.arange(4).reshape(2, 2)), form(np.array([0.1, 0.2]))
    state = network.new_optimizer_state()
    found += network.train_steps(sequences, targets, weights, batches, rates, loss, Optimizer(), state)
    return [*found, network.params]


def test_every_form_gives_the_same_bits_and_compiles_nothing(form):
    problem = framed(make_problem(np.float32))
    warm_up("float32")
    expected, compiled = results(problem, lambda array: array), []
    known = [len(function.overloads) for function in ENTRY_POINTS]
    with on_compilation(lambda: compiled.append(1)):
        for one, other in zip(results(problem, form), expected, strict=True):
            assert_array_equal(one, other)
    assert not compiled
    assert [len(function.overloads) for function in ENTRY_POINTS] == known


def test_a_read_only_array_is_not_copied_and_stays_read_only():
    array = read_only(np.arange(5.0))
    view = plain(array)
    assert np.shares_memory(view, array)
    assert view.flags.carray
    assert not array.flags.writeable
    del array
    assert_array_equal(view, np.arange(5.0))  # it keeps the memory


def test_an_array_that_is_plain_already_is_passed_on():
    array = np.zeros((2, 3), np.float32)
    assert plain(array) is array
