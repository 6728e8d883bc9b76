"""The metrics of a backtest equal those of utilsforecast."""

import numpy as np
import pytest
from metrics_frames import FRAME, HISTORY, LEVELS, MODELS, QUANTILES, SEASON
from numpy.testing import assert_allclose

from tsl.metrics import evaluate


def theirs(metric, frame=FRAME, **options):
    """(series, cutoff, model) values of utilsforecast, or of each series for a frame without cutoffs."""
    losses = pytest.importorskip("utilsforecast.losses", reason="it is only compared with")
    found = getattr(losses, metric)(frame, **options)
    keys = [name for name in ("unique_id", "cutoff") if name in found]
    long = found.melt(keys, var_name="model", value_name="value")
    return long.sort_values([*keys, "model"])["value"].to_numpy()


def ours(metric, frame=FRAME, **options):
    keys = [name for name in ("unique_id", "cutoff") if name in frame]
    by = ["series", *keys[1:]]
    found = evaluate(frame, [metric.partition("-")[0]], by=by, models=MODELS, **options)
    return found.sort_values([*keys, "model"])[metric].to_numpy()


@pytest.mark.parametrize("frame", [FRAME, FRAME.drop(columns="cutoff")], ids=["with cutoffs", "without"])
@pytest.mark.parametrize(
    ("metric", "name"), [("mae", "mae"), ("rmse", "rmse"), ("mape", "mape"), ("smape", "smape"), ("wmape", "nd")]
)
def test_errors_equal_utilsforecast(metric, name, frame):
    assert_allclose(ours(metric, frame), theirs(name, frame, models=MODELS), rtol=1e-12)


@pytest.mark.parametrize("metric", ["mase", "rmsse"])
def test_scaled_errors_equal_utilsforecast(metric):
    expected = theirs(metric, models=MODELS, seasonality=SEASON, train_df=HISTORY)
    assert_allclose(ours(metric, history=HISTORY, season=SEASON), expected, rtol=1e-12)
    shuffled = HISTORY.sample(frac=1.0, random_state=0)
    assert_allclose(ours(metric, history=shuffled, season=SEASON), expected, rtol=1e-12)


@pytest.mark.parametrize("level", LEVELS)
def test_coverage_equals_utilsforecast(level):
    assert_allclose(ours(f"coverage-{level}"), theirs("coverage", models=MODELS, level=level), rtol=1e-12)


def test_quantile_losses_equal_utilsforecast():
    columns = {m: [f"{m}-lo-95", f"{m}-lo-80", f"{m}-hi-80", f"{m}-hi-95"] for m in MODELS}
    assert_allclose(ours("pinball"), theirs("mqloss", models=columns, quantiles=QUANTILES), rtol=1e-12)
    scaled = theirs("scaled_crps", models=columns, quantiles=QUANTILES)
    size = FRAME.assign(y=FRAME["y"].abs()).groupby(["unique_id", "cutoff"])["y"].mean()
    assert_allclose(ours("crps") / np.repeat(size.to_numpy(), len(MODELS)), scaled, rtol=1e-12)
