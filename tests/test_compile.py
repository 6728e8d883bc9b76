"""Machine code on disk."""

import importlib.util
import pathlib
import shutil
import sys

import pytest

from tsl.kernels import compile as compilation

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
def called(tmp_path, monkeypatch):
    """Compile or load the function anew; returns how often the cache was hit."""
    monkeypatch.setattr("numba.core.config.CACHE_DIR", str(tmp_path / "cache"))

    def call():
        function = load_module(tmp_path).doubled
        assert function(21) == 42
        return sum(function.stats.cache_hits.values())

    yield call
    sys.modules.pop("kernels_of_a_test", None)


def test_machine_code_is_kept(called):
    assert [called(), called()] == [0, 1]


def test_machine_code_of_other_sources_is_not_met(called, monkeypatch):
    called()
    monkeypatch.setattr(compilation, "sources_stamp", lambda: "other")
    assert called() == 0


def test_stamp_changes_with_every_source(tmp_path, monkeypatch):
    folder = pathlib.Path(compilation.__file__).parent
    copy = tmp_path / "kernels"
    shutil.copytree(folder, copy, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(compilation, "__file__", str(copy / "compile.py"))
    stamps = set()
    for path in sorted(copy.glob("*.py")):
        compilation.sources_stamp.cache_clear()
        stamps.add(compilation.sources_stamp())
        path.write_text(path.read_text() + "# edited\n")
    compilation.sources_stamp.cache_clear()
    assert len(stamps) == len(list(copy.glob("*.py")))


def test_no_folder_that_can_be_written_is_no_error(monkeypatch):
    monkeypatch.setattr(compilation._KernelCacheImpl, "_locator_classes", ())

    @compilation.entry_point
    def tripled(x):
        return 3 * x

    assert tripled(2) == 6
