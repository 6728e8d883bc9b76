"""Notebooks of the tutorials: the same text and the same blocks of Python, which the tests run."""

import re
import textwrap
from pathlib import Path

from sphinx_gallery.notebook import jupyter_notebook, save_notebook

BLOCK = re.compile(r"^\.\. code-block:: (python|text)\n\n((?:    .*\n|\n)+)", flags=re.MULTILINE)
# A notebook needs no link to itself, and draws its own pictures.
LINK = re.compile(r"^\*As a notebook:\*.*\n|^\.\. image::.*\n(?:   .*\n)*", flags=re.MULTILINE)
ROLE = re.compile(r":(?:doc|func|class|mod|meth|ref):`(?:[^`<]*<)?~?([^`>]+)>?`")


def blocks(page):
    """Return the text and the code of a page as sphinx-gallery's blocks: kind, content, line; output is left out."""
    parts = BLOCK.split(LINK.sub("", page))
    found = [("text", parts[0], 1)]
    for kind, block, text in zip(parts[1::3], parts[2::3], parts[3::3]):
        if kind == "python":
            found.append(("code", textwrap.dedent(block).strip("\n") + "\n", 1))
        found.append(("text", text, 1))
    return [(kind, ROLE.sub(r"`\1`", content), line) for kind, content, line in found if content.strip()]


def write_notebooks(app):
    """Write a notebook beside each tutorial's page, where its link finds it."""
    config = app.config.sphinx_gallery_conf
    for path in sorted(Path(app.srcdir, "tutorial").glob("*.rst")):
        page = path.read_text(encoding="utf-8")
        if path.stem != "index":
            notebook = jupyter_notebook(blocks(page), config, str(path.parent))
            target = Path(app.srcdir, "auto_notebooks", f"{path.stem}.ipynb")
            target.parent.mkdir(exist_ok=True)
            save_notebook(notebook, target)
