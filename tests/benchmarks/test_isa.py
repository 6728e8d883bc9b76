"""``--isa`` limits this process and those of the rivals to an instruction set, and reports who ignores it."""

import json
import os
import subprocess
import sys
from types import SimpleNamespace

import pytest

from benchmarks import isa
from benchmarks.__main__ import main
from benchmarks.peers import PEERS, environment

WITH_AVX512 = {"avx2", "fma", "avx512f"}


@pytest.fixture
def processor(monkeypatch):
    """Makes a processor of the features that it is called with."""

    def make(features):
        monkeypatch.setattr(isa, "host_features", lambda: set(features))

    return make


def test_the_environment_says_what_is_in_force(monkeypatch):
    for name in isa.HELD["avx2"]:
        monkeypatch.delenv(name, raising=False)
    assert isa.in_force() == "native"
    for name, value in isa.HELD["avx2"].items():
        assert isa.in_force() == "native"  # until all of them are set
        monkeypatch.setenv(name, value)
    assert isa.in_force() == "avx2"


@pytest.mark.parametrize("rival", PEERS)
def test_flags_of_xla_are_added_to_those_that_each_rival_gets(rival, monkeypatch):
    monkeypatch.setenv("NUMBA_CPU_NAME", "host")
    flags = environment(rival, 2)["XLA_FLAGS"]
    assert "isa" not in flags
    for name, value in isa.HELD["avx2"].items():
        monkeypatch.setenv(name, value)
    settings = environment(rival, 2)
    assert settings["XLA_FLAGS"] == f"{flags} --xla_cpu_max_isa=AVX2"
    assert settings.keys().isdisjoint(isa.HELD["avx2"])  # or a process would not inherit them


def test_a_run_that_is_to_be_held_starts_itself_anew(monkeypatch, processor):
    processor({"avx2", "fma"})
    started = []

    def run(command, *, env, check):
        started.append((command, env))
        return SimpleNamespace(returncode=3)

    monkeypatch.setenv("NUMBA_CPU_NAME", "host")
    monkeypatch.setattr(isa.subprocess, "run", run)
    arguments = ["train", "--isa", "avx2", "--only", "h32"]
    assert main(arguments) == 3
    ((command, settings),) = started
    assert command == [sys.executable, "-m", "benchmarks", *arguments]
    assert settings.items() >= isa.HELD["avx2"].items()


@pytest.mark.parametrize("features", [set(), {"avx", "sse4.2"}, {"avx2"}])
def test_a_processor_without_the_instruction_set_is_refused(features, processor, capsys):
    processor(features)
    with pytest.raises(SystemExit):
        main(["train", "--isa", "avx2"])
    assert "argument --isa: this processor does not have AVX2" in capsys.readouterr().err


def test_rivals_that_cannot_be_held_are_named(processor):
    rivals = ("tsl", "torch", "onnxruntime")
    processor(WITH_AVX512)
    assert isa.not_held(rivals, "native") == {}
    assert set(isa.not_held(rivals, "avx2")) == {"onnxruntime"}
    assert set(isa.not_held(PEERS, "avx2")) == set(PEERS) - {"tsl", "torch"}
    processor({"avx2", "fma"})  # they cannot take more than there is
    assert isa.not_held(rivals, "avx2") == {}


@pytest.mark.skipif(not isa.has("avx2"), reason="this processor does not have AVX2")
def test_a_held_process_describes_the_machine_as_held():
    program = (
        "import json; from benchmarks.bench import Bench, Options; from benchmarks.machine import headline;"
        "machine = Bench('train', Options(('onnxruntime',), quick=True)).machine;"
        "print(json.dumps([machine, headline(machine)]))"
    )
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, env=os.environ | isa.HELD["avx2"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    machine, text = json.loads(done.stdout)
    assert (machine["isa"], machine["instruction_set"]) == ("avx2", "AVX2")
    assert "AVX2 (held)" in text
    assert "openblas" not in machine["blas"] or "Haswell" in machine["blas"]
    has_more = "avx512f" in isa.host_features()
    assert ("onnxruntime is not held to AVX2" in text) == has_more
