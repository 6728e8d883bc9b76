"""Metrics of a backtest in a frame of Dask: those of the same rows in pandas."""

import pandas as pd
import pytest
from dask_frames import cut
from metrics_frames import ALONE, FRAME, HISTORY, SEASON

from tsl._tables import to_pandas
from tsl.metrics import evaluate

FEW_ROWS = 7  # of a partition: series and windows lie in several


@pytest.mark.parametrize("history", [HISTORY, cut(HISTORY, FEW_ROWS)], ids=["pandas", "dask"])
def test_a_table_is_that_of_pandas(history):
    options = {"metrics": ["owa", "rmse", "coverage", "crps"], "by": "step", "season": SEASON}
    found = evaluate(cut(FRAME, FEW_ROWS), history=history, **options)
    pd.testing.assert_frame_equal(found, evaluate(FRAME, history=HISTORY, **options), rtol=1e-13)
    alone = cut(ALONE, 2)  # one series, without a column for it
    pd.testing.assert_frame_equal(evaluate(alone), evaluate(ALONE))


def test_rows_for_each_series_are_lazy():
    lazy = evaluate(cut(FRAME, FEW_ROWS), by=["series", "step"], history=HISTORY)
    assert list(lazy._meta.columns) == ["unique_id", "step", "model", *evaluate(FRAME, history=HISTORY).columns[1:]]
    found = lazy.compute()
    assert [one.kind for one in lazy._meta.dtypes] == [one.kind for one in found.dtypes]
    expected = evaluate(FRAME, by=["series", "step"], history=HISTORY)
    keys = ["model", "unique_id", "step"]
    found, expected = (
        one.sort_values(keys, ignore_index=True).astype({"unique_id": object, "model": object})
        for one in (found, expected)
    )
    pd.testing.assert_frame_equal(found, expected, check_exact=True)


def test_what_is_wrong_is_named():
    frame = cut(FRAME, FEW_ROWS)
    with pytest.raises(ValueError, match="got none named 'b'"):
        evaluate(frame, ["mase"], history=cut(HISTORY[:40], FEW_ROWS))
    with pytest.raises(ValueError, match="history must have the column 'unique_id' of frame"):
        evaluate(frame, ["mase"], history=cut(HISTORY.drop(columns="unique_id"), FEW_ROWS))
    with pytest.raises(ValueError, match="frame must have a truth in column 'y', got none"):
        evaluate(cut(FRAME.assign(y=float("nan")), FEW_ROWS))
    with pytest.raises(TypeError, match=r"got a DataFrame of Dask: compute\(\) it first"):
        to_pandas(frame, "data")
