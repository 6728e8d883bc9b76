"""Machine code on disk."""

import importlib.util
import io
import json
import os
import pathlib
import platform
import shutil
import subprocess
import sys
import threading
import time

import llvmlite.binding
import pytest

from tsl.kernels import cache
from tsl.kernels.compile import KernelCache

KERNELS = pathlib.Path(cache.__file__).parent

# --- in this process --------------------------------------------------------------------------------------------

SOURCE = """
from tsl.kernels.compile import entry_point

@entry_point
def doubled(x):
    return 2 * x
"""


def load_module(folder):
    path = folder / "kernels_of_a_test.py"
    path.write_text(SOURCE)
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module  # Numba looks the module up by name
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The only folder for machine code."""
    folder = tmp_path / "cache"
    monkeypatch.setattr(cache, "folders", lambda: [folder])
    return folder


@pytest.fixture
def compiles(tmp_path, folder):
    """Compile or load a function as a new process would; returns how often it was compiled."""

    def call(number=21):
        compiled = []
        with cache.on_compilation(lambda: compiled.append(1)):
            function = load_module(tmp_path).doubled
            assert function(number) == 2 * number
        assert len(compiled) == sum(function.stats.cache_misses.values())
        return len(compiled)

    yield call
    sys.modules.pop("kernels_of_a_test", None)


def test_machine_code_is_kept(compiles):
    assert [compiles(), compiles(), compiles(0.5), compiles(0.5), compiles()] == [1, 0, 1, 0, 0]


def test_machine_code_of_other_sources_is_not_met(compiles, monkeypatch):
    compiles()
    monkeypatch.setattr(cache, "sources_stamp", lambda: "other")
    assert compiles() == 1


def test_stamp_changes_with_every_source(tmp_path, monkeypatch):
    copy = tmp_path / "kernels"
    shutil.copytree(KERNELS, copy, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(cache, "__file__", str(copy / "cache.py"))
    stamps = set()
    for path in sorted(copy.glob("*.py")):
        cache.sources_stamp.cache_clear()
        stamps.add(cache.sources_stamp())
        path.write_text(path.read_text() + "# edited\n")
    cache.sources_stamp.cache_clear()
    assert len(stamps) == len(list(copy.glob("*.py")))


@pytest.mark.parametrize("left", [0, 100])  # bytes
def test_files_cut_short_are_replaced(left, compiles, folder):
    compiles()
    (path,) = folder.glob("*.nbc")
    path.write_bytes(path.read_bytes()[:left])
    assert [compiles(), compiles()] == [1, 0]


def test_files_under_a_wrong_name_are_replaced(compiles, folder):
    compiles()
    (of_integers,) = folder.glob("*.nbc")
    compiles(0.5)
    (of_floats,) = set(folder.glob("*.nbc")) - {of_integers}
    of_floats.replace(of_integers)
    assert [compiles(), compiles()] == [1, 0]


def test_a_folder_that_cannot_be_written_is_read(compiles, folder, monkeypatch):
    compiles()
    other = folder.with_name("other")
    monkeypatch.setattr(cache, "folders", lambda: [folder, other])
    monkeypatch.setattr(cache, "_writable", lambda path: path != folder)
    assert compiles() == 0
    assert not other.exists()


def test_files_of_other_sources_go_after_a_week(compiles, folder):
    week = 7 * 86400
    folder.mkdir()
    names = {"kernels_of_a_test.doubled-0-0.nbc": week + 60, "kernels_of_a_test.doubled-1-0.nbc": week - 60}
    names["kernels_of_a_test.other-0-0.nbc"] = 2 * week  # of another function, which may have been removed or not
    for name, age in names.items():
        (folder / name).touch()
        os.utime(folder / name, times=(time.time() - age,) * 2)
    compiles()
    (ours,) = {path.name for path in folder.iterdir()} - set(names)
    assert ours.endswith(".nbc")  # and no unfinished file
    assert {path.name for path in folder.iterdir()} == {*names, ours} - {"kernels_of_a_test.doubled-0-0.nbc"}


def test_flushed_code_is_compiled_anew(compiles, tmp_path):
    compiles()
    load_module(tmp_path).doubled._cache.flush()
    assert compiles() == 1


def test_the_user_folder_is_left_out_where_nobody_knows_a_home(monkeypatch):
    for name in ("XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    assert len(cache.folders()) >= 2
    monkeypatch.setattr(os.path, "expanduser", lambda path: path)  # as where "~" cannot be replaced
    assert not any("~" in folder.parts for folder in cache.folders())


# --- telling whoever waits ---------------------------------------------------------------------------------------


class Terminal(io.StringIO):
    def isatty(self):
        return True


class Notebook(io.StringIO):
    """What a notebook's kernel puts in place of stderr, which is no terminal."""


Notebook.__module__ = "ipykernel.iostream"


@pytest.fixture
def first_time(monkeypatch):
    monkeypatch.setattr(cache, "_announced", threading.Lock())
    monkeypatch.delenv("TSL_QUIET", raising=False)


@pytest.mark.usefixtures("first_time")
@pytest.mark.parametrize(
    ("stream", "lines"), [(Terminal, 1), (Notebook, 1), (io.StringIO, 0)], ids=["terminal", "notebook", "pipe"]
)
def test_compiling_is_announced_once_where_somebody_looks(stream, lines, monkeypatch):
    stderr = stream()
    monkeypatch.setattr(sys, "stderr", stderr)
    cache.announce()
    cache.announce()
    assert stderr.getvalue().count("\n") == stderr.getvalue().count(cache.COMPILING) == lines


@pytest.mark.usefixtures("first_time")
@pytest.mark.parametrize(("value", "quiet"), [("1", True), ("yes", True), ("0", False), ("", False)])
def test_an_environment_variable_silences_it(value, quiet, monkeypatch):
    monkeypatch.setenv("TSL_QUIET", value)
    monkeypatch.setattr(sys, "stderr", Terminal())
    cache.announce()
    assert (sys.stderr.getvalue() == "") == quiet


@pytest.mark.usefixtures("first_time")
def test_nothing_is_said_where_there_is_no_console(monkeypatch):
    monkeypatch.setattr(sys, "stderr", None)
    cache.announce()


@pytest.mark.usefixtures("folder", "first_time")
@pytest.mark.parametrize(("slow", "told", "said"), [(True, False, 1), (True, True, 0), (False, False, 0)])
def test_only_what_takes_seconds_is_announced_unless_somebody_has(slow, told, said, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "stderr", Terminal())
    function = load_module(tmp_path).doubled
    function._cache = KernelCache(function.py_func, slow=slow)
    with cache.on_compilation(lambda: told):
        assert function(21) == 42
    sys.modules.pop("kernels_of_a_test", None)
    assert sys.stderr.getvalue().count(cache.COMPILING) == said


# --- between processes, with a copy of the kernels --------------------------------------------------------------

HELPER = """
from tsl.kernels.compile import kernel

@kernel
def scaled(x):
    return 2 * x
"""

TOY = """
from tsl.kernels.compile import entry_point
from tsl.kernels.helper import scaled

@entry_point
def double(x):
    return scaled(x)

@entry_point
def next_double(x):
    return scaled(x) + 1
"""

CALL_BOTH = """
import json, sys, warnings
from tsl.kernels import cache, target, toy

compiled = []
with warnings.catch_warnings(record=True) as caught, cache.on_compilation(lambda: compiled.append(1)):
    warnings.simplefilter("always")
    values = toy.double(21), toy.next_double(21)
print(json.dumps({
    "values": values,
    "compiled": len(compiled),
    "hints": [str(w.message) for w in caught if w.category is cache.KernelCacheWarning],
    "warnings": len(caught),
    "tiles": [target.LANES, *target.GATE_TILES],
}))
"""


@pytest.fixture
def tree(tmp_path):
    """A package of the kernels alone, with two cheap entry points that use a helper in another file."""
    kernels = tmp_path / "tree" / "tsl" / "kernels"
    shutil.copytree(KERNELS, kernels, ignore=shutil.ignore_patterns("__pycache__"))
    (kernels.parent / "__init__.py").touch()
    (kernels / "helper.py").write_text(HELPER)
    (kernels / "toy.py").write_text(TOY)
    return kernels


@pytest.fixture
def start(tree, tmp_path):
    """Start a process that calls both entry points."""

    def start(**variables):
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("NUMBA_", "XDG_"))}
        given = {"PYTHONPATH": str(tree.parent.parent), "PYTHONDONTWRITEBYTECODE": "1", "HOME": str(tmp_path / "home")}
        return subprocess.Popen(
            [sys.executable, "-c", CALL_BOTH],
            env=kept | given | variables,
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            text=True,
        )

    return start


def result_of(process):
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 0
    return json.loads(output)


def files(folder):
    return len(list(folder.rglob("*.nbc")))


@pytest.mark.long
def test_an_edited_helper_never_meets_code_of_the_old_one(start, tree):
    assert result_of(start())["values"] == [42, 43]
    assert result_of(start())["compiled"] == 0
    helper = tree / "helper.py"
    seen = helper.stat()
    helper.write_text(HELPER.replace("2 * x", "3 * x"))
    os.utime(helper, ns=(seen.st_atime_ns, seen.st_mtime_ns))  # an archive or a copy may keep times; size is the same
    assert result_of(start())["values"] == [63, 64]
    helper.write_text(HELPER)
    back = result_of(start())
    assert (back["values"], back["compiled"]) == ([42, 43], 0)


@pytest.mark.long
def test_processes_that_compile_at_once_leave_whole_files(start, tmp_path):
    shared = {"NUMBA_CACHE_DIR": str(tmp_path / "cache")}
    for result in [result_of(process) for process in [start(**shared) for _ in range(3)]]:
        assert (result["values"], result["warnings"]) == ([42, 43], 0)
    assert result_of(start(**shared))["compiled"] == 0
    assert sorted(path.suffix for path in (tmp_path / "cache").rglob("*.*")) == [".nbc"] * 2


HASWELL = "+avx,+avx2,+fma,+f16c,+bmi,+bmi2,+lzcnt,+movbe,+popcnt,+sse3,+ssse3,+sse4.1,+sse4.2,+cx16"


@pytest.mark.long
@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="instruction sets of x86")
def test_code_for_another_processor_is_apart_and_tiles_follow(start, tmp_path):
    shared = {"NUMBA_CACHE_DIR": str(tmp_path / "cache")}
    found = {"host": result_of(start(**shared))}
    forced = {"generic": ""}
    if llvmlite.binding.get_host_cpu_features().get("avx2"):
        forced["haswell"] = HASWELL
    for name, features in forced.items():
        found[name] = result_of(start(**shared, NUMBA_CPU_NAME=name, NUMBA_CPU_FEATURES=features))
        assert (found[name]["values"], found[name]["compiled"]) == ([42, 43], 2)
    # of 16 registers 12 sums, 3 numbers and 1 vector of weights (AVX2), or 8, 2, 1 and 1 that products go to (SSE2)
    assert found["generic"]["tiles"] == [4, 2, 1, 1]
    if "haswell" in forced:
        assert found["haswell"]["tiles"] == [8, 3, 2, 1]
    found["no AVX"] = result_of(start(**shared, NUMBA_ENABLE_AVX="0"))
    assert (found["no AVX"]["values"], found["no AVX"]["tiles"]) == ([42, 43], [4, 2, 1, 1])
    assert files(tmp_path / "cache") == 2 * len(found)
    assert result_of(start(**shared))["compiled"] == 0


def block(path):
    """Make `path` a file, so that nobody, not even root, can write below it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()


@pytest.mark.long
def test_the_cache_falls_back_from_the_named_folder_to_the_sources_to_the_user(start, tree, tmp_path):
    block(tmp_path / "file")
    blocked = {"NUMBA_CACHE_DIR": str(tmp_path / "file")}
    assert [result_of(start(**blocked))["compiled"] for _ in range(2)] == [2, 0]
    assert files(tree / "__pycache__") == 2
    shutil.rmtree(tree / "__pycache__")
    block(tree / "__pycache__")
    assert [result_of(start())["compiled"] for _ in range(2)] == [2, 0]
    assert files(tmp_path / "home") == 2
    # a folder that is named and can be written gets what is compiled already elsewhere
    assert result_of(start(NUMBA_CACHE_DIR=str(tmp_path / "named")))["compiled"] == 2
    assert files(tmp_path / "named") == 2


def test_one_hint_where_nothing_can_be_written(start, tree, tmp_path):
    block(tree / "__pycache__")
    block(tmp_path / "file")
    result = result_of(start(HOME="/dev/null", NUMBA_CACHE_DIR=str(tmp_path / "file")))
    assert (result["values"], result["compiled"]) == ([42, 43], 2)
    (hint,) = result["hints"]  # for two functions
    assert "NUMBA_CACHE_DIR" in hint
    for tried in (tmp_path / "file", tree / "__pycache__", "/dev/null"):
        assert str(tried) in hint
    assert result["warnings"] == 1
