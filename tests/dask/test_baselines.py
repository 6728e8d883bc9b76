"""Baselines on a frame of Dask, without a cluster: the numbers of pandas."""

import numpy as np
import pandas as pd
import pytest
from dask_frames import assert_same, cut
from replica_frames import long_frame
from sklearn.base import clone

from tsl.baselines import Drift, Naive, SeasonalNaive, WindowAverage

FRAME = long_frame()
SUMS = {"rtol": 1e-13}  # which are made in another order
KINDS = [Naive(6), SeasonalNaive(6), Drift(6), WindowAverage(6, season=12)]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: type(kind).__name__)
def test_forecasts_are_those_of_pandas(kind):
    lazy, plain = clone(kind).fit(cut(FRAME)), clone(kind).fit(FRAME)
    assert lazy.season_ == plain.season_ == 12
    assert_same(lazy.predict(4), plain.predict(4))
    assert_same(lazy.backtest(n_windows=2, step=3, gap=1), plain.backtest(n_windows=2, step=3, gap=1))
    assert lazy.score() == pytest.approx(plain.score(), rel=1e-12)


def test_intervals_refits_and_later_rows_are_those_of_pandas():
    newer = FRAME[FRAME["ds"] >= "2024-03-31"]
    older = FRAME[FRAME["ds"] < "2024-03-31"]
    lazy, plain = SeasonalNaive(6).fit(cut(older)), SeasonalNaive(6).fit(older)
    options = {"n_windows": 3, "level": 80, "quantiles": [0.3]}
    assert_same(lazy.predict(level=80), plain.predict(level=80), **SUMS)
    assert_same(
        lazy.backtest(refit=2, window="sliding", **options),
        plain.backtest(refit=2, window="sliding", **options),
        **SUMS,
    )
    for model in (lazy, plain):  # one that was fitted to pandas takes a frame of Dask, too
        assert_same(model.predict(data=cut(newer)), plain.predict(data=newer))
        assert_same(
            model.backtest(cut(newer), n_windows=1, level=80), plain.backtest(newer, n_windows=1, level=80), **SUMS
        )
    expected = clone(plain).fit(older).update(newer).predict()
    assert_same(lazy.update(cut(newer)).predict(), expected)
    assert_same(plain.update(cut(newer)).predict(), expected)


def test_other_series_in_partitions_that_know_none():
    few, others = FRAME[FRAME["unique_id"] < "s2"], FRAME[FRAME["unique_id"] > "s3"]
    lazy, plain = SeasonalNaive(6).fit(cut(few, 20)), SeasonalNaive(6).fit(few)
    assert_same(lazy.predict(data=cut(others)), plain.predict(data=others))
    found, expected = (model.backtest(data, n_windows=1) for model, data in ((lazy, cut(others)), (plain, others)))
    assert_same(found, expected)


def test_what_is_wrong_is_named():
    missing = FRAME.assign(y=FRAME["y"].where(FRAME.index != 333))
    with pytest.raises(ValueError, match="in series 's3': use missing="):
        Naive(6).fit(cut(missing))
    with pytest.raises(ValueError, match="id_col must name a column of data"):
        Naive(6).fit(cut(FRAME.drop(columns="unique_id")))
    model = Naive(6).fit(cut(FRAME))
    with pytest.raises(ValueError, match="simulate does not take series from a Dask frame"):
        model.simulate()
    with pytest.raises(ValueError, match="cold_start must be False for series on Dask, got True"):
        model.backtest(cold_start=True)
    with pytest.raises(ValueError, match="data must be None if series come from a Dask frame"):
        model.score(cut(FRAME))
    with pytest.raises(ValueError, match="which was not a long frame, got a Dask frame"):
        Naive(6).fit(FRAME["y"][:100]).predict(data=cut(FRAME))
    assert isinstance(model.fit(FRAME).predict(), pd.DataFrame)
    assert np.isfinite(model.simulate(2)["path-0"]).all()
