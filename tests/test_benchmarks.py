"""The benchmarks' own arithmetic, and that the command runs; how fast anything is, is no matter here."""

import json
import subprocess
import sys

import pytest

from benchmarks.__main__ import main
from benchmarks.measure import Result, fastest, milliseconds, plan_turns, ratio, table, turns
from benchmarks.problem import lstm_flops, lstm_job


def test_result_keeps_median_and_spread():
    kept = Result([0.003, 0.001, 0.002, 0.004, 0.005]).as_dict()
    assert kept["median_ms"] == pytest.approx(3.0)
    assert kept["quartiles_ms"] == pytest.approx([2.0, 4.0])
    assert (kept["min_ms"], kept["max_ms"], kept["repetitions"]) == (pytest.approx(1.0), pytest.approx(5.0), 5)
    json.dumps(kept)


def test_ratio_and_fastest_peer():
    results = {"tsl": Result([1.0]), "slow": Result([4.0]), "quick": Result([2.0])}
    assert ratio(results["slow"], results["tsl"]) == 4.0
    assert fastest(results) == "quick"
    assert fastest({"tsl": Result([1.0])}) is None


def test_every_turn_has_every_rival_in_changing_order():
    assert list(turns(["a", "b", "c"], 2)) == ["a", "b", "c", "b", "c", "a"]
    assert list(turns([], 3)) == []


def test_turns_share_the_budget():
    # a quarter of a second of each makes 5 + 1 repetitions: 2.25 s a round
    assert plan_turns({"quick": 0.05, "slow": 2.0}, 12.0) == ({"quick": 5, "slow": 1}, 5)
    assert plan_turns({"slow": 30.0}, 12.0) == ({"slow": 1}, 3)
    assert plan_turns({"none": 0.0}, 12.0)[0] == {"none": 1000}
    assert plan_turns({"quick": 0.05}, 0.0) == ({"quick": 1}, 2)


@pytest.mark.parametrize(("seconds", "text"), [(1.2345, "1234"), (0.01234, "12.3"), (4.5e-5, "0.045")])
def test_milliseconds_have_three_digits(seconds, text):
    assert milliseconds(seconds) == text


def test_table_columns_line_up():
    lines = table(["name", "ms"], [["a", "1"], ["bcdef", "100"]]).splitlines()
    assert lines == ["name    ms", "-----  ---", "a        1", "bcdef  100"]


def test_flops_count_the_products_of_every_layer():
    # 2 * 4H * (C + H) a window and step: 2 * 20 * (3 + 5) + 2 * 20 * (5 + 5), for 7 steps of 2 windows
    job = lstm_job("train", 7, 2, 3, 5, 2, 1)
    assert lstm_flops(job) == 14 * (320 + 400)
    assert lstm_flops(job | {"one_hot": True}) == 14 * (200 + 400)


def test_command_prints_its_table_and_writes_json(tmp_path):
    path = tmp_path / "train.json"
    command = [sys.executable, "-m", "benchmarks", "train", "--quick", "--peers", "none", "--threads", "1"]
    done = subprocess.run([*command, "--json", str(path)], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "A training step" in done.stdout
    kept = json.loads(path.read_text(encoding="utf-8"))
    assert kept["results"][0]["rivals"]["tsl"]["median_ms"] > 0
    assert kept["machine"]["gflops_limit"]["1"] > 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nothing"], "invalid choice: 'nothing'"),
        (["train", "--peers", "torch,caffe"], "no peer 'caffe': choose from torch"),
        (["train", "--threads", "0"], "must be a whole number from 1 up, got '0'"),
    ],
)
def test_wrong_arguments_are_named(arguments, message, capsys):
    with pytest.raises(SystemExit):
        main(arguments)
    assert message in capsys.readouterr().err
