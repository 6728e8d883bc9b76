"""Distribution of series among replicas, and the work of a replica in a round."""

from hashlib import blake2b

import numpy as np
import pandas as pd
import pytest
from forecasting_windows import PLANS, make_config, make_panel
from numpy.testing import assert_allclose, assert_array_equal

from tsl._tables.partitions import hashes_of
from tsl.forecasting.model import replicas
from tsl.forecasting.model.drawn import Drawing, draw, share_of
from tsl.forecasting.model.fit import start_network
from tsl.forecasting.model.replicas import (
    Preparation,
    RoundEnd,
    RoundStart,
    added,
    deal,
    group_steps,
    groups_of,
    local_steps,
    next_start,
    of_replica,
    replica_windows,
    sample_of,
    total,
)
from tsl.forecasting.model.rounds import round_config
from tsl.forecasting.model.windows import ColumnStats
from tsl.forecasting.panel.power import PowerTransform
from tsl.network import Optimizer
from tsl.training.schedules import cosine_rates

PLAN = PLANS["lagged"]
PREPARATION = Preparation("error", 0, PowerTransform(None), 18, "pad")


def test_the_hash_of_an_id_never_changes():
    # the first 8 bytes of BLAKE2b of "str:a" and "int:1", little-endian: a saved program must deal alike for ever
    assert hashes_of(pd.Index(["a"])).tolist() == [int.from_bytes(_digest("str:a"), "little")]
    for dtype in ("int8", "int64", "uint32", "object"):
        assert hashes_of(pd.Index([1], dtype=dtype)).tolist() == [int.from_bytes(_digest("int:1"), "little")]
    assert hashes_of(pd.Index(["1"])) != hashes_of(pd.Index([1]))


def _digest(text):
    return blake2b(text.encode(), digest_size=8).digest()


def test_each_series_is_in_one_replica_whatever_their_order():
    panel = make_panel((30,) * 40)
    dealt, turned = deal(panel, 7), deal(panel.of_series(np.arange(40)[::-1]), 7)
    assert sorted(np.concatenate([part.ids for part in dealt])) == sorted(panel.ids)
    for one, other in zip(dealt, turned):
        assert one.ids.equals(other.ids)
        assert_array_equal(one.values, other.values)
        assert_array_equal(one.values[:30], panel.values[30 * (k := panel.ids.get_loc(one.ids[0])) : 30 * k + 30])


def test_the_sample_has_the_series_with_the_smallest_hashes(monkeypatch):
    panel = make_panel((30,) * 40)
    monkeypatch.setattr(replicas, "SAMPLE_SERIES", 10)
    smallest = panel.ids[np.argsort(hashes_of(panel.ids))[:10]]
    assert sample_of(panel).ids.equals(smallest)
    assert sample_of(sample_of(panel)).ids.equals(smallest)
    monkeypatch.setattr(replicas, "SAMPLE_ROWS", 95)  # three series of 30 rows
    assert sample_of(panel).ids.equals(smallest[:3])
    monkeypatch.setattr(replicas, "SAMPLE_ROWS", 1)
    assert sample_of(panel).ids.equals(smallest[:1])


@pytest.fixture(scope="module")
def source():
    """What the only replica draws from."""
    panel = make_panel(n_future=0)
    return replica_windows(panel, PREPARATION, PLAN, ColumnStats.learn(panel))


@pytest.fixture(scope="module")
def start(source):
    """The beginning of a round."""
    network = start_network(source.windows, source.sampler, make_config(), np.random.RandomState(0))
    config = round_config(make_config(n_steps=8, dropout=0.2))
    return RoundStart(network, network.new_optimizer_state(), config, 0)


@pytest.fixture(scope="module")
def drawn(source, start):
    """The windows of both rounds by the number of a replica, which determines only its random numbers."""
    drawing = Drawing(lambda data: data, 3, 0)
    return {k: draw(source, drawing, k, 0, start.config.n_windows(0, 2)) for k in range(7)}


def test_a_replica_is_a_pure_function(start, drawn):
    before = start.network.params.copy()
    one, again = local_steps(start, drawn[5], 1.0), local_steps(start, drawn[5], 1.0)
    for a, b in zip(one, again):
        assert_array_equal(a, b)
    assert_array_equal(start.network.params, before)
    assert not start.moments.mean.any()
    assert start.moments.step == 0
    assert not np.array_equal(local_steps(start, drawn[6], 1.0).params, one.params)


def test_changes_are_weighted_and_added(start, drawn):
    whole, part = local_steps(start, drawn[0], 1.0), local_steps(start, drawn[0], 0.25)
    for a, b in zip(total(part, part, part, part), whole):
        assert_array_equal(a, b)  # quarters are exact
    assert (np.abs(whole.params) > 0).any()
    assert (whole.mean_sq >= 0).all()


def test_rounds_begin_where_all_replicas_are_on_average(start, drawn):
    one, other = local_steps(start, drawn[0], 0.75), local_steps(start, drawn[1], 0.25)
    second = start.next(one, other)
    assert_array_equal(second.network.params, start.network.params + (one.params + other.params))
    assert (second.number, second.moments.step) == (1, 5)
    assert_array_equal(second.losses, one.losses + other.losses)
    third = second.next(local_steps(second, drawn[0], 1.0))
    assert third.moments.step == len(third.losses) == len(third.norms) == 8  # five steps, and the three that are left
    assert third.is_finite()
    assert not third.next(one._replace(mean_sq=one.mean_sq * np.nan)).is_finite()


@pytest.mark.parametrize("n_at_once", [1, 2, 3, 5, 7, 100])
def test_groups_do_not_change_the_sum(start, drawn, n_at_once):
    shares, each = np.arange(1, 8) / 28, list(drawn.values())
    after = start.next(*(local_steps(start, one, share) for one, share in zip(each, shares)))
    assert next_start(RoundEnd(start)) is start
    groups = groups_of(7, n_at_once)
    assert [one for group in groups for one in each[group]] == each
    ends = [group_steps(each[one], shares[one], RoundEnd(start)) for one in groups]
    for all_ends in (ends, [added(*ends[k : k + 2]) for k in range(0, len(ends), 2)]):
        second = next_start(*all_ends)
        for a, b in zip((second.network.params, second.moments.mean), (after.network.params, after.moments.mean)):
            assert_array_equal(a, b)
        assert (second.number, second.losses.tolist()) == (1, after.losses.tolist())


def test_there_are_as_many_groups_as_tasks_run_at_once():
    sizes = {
        (8, 1): [8],
        (8, 2): [4, 4],
        (8, 3): [2] * 4,
        (8, 8): [1] * 8,
        (3, 100): [1] * 3,
        (7, 2): [4, 3],
        (1, 4): [1],
    }
    for (n_replicas, n_at_once), expected in sizes.items():
        covered = np.arange(n_replicas)
        assert [len(covered[one]) for one in groups_of(n_replicas, n_at_once)] == expected
    assert groups_of(0, 2) == []


def test_the_rates_of_all_rounds_are_the_schedule(start):
    config = start.config
    expected = cosine_rates(config.schedule, np.arange(8), 8)
    assert_array_equal(np.concatenate([config.rates(0), config.rates(1)]), expected)


@pytest.mark.parametrize(
    ("solver", "rate", "alpha"),
    [("adam", 4e-2, 0.2), ("rmsprop", 4e-2, 0.2), ("adamw", 4e-2, 0.05), ("sgd", 1e-2, 0.2)],
)
def test_a_smaller_batch_takes_a_higher_rate_of_adam(solver, rate, alpha):
    # 16 of 256 windows: the noise of a gradient is 4 times as large
    config = round_config(make_config(batch_size=256, learning_rate_init=1e-2, optimizer=Optimizer(solver, alpha=0.2)))
    own = of_replica(config, 16)
    assert own.batch_size == 16
    assert_allclose([own.schedule.init, own.optimizer.alpha], [rate, alpha])
    assert of_replica(config, 1000).batch_size == 1
    assert_allclose(of_replica(config, 1000).schedule.init, 1.6e-1 if solver != "sgd" else 1e-2)  # 256 parts


def test_a_replica_stands_for_its_series():
    panel = make_panel((40, 40, 18, 7), n_future=0)
    stats = ColumnStats.learn(panel)
    data = replica_windows(panel, PREPARATION, PLAN, stats)
    assert_allclose(share_of(data), 4.0)
    skipping = Preparation("error", 0, PowerTransform(None), 30, "skip")
    with pytest.warns(UserWarning, match="2 series are shorter than the 30 rows"):
        assert_allclose(share_of(replica_windows(panel, skipping, PLAN, stats)), 2.0)
    short = panel.of_series(np.array([2, 3]))
    assert share_of(replica_windows(short, skipping, PLAN, stats)) == 0.0
    assert share_of(replica_windows(panel.of_series(np.zeros(0, np.int64)), PREPARATION, PLAN, stats)) == 0.0
