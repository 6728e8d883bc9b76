"""The package as a whole: the cost of importing it, its names, and what the core may import."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import tsl

PACKAGE = Path(tsl.__file__).parent
KERNEL_IMPORTS = {"numpy", "numba", "llvmlite"}


def imported_packages(source):
    """Top-level names that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.module.partition(".")[0]


def loaded_after(statement, packages):
    """Those of `packages` that a new process has loaded after `statement`."""
    script = f"{statement}; import sys; print(*[name for name in {packages} if name in sys.modules])"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return run.stdout.split()


def test_import_loads_nothing_heavy_or_optional():
    heavy = ["numpy", "numba", "pandas", "sklearn", "matplotlib", "typer", "rich", "safetensors"]
    assert loaded_after("import tsl", heavy) == []


def test_public_names_load_no_optional_package():
    # rich is not among them: scikit-learn itself loads it for its callbacks where it is installed
    assert loaded_after("from tsl import *", ["matplotlib", "typer"]) == []


def test_public_names_work_without_optional_packages():
    hidden = "import sys; sys.modules.update(dict.fromkeys(['matplotlib', 'typer', 'rich']))"
    assert loaded_after(f"{hidden}; from tsl import *; LSTMRegressor(), LSTMCharModel()", ["tsl.plotting"]) != []


@pytest.mark.parametrize("name", sorted(set(tsl.__all__)))
def test_public_name_is_there_and_listed(name):
    assert name in dir(tsl)
    assert getattr(tsl, name) is getattr(tsl, name)


def test_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'tsl' has no attribute 'LSTMRegresor'"):
        tsl.LSTMRegresor


@pytest.mark.parametrize("path", sorted((PACKAGE / "kernels").glob("*.py")), ids=lambda path: path.name)
def test_kernels_import_only_numpy_numba_and_llvmlite(path):
    # import-linter can forbid names, but not allow a few and nothing else
    packages = set(imported_packages(path.read_text(encoding="utf-8")))
    assert packages - sys.stdlib_module_names - {"tsl"} <= KERNEL_IMPORTS
