"""Notebooks of the tutorials: the same text and the same blocks of Python, which the tests run."""

import json
import re
import textwrap
from pathlib import Path

from sphinx_gallery.notebook import jupyter_notebook, save_notebook

BLOCK = re.compile(r"^\.\. code-block:: (python|text)\n\n((?:    .*\n|\n)+)", flags=re.MULTILINE)
# A notebook needs no link to itself, and draws its own pictures.
LINK = re.compile(r"^\*As a notebook:\*.*\n|^\.\. image::.*\n(?:   .*\n)*", flags=re.MULTILINE)
# In a notebook, links to other pages lead nowhere: their titles are left.
PAGE = re.compile(r":doc:`([^`<]+)`")
TITLE = re.compile(r"^(.+)\n=+$", flags=re.MULTILINE)
PASTE = re.compile("Paste the blocks one after the other into one session".replace(" ", r"\s+"))
ROLE = re.compile(r":(?:func|class|mod|meth|ref):`(?:[^`<]*<)?~?([^`>]+)>?`")


def blocks(page):
    """Return the text and the code of a page as sphinx-gallery's blocks: kind, content, line; output is left out."""
    parts = BLOCK.split(LINK.sub("", page))
    found = [("text", parts[0], 1)]
    for kind, block, text in zip(parts[1::3], parts[2::3], parts[3::3]):
        if kind == "python":
            found.append(("code", textwrap.dedent(block).strip("\n") + "\n", 1))
        found.append(("text", text, 1))
    return [(kind, ROLE.sub(r"`\1`", content), line) for kind, content, line in found if content.strip()]


def with_titles(text, source, folder):
    """Return a text of a page in a folder, with the titles of the pages that it links to."""

    def title(match):
        page = source / match[1][1:] if match[1].startswith("/") else folder / match[1]
        return f"*{TITLE.search(page.with_suffix('.rst').read_text(encoding='utf-8'))[1]}*"

    return PAGE.sub(title, text)


def write_notebooks(app):
    """Write a notebook beside each tutorial's page, where its link finds it, and complete those of the gallery."""
    config, source = app.config.sphinx_gallery_conf, Path(app.srcdir)
    for path in sorted(source.glob("tutorial/*.rst")):
        page = PASTE.sub("Run the cells one after the other", path.read_text(encoding="utf-8"))
        if path.stem != "index":
            notebook = jupyter_notebook(blocks(with_titles(page, source, path.parent)), config, str(path.parent))
            target = source / "auto_notebooks" / f"{path.stem}.ipynb"
            target.parent.mkdir(exist_ok=True)
            save_notebook(notebook, target)
    for path in source.glob("auto_examples/*.ipynb"):
        notebook = json.loads(path.read_text(encoding="utf-8"))
        for cell in notebook["cells"]:
            cell["source"] = [with_titles(text, source, path.parent) for text in cell["source"]]
        save_notebook(notebook, path)
