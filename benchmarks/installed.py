"""Bytes on disk of a package and its dependencies."""

from __future__ import annotations

import importlib.metadata
import pathlib
import re
import tomllib

ROOT = pathlib.Path(__file__).parent.parent


def with_dependencies(names: tuple[str, ...]) -> dict[str, int]:
    """Return the bytes of each distribution; dependencies of extras, and those not installed, do not count.

    Raises
    ------
    PackageNotFoundError
        If one of `names` itself is not installed.
    """
    sizes: dict[str, int] = {}
    open_names = [_canonical(name) for name in names]
    while open_names:
        name = open_names.pop()
        if name in sizes:
            continue
        try:
            distribution = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:
            if name in map(_canonical, names):
                raise
            continue  # for another system or version of Python
        sizes[name] = sum(map(_file_size, map(distribution.locate_file, distribution.files or ())))
        open_names += needed(distribution.requires or ())
    return sizes


def tsl_with_dependencies() -> dict[str, int]:
    """Return the same for tsl, which may be a checkout: its package, and the base dependencies of pyproject.toml."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    files = [path for folder in ("tsl", "datasets") for path in (ROOT / folder).rglob("*")]
    return {"tsl": sum(map(_file_size, files))} | with_dependencies(tuple(needed(project["dependencies"])))


def needed(requirements: tuple[str, ...] | list[str]) -> list[str]:
    """Return the names of the distributions required without any extra."""
    base = [requirement for requirement in requirements if "extra ==" not in requirement]
    return [_canonical(re.match(r"[\w.-]+", requirement)[0]) for requirement in base]


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _file_size(path: pathlib.Path) -> int:
    if "__pycache__" in path.parts or not path.is_file():  # bytecode is written on first use
        return 0
    return path.stat().st_size
