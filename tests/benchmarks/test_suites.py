"""The suites that need no peer run, and compute the right figures from their measurements.

No speed is asserted here.
"""

import json
from types import SimpleNamespace

import numpy as np
import pytest

from benchmarks import distributed, first_use, installed, scaling
from benchmarks.__main__ import main
from benchmarks.fresh import FreshError, call
from benchmarks.peak import growth


def run_suite(tmp_path, suite, *arguments):
    """Results by case, of a run with tiny work and no peers."""
    path = tmp_path / "results.json"
    assert main([suite, "--quick", "--peers", "none", "--threads", "2", "--json", str(path), *arguments]) == 0
    return {result["case"]: result for result in json.loads(path.read_text(encoding="utf-8"))["results"]}


def test_generate_prints_characters_per_second(tmp_path, capsys):
    results = run_suite(tmp_path, "generate", "--only", "64 units, greedy")
    result = results["64 units, greedy"]
    seconds = result["rivals"]["tsl"]["median_ms"] / 1e3  # of one character
    assert result["characters_per_second"]["tsl"] == pytest.approx(1 / seconds)
    assert f"{1 / seconds:,.0f}" in capsys.readouterr().out


def test_scaling_finds_the_same_bits_for_all_threads(tmp_path, capsys):
    results = run_suite(tmp_path, "scaling")
    assert results["same bits"]["threads"] == [1, 2, 3, 4]
    assert results["same bits"]["differing"] == []
    assert {"training step, steps", "training step, batch", "training step, hidden", "fit, series"} <= set(results)
    assert "A training step by threads" in capsys.readouterr().out


def test_scaling_says_when_bits_differ(monkeypatch):
    class Drifting(scaling.Training):
        def take(self, n_steps):
            super().take(n_steps)
            with self.network.editing() as params:
                params[0] = self._n_threads

    monkeypatch.setattr(scaling, "Training", Drifting)
    options = SimpleNamespace(n_threads=2, quick=True)
    bench = SimpleNamespace(options=options, record=lambda *a, **k: None, say=lambda *a: None)
    with pytest.raises(AssertionError, match="tiny with 2 threads, tiny with 3 threads"):
        scaling._same_bits(bench)


def test_a_round_is_measured_by_its_tasks(tmp_path, capsys):
    result = run_suite(tmp_path, "distributed", "--only", "round")["round"]
    assert set(result["seconds"]) == {"RoundEnd", "draw", "group_steps", "next_start", "share_of"}
    assert result["bytes"]["group_steps"] > 3 * 4 * 1000  # three arrays of single precision, of some thousand weights
    assert "Scaling, simulated" in capsys.readouterr().out


def test_simulated_rounds():
    alone = distributed.simulated(8, 1, 1.0, 0.1, 1e6, 1e6, 125e6)
    assert alone == pytest.approx(8 * 1.0 + 7 * 0.1)
    # two hops down, each of a message of 8 ms and a millisecond; one task adds what three others send
    expected = 2.0 + 0.1 + 2 * 0.009 + 0.001 + 3 * (0.008 + 0.1)
    assert distributed.simulated(8, 4, 1.0, 0.1, 1e6, 1e6, 125e6) == pytest.approx(expected)


def test_exponent_of_a_power():
    sizes = [1, 2, 4, 8]
    assert scaling.exponent(sizes, [3.0 * size**1.7 for size in sizes]) == pytest.approx(1.7)


def test_thread_counts():
    assert scaling.thread_counts(1) == [1]
    assert scaling.thread_counts(16) == [1, 2, 3, 4, 6, 8, 12, 16]
    assert scaling.thread_counts(10) == [1, 2, 3, 4, 6, 8, 10]


def test_memory_of_training_is_measured_in_a_fresh_process(tmp_path):
    results = run_suite(tmp_path, "memory", "--only", "fit on make_windows")
    (run,) = results["tsl, fit on make_windows"]["runs"]
    assert run["before_mb"] > 50  # an interpreter with NumPy, Numba and pandas
    assert 0 <= run["over_mb"] < 50  # the series takes 12 kB, and no window is a copy


@pytest.mark.long
def test_endurance_measures_what_stays_and_what_grows(tmp_path):
    results = run_suite(tmp_path, "endurance", "--only", "regressor")
    repeated, grown = results["repeat, regressor"], results["grow, regressor"]
    assert repeated["counts"] == [1, 5, 10]
    assert repeated["megabytes"][2] < repeated["megabytes"][0] + 5  # what a system's allocator may keep
    assert grown["factors"] == [1, 10]
    assert grown["runs"][1]["mb"] < 20  # 10,000 rows of 4 bytes, none of which is copied into windows


def test_growth_counts_what_is_gone_again():
    megabytes = 64
    measured = growth(lambda: np.ones(megabytes * 1_000_000 // 8).sum())
    assert measured["over_mb"] > 0.9 * megabytes


def test_a_fresh_process_gives_back_or_says_why_not():
    assert call("benchmarks.first_use:statement", "print('noise')")["seconds"] > 0
    with pytest.raises(FreshError, match=r"ModuleNotFoundError: .*no_such_package"):
        call("benchmarks.first_use:statement", "import no_such_package")


def test_seconds_of_a_function_are_told_from_those_of_its_helpers():
    def event(name, is_start):
        dispatcher = SimpleNamespace(py_func=SimpleNamespace(__name__=name))
        return SimpleNamespace(is_start=is_start, data={"dispatcher": dispatcher})

    times = [(0, "outer", True), (1, "inner", True), (3, "inner", False), (4, "inner", True), (5, "inner", False)]
    times += [(10, "outer", False)]
    recorder = SimpleNamespace(buffer=[(when, event(name, is_start)) for when, name, is_start in times])
    assert first_use._compiled(recorder) == [
        {"name": "outer", "seconds": 10, "own_seconds": 7, "times": 1, "entry": True},
        {"name": "inner", "seconds": 3, "own_seconds": 3, "times": 2, "entry": False},
    ]


def test_installed_sizes_count_each_dependency_once():
    sizes = installed.with_dependencies(("scikit-learn", "scipy"))
    assert {"scikit-learn", "scipy", "numpy", "joblib"} <= set(sizes)
    assert sizes["numpy"] > 1e6  # bytes
    assert "pytest" not in sizes  # scikit-learn asks for it in an extra
    with pytest.raises(Exception, match="no-such-package"):
        installed.with_dependencies(("no-such-package",))


def test_tsl_is_counted_with_its_data_and_base_dependencies():
    sizes = installed.tsl_with_dependencies()
    assert {"tsl", "numpy", "numba", "llvmlite", "pandas", "scikit-learn", "safetensors"} <= set(sizes)
    assert "torch" not in sizes
    assert sizes["tsl"] > sum(path.stat().st_size for path in (installed.ROOT / "datasets").iterdir())


def test_requirements_of_extras_are_left_out():
    requirements = ["NumPy>=2", "scipy (>=1.1) ; python_version > '3'", 'pytest; extra == "test"', "a_b.c[x]~=1"]
    assert installed.needed(requirements) == ["numpy", "scipy", "a-b-c"]
