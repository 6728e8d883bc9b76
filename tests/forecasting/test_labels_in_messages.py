"""Numeric ids in messages: written as in Python, 7 and not np.int64(7)."""

import numpy as np
import pandas as pd
import pytest

from tsl import LSTMForecaster
from tsl.baselines import Naive
from tsl.windows import OutlierWarning

LONG = pd.DataFrame({"unique_id": np.repeat([3, 7], 30), "ds": [*range(30)] * 2, "y": np.arange(60.0) % 5 + 1})
LAST = LONG.index[-1]


def fit(frame, **roles):
    return Naive(2).fit(frame, **roles)


@pytest.mark.parametrize(
    "fails",
    [
        lambda: fit(LONG.assign(y=LONG["y"].where(LONG.index < LAST))),
        lambda: fit(pd.concat([LONG, LONG[-1:]])),
        lambda: fit(LONG.assign(kind=LONG.index), static=["kind"]),
        lambda: fit(LONG).update(LONG[-1:]),
        lambda: LSTMForecaster(2, target_transform="log").fit(LONG.assign(y=LONG["y"].where(LONG.index < LAST, -1))),
        lambda: LSTMForecaster(2, bounds=(0, None)).fit(LONG.assign(y=LONG["y"].where(LONG.index < LAST, -1))),
        lambda: LSTMForecaster(2, loss="poisson").fit(LONG.assign(y=LONG["y"].where(LONG.index < LAST, 0.5))),
    ],
    ids=["missing", "twice", "static", "known", "negative", "bounds", "counts"],
)
def test_series_are_named_as_in_python(fails):
    with pytest.raises(ValueError, match=r"\b(series|in) (3|7)\b") as raised:
        fails()
    assert "np." not in str(raised.value)


def test_the_series_of_an_outlier_is_named_as_in_python():
    model = LSTMForecaster(2, window=4, season=1, max_iter=0, scaling="window", calendar=None)
    with pytest.warns(OutlierWarning, match=r"in series 7: "):
        model.fit(LONG.assign(y=LONG["y"].where(LONG.index < LAST, 1e9)))
