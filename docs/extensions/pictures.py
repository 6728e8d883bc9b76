"""Redraw the plots of the tutorials: ``python docs/extensions/pictures.py``, after a change that affects them.

They are kept in the repository because training the models of the tutorials would add a minute to each build.
"""

import os
import tempfile
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
from notebooks import blocks

DOCS = Path(__file__).parents[1]


def draw(tutorial):
    """Run the blocks of a tutorial, and save each figure that they leave open."""
    names, number = {}, 0
    for kind, content, _ in blocks(tutorial.read_text(encoding="utf-8")):
        if kind == "code":
            exec(compile(content, tutorial.name, "exec"), names)
        for figure in map(plt.figure, plt.get_fignums()):
            number += 1
            path = DOCS / "_static" / "tutorials" / f"{tutorial.stem}_{number}.png"
            path.parent.mkdir(exist_ok=True)
            figure.savefig(path, dpi=100, metadata={"Software": None})
        plt.close("all")


if __name__ == "__main__":
    pages = [page for page in sorted((DOCS / "tutorial").glob("*.rst")) if page.stem != "index"]
    os.chdir(tempfile.mkdtemp())  # which they leave files in
    for page in pages:
        draw(page)
