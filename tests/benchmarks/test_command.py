"""The arithmetic of the benchmarks, and that the command runs; speed is not tested here."""

import json
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from benchmarks import bench as bench_module
from benchmarks import generate, train
from benchmarks import machine as machine_module
from benchmarks.__main__ import main
from benchmarks.bench import Bench, Options
from benchmarks.measure import Result, fastest, milliseconds, plan_turns, ratio, share_in_words, table, turns
from benchmarks.peers import Candidate
from benchmarks.pool import RivalError
from benchmarks.problem import lstm_flops, lstm_job, macbeth_windows, problem, windows
from benchmarks.worker import Rival


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


class InProcess:
    """A worker without a process: fails as the names of rivals say."""

    def __init__(self, name, n_threads):
        self.name, self.rival = name, Rival("tsl", n_threads)

    def send(self, **request):
        self.request = request

    def receive(self):
        do = self.request.pop("do")
        if self.name == f"fails to {do}":
            raise RivalError("broken", ended=do == "run")
        return getattr(self.rival, do)(**self.request)

    def ask(self, **request):
        self.send(**request)
        return self.receive()

    def close(self):
        pass


@pytest.fixture
def in_process(monkeypatch):
    monkeypatch.setattr(bench_module, "Worker", InProcess)


@pytest.mark.usefixtures("in_process")
@pytest.mark.parametrize("stage", ["hello", "compile", "choose", "run"])
def test_a_rival_that_fails_does_not_end_the_run(stage, capsys):
    rival = f"fails to {stage}"
    with Bench("train", Options((rival,), 1, quick=True)) as bench:
        for name in ("first", "second"):
            results = bench.compare(name, lstm_job("train", 3, 4, 2, 5, 1, 1))
            assert list(results) == ["tsl"]
    said = capsys.readouterr().out.splitlines()
    once = stage == "hello"  # a peer that is not installed is not asked again
    cases = [""] if once else [" of first", " of second"]
    assert said == [f"{rival} is left out{case}: broken" for case in cases]
    assert [kept["failed"] for kept in bench.records] == [{} if once else {rival: "broken"}] * 2


@pytest.mark.usefixtures("in_process")
@pytest.mark.parametrize(
    ("suite", "cases"),
    [
        ("train", ["tiny", "epoch"]),
        (
            "predict",
            [
                "tiny, 8 windows",
                "tiny, 512 windows",
                "one window, h8",
                "one window, h8, bare",
                "one window, h8, exported",
                "one series, after the known rows",
                "one series, after 24 newer rows",
            ],
        ),
        ("article", ["article"]),
    ],
)
def test_suite_keeps_every_case(suite, cases, tmp_path, capsys):
    path = tmp_path / "results.json"
    assert main([suite, "--quick", "--peers", "none", "--json", str(path)]) == 0
    assert capsys.readouterr().out.startswith(f"{suite}: ")
    assert [result["case"] for result in json.loads(path.read_text(encoding="utf-8"))["results"]] == cases


@pytest.mark.usefixtures("in_process")
@pytest.mark.parametrize("suite", ["train", "predict", "generate"])
def test_share_above_the_limit_is_a_fault_of_the_measurement(suite, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(machine_module, "measure_limits", lambda n_threads, seconds: {"register loop": 1e-9})
    monkeypatch.setattr(generate, "_measure", lambda *case: {"tsl": Result([1e-6])})  # its kernels take long to compile
    path = tmp_path / "results.json"
    assert main([suite, "--quick", "--peers", "none", "--json", str(path)]) == 0
    printed = capsys.readouterr().out
    assert "% (!)" in printed
    assert printed.count("the limit was measured too low") == 1
    faults = json.loads(path.read_text(encoding="utf-8"))["faults"]
    assert {fault["rival"] for fault in faults} == {"tsl"}
    assert min(fault["share_of_limit"] for fault in faults) > 1


def test_share_that_can_be_is_not_marked(capsys):
    assert [share_in_words(share) for share in (0.474, 1.0, 1.004)] == ["47 %", "100 %", "100.4 % (!)"]
    bench = Bench("train", Options(quick=True))
    bench.machine["gflops_limit"] = {1: 50.0}
    assert bench.share("h32", "tsl", 49.9, 1) == "100 %"
    bench.table("title", ["share"], [["100 %"]])
    assert "(!)" not in capsys.readouterr().out
    assert bench.as_dict()["faults"] == []


def test_goals_are_those_of_the_instruction_set():
    assert all(set(found) == set(train.SHAPES) for found in train.GOALS.values())
    job = lstm_job("train", 3, 4, 2, 5, 1, 1)
    results = {"tsl": Result([1.0]), "torch": Result([3.0]), "jax": Result([4.0])}

    def rows(instruction_set):
        machine = {"instruction_set": instruction_set, "gflops_limit": {1: 1.0}, "not_held": {"jax": "why"}}
        bench = SimpleNamespace(machine=machine, options=Options())
        bench.label, bench.share = (lambda rival: Bench.label(bench, rival)), (lambda *case: "1 %")
        return [[row[1], *row[4:7]] for row in train._rows(bench, "h64", job, results)]

    others = [["tsl", "1.00", "", ""], ["jax (not held)", "4.00", "", ""]]
    assert rows("AVX2") == [others[0], ["torch", "3.00", "3", "4"], others[1]]
    assert rows("AVX-512") == [others[0], ["torch", "3.00", "", "3.5"], others[1]]
    assert rows("baseline (128 bits)") == [others[0], ["torch", "3.00", "", ""], others[1]]


def test_worker_keeps_the_fastest_way_that_works(monkeypatch):
    def fails():
        raise MemoryError("no room")

    calls = []
    ways = [Candidate("fails", fails), Candidate("works", lambda: calls.append(1), units=4)]
    rival = Rival("tsl", 1)
    monkeypatch.setattr(rival, "_task", lambda task: lambda job, n_threads: ways)
    rival.compile({"task": "any"})
    chosen = rival.choose()
    assert chosen["candidate"] == "works"
    assert chosen["candidates"]["fails"] == "MemoryError: no room"
    n_before = len(calls)
    assert len(rival.run(3)["seconds"]) == 3
    assert len(calls) == n_before + 4  # one more, untimed, wakes it up


def test_worker_says_which_task_a_rival_lacks():
    with pytest.raises(LookupError, match=r"it has no task 'dance.tango'"):
        Rival("tsl", 1).compile({"task": "dance.tango"})


def test_problem_has_the_shapes_of_the_job():
    inputs, targets = problem(lstm_job("train", 3, 4, 2, 5, 1, 6, batches=7))
    assert (inputs.shape, targets.shape) == ((7, 4, 3, 2), (7, 4, 6))
    codes, labels = problem(lstm_job("train", 3, 4, 2, 5, 1, 6, one_hot=True, loss="log_loss"))
    assert (codes.shape, labels.shape) == ((8, 4, 3), (8, 4))
    inputs, targets = windows(lstm_job("epoch", 3, 4, 2, 5, 1, 6, windows=9))
    assert (inputs.shape, targets.shape) == ((9, 3, 2), (9, 6))


def test_windows_of_the_play_have_every_character_as_a_label():
    inputs, labels = macbeth_windows(100, 50)
    assert inputs.shape == (100, 50, 1)
    assert set(labels.tolist()) == set(range(42))  # distinct characters of the lower-cased play
    assert 0 <= inputs.min() < inputs.max() < 1
    np.testing.assert_allclose(np.round(inputs * 42), inputs * 42, rtol=1e-6)  # whole numbers, but for float32


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nothing"], "invalid choice: 'nothing'"),
        (["train", "--peers", "torch,caffe"], "no peer 'caffe': choose from torch"),
        (["train", "--isa", "sse9"], "argument --isa: invalid choice: 'sse9' (choose from "),
        (["train", "--threads", "0"], "must be a whole number from 1 up, got '0'"),
    ],
)
def test_wrong_arguments_are_named(arguments, message, capsys):
    with pytest.raises(SystemExit):
        main(arguments)
    assert message in capsys.readouterr().err
