"""Inventories of other projects for cross references, written while the pages are built: there is no network then."""

import zlib
from pathlib import Path

# Address of the documentation, pattern of its pages, and the classes that our docstrings name.
PROJECTS = {
    "pandas": ("https://pandas.pydata.org/docs/", "reference/api/{}.html", ["DataFrame", "Series", "Timedelta"]),
    "numpy": ("https://numpy.org/doc/stable/", "reference/generated/{}.html", ["ndarray", "random.Generator"]),
    "sklearn": (
        "https://scikit-learn.org/stable/",
        "modules/generated/{}.html",
        ["pipeline.Pipeline", "model_selection.GridSearchCV", "model_selection.TimeSeriesSplit"],
    ),
}
OTHER_PAGES = {"numpy": {"numpy.random.RandomState": "reference/random/legacy.html"}}


def pages(project):
    """Return the page of each name of a project."""
    _, pattern, names = PROJECTS[project]
    full = [f"{project}.{name}" for name in names]
    return {name: pattern.format(name) for name in full} | OTHER_PAGES.get(project, {})


def write_inventories(folder):
    """Write an inventory for each project, and return the value of `intersphinx_mapping`."""
    Path(folder).mkdir(parents=True, exist_ok=True)
    mapping = {}
    for project, (address, *_) in PROJECTS.items():
        lines = [f"{name} py:class 1 {page}#$ -\n" for name, page in pages(project).items()]
        head = f"# Sphinx inventory version 2\n# Project: {project}\n# Version:\n"
        head += "# The remainder of this file is compressed using zlib.\n"
        path = Path(folder) / f"{project}.inv"
        path.write_bytes(head.encode() + zlib.compress("".join(lines).encode()))
        mapping[project] = (address, str(path))
    return mapping


def aliases():
    """Return the full name of each class by its last part, as it stands in the types of docstrings."""
    return {name.rpartition(".")[2]: name for project in PROJECTS for name in pages(project)}
