"""Windows that a replica draws for several rounds at once."""

import pickle
from dataclasses import replace

import numpy as np
import pytest
from forecasting_windows import PLANS, make_config, make_panel
from numpy.testing import assert_array_equal

from tsl.forecasting.model.drawn import Drawing, draw, in_own_rows, share_of
from tsl.forecasting.model.fit import start_network
from tsl.forecasting.model.replicas import Preparation, replica_windows
from tsl.forecasting.model.sampling import training_cutoffs
from tsl.forecasting.model.windows import ColumnStats, Windowing
from tsl.forecasting.panel.power import PowerTransform
from tsl.network import Loss

PREPARATION = Preparation("mask", 0, PowerTransform(None), 18, "pad")
COUNTS = np.array([6, 6, 6, 4])


LOSSES = {"counts": Loss("poisson")}


def source_of(plan):
    panel = make_panel((40, 25, 7), n_future=plan.n_future)
    panel = replace(panel, values=np.abs(panel.values).round())
    return replica_windows(panel, PREPARATION, plan, ColumnStats.learn(panel))


@pytest.mark.parametrize("name", [*PLANS, "counts"])
def test_copied_windows_are_the_same_to_the_network(name):
    source = source_of({**PLANS, "counts": Windowing(12, 4, 6, counts="poisson")}[name])
    loss, plan = LOSSES.get(name, Loss("absolute_error")), source.windows.windowing
    network = start_network(source.windows, source.sampler, make_config(loss=loss), np.random.RandomState(0))
    cutoffs = training_cutoffs(source.windows.panel, plan.window, plan.horizon)
    in_place, copied = source.windows.samples(cutoffs), source.copied(cutoffs)
    assert_array_equal(network.forward(copied.sequences), network.forward(in_place.sequences))
    for a, b in zip(network.gradient(*copied, loss)[:2], network.gradient(*in_place, loss)[:2]):
        assert_array_equal(a, b)


def test_the_windows_of_a_round_do_not_depend_on_how_many_are_drawn_at_once():
    source, drawing = source_of(PLANS["lagged"]), Drawing(lambda data: data, 3, 0)
    together = draw(source, drawing, 5, 10, COUNTS)
    for k, count in enumerate(COUNTS):
        samples, seed = together.of_round(10 + k)
        alone, own_seed = draw(source, drawing, 5, 10 + k, np.array([count])).of_round(10 + k)
        assert seed == own_seed
        assert len(samples.sequences.starts) == count
        network = start_network(source.windows, source.sampler, make_config(), np.random.RandomState(0))
        assert_array_equal(network.forward(samples.sequences), network.forward(alone.sequences))
    assert len(set(together.seeds)) == len(COUNTS)
    others = [draw(source, Drawing(drawing.read, 4, 0), 5, 10, COUNTS), draw(source, drawing, 6, 10, COUNTS)]
    assert all(other.seeds != together.seeds for other in others)


def test_drawn_windows_are_small_however_long_the_series_are():
    panel = make_panel((20_000,), n_future=0)
    source = replica_windows(panel, PREPARATION, PLANS["lagged"], ColumnStats.learn(panel))
    drawn = draw(source, Drawing(lambda data: data, 3, 0), 0, 0, COUNTS)
    assert len(pickle.dumps(drawn)) < 20_000 < len(pickle.dumps(source)) / 20  # 22 windows of some 20 rows
    assert share_of(drawn) == source.total


def test_a_replica_without_windows_draws_none():
    assert draw(None, Drawing(lambda data: data, 3, 0), 0, 0, COUNTS) is None
    assert share_of(None) == 0.0


def test_windows_that_begin_before_all_rows_or_end_beyond_them():
    source = source_of(PLANS["lagged"])
    n_rows = source.windows.windowing.window
    first, last = 1, int(source.windows.panel.offsets[-1]) - source.windows.windowing.horizon
    samples = source.windows.samples(np.array([first, last]))
    assert samples.sequences.starts[0] < 0
    longer = in_own_rows(samples, n_rows + 100, source.windows.windowing.horizon)
    assert longer.sequences.rows.shape[0] == 2 * (n_rows + 100)
    network = start_network(source.windows, source.sampler, make_config(), np.random.RandomState(0))
    assert_array_equal(network.forward(longer.sequences), network.forward(samples.sequences))
