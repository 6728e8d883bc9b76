"""The benchmarks of replicas compute the right figures, and leave out what is not installed."""

import importlib
import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from benchmarks import distributed, distributed_accuracy, distributed_peers
from benchmarks.__main__ import main
from benchmarks.distributed_tasks import hourly_values, long_frame, panel_task
from benchmarks.forecast_tasks import m4_hourly
from benchmarks.yardsticks import seasonal_naive
from tsl import LSTMForecaster
from tsl.metrics import mase, smape


def run_suite(tmp_path, *arguments):
    """Results by case, of a run with tiny work."""
    path = tmp_path / "results.json"
    assert main(["distributed", "--quick", "--peers", "none", "--threads", "2", "--json", str(path), *arguments]) == 0
    return {result["case"]: result for result in json.loads(path.read_text(encoding="utf-8"))["results"]}


def test_a_round_is_measured_by_its_tasks(tmp_path, capsys):
    result = run_suite(tmp_path, "--only", "round")["round"]
    assert set(result["seconds"]) == {"RoundEnd", "draw", "group_steps", "next_start", "share_of"}
    assert result["bytes"]["group_steps"] > 3 * 4 * 1000  # three arrays of single precision, of some thousand weights
    assert "Scaling, simulated" in capsys.readouterr().out


def test_simulated_rounds():
    alone = distributed.simulated(8, 1, 1.0, 0.1, 1e6, 1e6, 125e6)
    assert alone == pytest.approx(8 * 1.0 + 7 * 0.1)
    # two hops down, each of a message of 8 ms and a millisecond; one task adds what three others send
    expected = 2.0 + 0.1 + 2 * 0.009 + 0.001 + 3 * (0.008 + 0.1)
    assert distributed.simulated(8, 4, 1.0, 0.1, 1e6, 1e6, 125e6) == pytest.approx(expected)


def test_accuracy_by_replicas_and_local_steps(tmp_path, folder, capsys):
    results = run_suite(tmp_path, "--only", "accuracy", "--data", str(folder))
    for task in ("M4 Hourly", "simulated hours"):
        one, two = (results[f"{task}, {name}"]["scores"][0]["MASE"] for name in ("1 replicas", "2 replicas"))
        assert 0 < one < 5
        assert one != two
    rounds = [results[f"8 replicas, rounds of {n} steps"]["scores"][0]["MASE"] for n in (1, 5, 10, 50)]
    assert len(set(rounds)) == 4  # the number of steps has an effect
    assert "local steps" in capsys.readouterr().out


def test_accuracy_without_the_files_says_so(capsys, tmp_path):
    assert "M4 Hourly" not in run_suite(tmp_path, "--only", "accuracy, M4")
    assert "M4 Hourly is left out: --data DIR" in capsys.readouterr().out


def test_held_out_windows_are_those_of_the_end_of_the_training_part(folder):
    task = m4_hourly(folder)
    stops = task.fit_stops - 96
    held = replace(task, fit_stops=stops, ends=np.add.outer(stops, distributed_accuracy.CUTOFFS).ravel())
    model = LSTMForecaster(48, **distributed_accuracy.ONE_NETWORK | {"max_iter": 5}, random_state=0)
    model.fit(held.frame(stops))
    scores = []
    for ahead in distributed_accuracy.CUTOFFS:
        own = replace(held, ends=stops + ahead)
        points = model.predict(data=task.frame(stops + ahead))["y_pred"].to_numpy().reshape(-1, 48)
        scores.append(held.score(own, points)["MASE"])
    assert distributed_accuracy._held_out(model, held)["MASE"] == pytest.approx(np.mean(scores), rel=1e-6)
    assert (held.ends + 48 <= task.fit_stops.repeat(5)).all()


def test_simulated_hours():
    values = hourly_values(30, 400)
    assert values.shape == (30, 400)
    assert (values > 0).all()
    assert_allclose(hourly_values(30, 400), values)
    daily = np.mean([np.corrcoef(one[24:], one[:-24])[0, 1] for one in np.log(values)])
    assert daily > 0.5  # a cycle of a day
    task = panel_task("simulated", values, 48)
    points = seasonal_naive(task, task.ends)
    score = task.score(task, points)
    expected = [mase(one[-48:], own, one[:-48], season=24) for one, own in zip(values, points)]
    assert score["MASE"] == pytest.approx(np.mean(expected))
    assert score["sMAPE"] == pytest.approx(200 * np.mean([smape(one[-48:], own) for one, own in zip(values, points)]))


def quick_bench():
    """A bench that keeps what is said and tabulated."""
    bench = SimpleNamespace(options=SimpleNamespace(quick=True), said=[], rows=[])
    bench.say, bench.record = bench.said.append, lambda *args, **numbers: None
    bench.table = lambda title, header, rows: bench.rows.extend(rows)
    return bench


def test_peers_are_compared_on_the_same_panel():
    size = distributed_peers.PANEL | {"n_series": 48}
    truth = long_frame(hourly_values(**size))
    seen = []

    def oracle(bench, data):
        read = pd.concat([pd.read_parquet(one) for one in data.folder.iterdir()])
        seen.append(read.sort_values(["unique_id", "ds"], ignore_index=True))
        future = truth[truth["ds"] > data.frame["ds"].max()].rename(columns={"y": "oracle"})
        return distributed_peers.Run(1.0, 2.0, future.sample(frac=1, random_state=0))

    bench = quick_bench()
    distributed_peers.compare(bench, {"oracle": oracle})
    assert bench.rows[1] == ["oracle", "1.0", "2.0", "0.000", "0.000", "0.000"]
    expected = truth[truth["ds"] < truth["ds"].max() - pd.Timedelta("23h")]
    pd.testing.assert_frame_equal(
        seen[0], expected.sort_values(["unique_id", "ds"], ignore_index=True), check_dtype=False
    )


def test_a_peer_that_is_not_installed_is_left_out(monkeypatch):
    def missing(name, *package):
        if name.startswith("mlforecast"):
            raise ImportError(f"No module named {name!r}")
        return found(name, *package)

    found = importlib.import_module
    monkeypatch.setattr(importlib, "import_module", missing)
    bench = quick_bench()
    distributed_peers.compare(bench, {"LightGBM": distributed_peers.RIVALS["peers, LightGBM, 3 lags"]})
    assert bench.said == ["LightGBM is left out: No module named 'mlforecast.distributed'"]
    assert len(bench.rows) == 1  # the seasonal naive forecast


@pytest.mark.long
def test_peers_on_a_cluster(tmp_path):
    results = run_suite(tmp_path, "--only", "peers")
    for name in ("LSTMForecaster, one process, window 48", "DaskLSTMForecaster, window 168"):
        assert 0 < results[f"peers, {name}"]["score"]["MASE"] < 5
