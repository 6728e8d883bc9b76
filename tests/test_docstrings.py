"""The reference lists every public name; the completeness of each docstring is checked where the pages are built."""

import importlib
import re
from pathlib import Path

import pytest

import tsl

REFERENCE = Path(__file__).parents[1] / "docs" / "reference"
# The modules that users import from; what others have in `__all__` is for the package itself.
PUBLIC_MODULES = ["tsl", "tsl.char_model", "tsl.forecasting", *(f"tsl.{name}" for name in sorted(tsl._SUBMODULES))]


def listed_objects():
    """What stands in the tables of the reference."""
    for page in REFERENCE.glob("*.rst"):
        module, in_table = None, False
        for line in page.read_text(encoding="utf-8").splitlines():
            if found := re.match(r"\.\. currentmodule:: (\S+)", line):
                module = importlib.import_module(found[1])
            elif line and not line.startswith(" "):
                in_table = line.startswith(".. autosummary::")
            elif in_table and (found := re.fullmatch(r" +(\w+)", line)):
                yield getattr(module, found[1])


def public_names():
    for module in PUBLIC_MODULES:
        for name in importlib.import_module(module).__all__:
            if name not in tsl._SUBMODULES and name != "__version__":
                yield f"{module}:{name}"


@pytest.mark.parametrize("name", list(public_names()))
def test_public_name_is_in_the_reference(name):
    module, _, attribute = name.partition(":")
    public = getattr(importlib.import_module(module), attribute)
    assert any(listed is public for listed in listed_objects())


@pytest.mark.parametrize("name", sorted(tsl._SUBMODULES))
def test_public_module_has_a_page(name):
    assert any(f"automodule:: tsl.{name}\n" in page.read_text(encoding="utf-8") for page in REFERENCE.glob("*.rst")), (
        f"tsl.{name} has no automodule in docs/reference"
    )
