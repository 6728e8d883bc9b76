"""Correctness of what forecasts are compared with: data, splits, yardsticks, and the way from frames to windows."""

import json

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from benchmarks import accuracy
from benchmarks.__main__ import main
from benchmarks.forecast_tasks import etth1, m4_hourly, project_tasks, sunspots
from benchmarks.peers import neuralforecast_accuracy
from benchmarks.yardsticks import linear_map, linear_maps, persistence, seasonal_naive, with_intervals, yardsticks
from tsl.baselines import SeasonalNaive
from tsl.metrics import rmse


def test_published_figures_come_out_of_the_data_that_are_shipped():
    tasks = project_tasks()
    spots = tasks["sunspots, one step"]
    found = spots.score(spots, linear_map(spots, spots.fit_stops, 12, "none", 0.0)(spots.ends))
    assert {name: round(value, 3) for name, value in found.items()} == {"1921-55": 0.126, "1956-79": 0.358}  # AR(12)
    for name, known, digits in [("sea surface temperature, 48 ahead", 0.332, 3), ("glucose, 6 ahead", 29.6, 1)]:
        task = tasks[name]
        assert round(task.score(task, persistence(task, task.ends))["RMSE"], digits) == known


def test_windows_with_time_stamps_are_the_last_ones_of_a_backtest():
    tasks = project_tasks()
    hours, weeks = (
        tasks["sea surface temperature by the hour, a day ahead"],
        tasks["carbon dioxide by the week, a year ahead"],
    )
    assert round(hours.score(hours, persistence(hours, hours.ends))["MAE"], 3) == 0.143
    assert round(weeks.score(weeks, seasonal_naive(weeks, weeks.ends))["MAE"], 2) == 1.73
    model = SeasonalNaive(52, season=52).fit(weeks.frame(weeks.fit_stops))
    table = model.backtest(weeks.frame(weeks.offsets[1:]), n_windows=8)
    assert_array_equal(table["y"].to_numpy().reshape(8, 52), weeks.truth)


def test_windows_are_those_of_the_public_splits(folder):
    m4, ett = m4_hourly(folder), etth1(folder)
    table = pd.read_csv(folder / "m4-hourly-test.csv", index_col=0)
    assert_allclose(m4.truth, table)
    assert m4.frame(m4.fit_stops).groupby("unique_id").size().tolist() == [700, 960]
    assert len(ett.ends) == 7 * 2785
    columns = pd.read_csv(folder / "ETTh1.csv", index_col=0)
    known = columns[:8640]
    standard = (columns - known.mean()) / known.std(ddof=0)
    assert_allclose(ett.truth[2785], standard["b"][11_520 : 11_520 + 96])  # the first window of the second column
    assert_allclose(ett.truth[-1], standard["g"][14_304:14_400])
    with pytest.raises(FileNotFoundError, match=r"--data must be a folder with m4-hourly-train.csv"):
        m4_hourly(folder / "elsewhere")


def test_seasonal_naive_repeats_the_last_season(folder):
    task = m4_hourly(folder)
    histories = [task.values[a:b] for a, b in zip(task.offsets, task.fit_stops)]
    assert_array_equal(seasonal_naive(task, task.ends), [np.tile(history[-24:], 2) for history in histories])


@pytest.mark.parametrize("shift", ["none", "last", "season"])
def test_linear_map_is_that_of_least_squares(shift, monkeypatch):
    monkeypatch.setattr("benchmarks.yardsticks.CHUNK", 7)  # in pieces
    task = sunspots()
    stop, window = task.fit_stops[0], 5
    ends = np.arange(window, stop)
    inputs = np.stack([task.values[end - window : end] for end in ends])
    level = {"none": 0.0 * inputs[:, :1], "last": inputs[:, -1:], "season": inputs.mean(axis=1, keepdims=True)}[shift]
    design = np.hstack([inputs - level, np.ones_like(level)])
    expected = design @ np.linalg.lstsq(design, task.values[ends, None] - level)[0] + level
    assert_allclose(linear_map(task, task.fit_stops, window, shift, 0.0)(ends), expected, rtol=1e-6)


def test_penalty_draws_the_map_to_the_mean():
    task = sunspots()
    free, bound = linear_maps(task, task.fit_stops, 12, "none", (0.0, 1e9))
    assert_allclose(bound(task.ends), task.values[12 : task.fit_stops[0]].mean(), rtol=1e-6)
    assert np.ptp(free(task.ends)) > 100


def test_half_of_all_windows_is_learned_from_if_so_wished():
    task = sunspots()
    thin, half = linear_maps(task, task.fit_stops, 12, "none", (0.0,), most=110)[0], np.arange(12, 221, 2)
    design = np.column_stack([np.stack([task.values[end - 12 : end] for end in half]), np.ones(len(half))])
    weights = np.linalg.lstsq(design, task.values[half])[0]
    assert_allclose(thin(half)[:, 0], design @ weights, rtol=1e-6)


def test_intervals_cover_what_they_say_where_errors_stay_the_same():
    task = project_tasks(quick=True)["sea surface temperature, 48 ahead"]
    noise = np.random.default_rng(0).normal(size=task.values.shape)

    def fit(stops):
        return lambda ends: task.at(ends) + noise[ends[:, None] + np.arange(task.horizon)]

    found = with_intervals(task, fit)
    for level, (low, high) in found.intervals.items():
        share = np.mean((low <= task.truth) & (task.truth <= high))
        assert abs(100 * share - level) < 6  # 273 windows: three deviations of 80 % are 7 points, and steps repeat


class Repeats:
    """A forecaster in the form of tsl's, which is the persistence with bounds."""

    def fit(self, data):
        self.fitted = data

    def predict(self, level):
        last = self.fitted.groupby("unique_id")["y"].last()
        steps = pd.DataFrame({"ds": np.arange(10_000, 10_048)}).merge(last.reset_index(), how="cross")
        return self.bounded(steps.rename(columns={"y": "y_pred"}), level)

    def backtest(self, data, n_windows, step, level):
        parts = []
        for name, part in data.groupby("unique_id"):
            values = part["y"].to_numpy()
            for end in range(len(values) - n_windows - self.horizon + 1, len(values) - self.horizon + 1, step):
                rows = slice(end, end + self.horizon)
                known = {"unique_id": name, "cutoff": end - 1, "y_pred": values[end - 1]}
                parts.append(pd.DataFrame({**known, "ds": part["ds"].to_numpy()[rows], "y": values[rows]}))
        return self.bounded(pd.concat(parts), level)

    def bounded(self, frame, level):
        for k in level:
            frame[f"y_pred-lo-{k}"], frame[f"y_pred-hi-{k}"] = frame["y_pred"] - k, frame["y_pred"] + k
        return frame.sample(frac=1.0, random_state=0)


@pytest.mark.parametrize("make", [m4_hourly, lambda folder: etth1(folder, n_windows=9)], ids=["predict", "backtest"])
def test_frames_of_a_forecaster_become_windows(folder, make):
    task, model = make(folder), Repeats()
    model.horizon = task.horizon
    forecasts, seconds = accuracy.own_forecasts(task, model)
    expected = persistence(task, task.ends)
    assert_array_equal(forecasts.points, expected)
    assert_array_equal(forecasts.intervals[80][0], expected - 80)
    assert_array_equal(forecasts.intervals[95][1], expected + 95)
    assert model.fitted.groupby("unique_id").size().tolist() == (task.fit_stops - task.offsets[:-1]).tolist()
    assert set(seconds) == {"fit_seconds", "predict_seconds"}


def test_a_backtest_of_other_windows_is_noticed(folder):
    class Late(Repeats):
        def backtest(self, data, **options):
            return super().backtest(data, **options).assign(y=lambda frame: frame["y"] + 1)

    model = Late()
    model.horizon = 96
    with pytest.raises(AssertionError, match="the backtest has other windows"):
        accuracy.own_forecasts(etth1(folder, n_windows=2), model)


def test_measured_counts_the_steps_that_are_scored():
    task = project_tasks(quick=True)["sea surface temperature, 48 ahead"]
    name, found = next(yardsticks(task))
    assert name == "seasonal naive"
    numbers = accuracy.measured(task, found)
    low, high = found.intervals[80]
    assert numbers["score"]["RMSE"] == rmse(task.truth[:, -1], found.points[:, -1])
    assert numbers["coverage"]["80"] == 100 * np.mean((low <= task.truth)[:, -1] & (task.truth <= high)[:, -1])
    assert 0 < numbers["coverage_error"]["80"] < 50
    assert_allclose(numbers["width"]["80"], np.mean((high - low)[:, -1]))


def test_standard_errors_of_coverage_allow_for_windows_that_are_alike():
    rng = np.random.default_rng(0)
    blocks = np.repeat(np.arange(2000), 5)
    alone, alike = rng.random((10_000, 1)) < 0.8, np.repeat(rng.random((2000, 1)) < 0.8, 5, axis=0)
    # sqrt(0.8 * 0.2 / n) for n independent windows, or n blocks of the same outcome
    assert_allclose(accuracy.standard_error(alone, blocks), 0.4 / np.sqrt(10_000), rtol=0.1)
    assert_allclose(accuracy.standard_error(alike, blocks), 0.4 / np.sqrt(2000), rtol=0.1)
    assert np.isnan(accuracy.standard_error(alone, np.zeros(10_000, int)))


def test_blocks_are_series_or_stretches_of_time(folder):
    assert len(np.unique(accuracy.blocks_of_windows(sunspots()))) == 20
    ett = etth1(folder)
    blocks = accuracy.blocks_of_windows(ett).reshape(7, -1)
    assert len(np.unique(blocks)) > 1
    assert (blocks == blocks[0]).all()  # seven columns at the same time
    assert np.diff(np.flatnonzero(np.diff(blocks[0], prepend=-1))).min() >= ett.horizon


def test_suite_prints_what_has_to_be_beaten(folder, tmp_path, capsys):
    path = tmp_path / "results.json"
    arguments = ["accuracy", "--quick", "--peers", "none", "--data", str(folder), "--json", str(path)]
    assert main([*arguments, "--only", "M4"]) == 0
    written = capsys.readouterr().out
    for word in ("OWA", "seasonal naive", "linear map (ridge)", "ES-RNN, winner of M4"):
        assert word in written
    (result,) = json.loads(path.read_text(encoding="utf-8"))["results"]
    assert result["methods"]["persistence"][0]["score"]["OWA"] > 0


def test_without_files_the_public_series_are_left_out(capsys):
    assert main(["accuracy", "--quick", "--peers", "none", "--only", "sunspots"]) == 0
    written = capsys.readouterr().out
    assert "--data DIR names the folder of their files" in written
    assert "AR(12)" in written


def test_peer_forecasts_every_series(folder):
    pytest.importorskip("neuralforecast", reason="a peer, which only the comparison needs")
    answer = neuralforecast_accuracy.m4(str(folder), None, 1)
    assert np.shape(answer["forecasts"]) == (2, 48)
    assert np.isfinite(answer["forecasts"]).all()
