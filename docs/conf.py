"""Sphinx configuration. `python -m sphinx -W docs docs/_build/html` builds the pages without network access."""

import os

import tsl

os.environ.setdefault("MPLBACKEND", "Agg")

project = "tsl"
author = "the tsl developers"
copyright = "2026, the tsl developers"
release = version = tsl.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "numpydoc",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["_build", "_templates", "auto_examples/**.ipynb", "auto_examples/**.py"]
templates_path = ["_templates"]
default_role = "code"

autosummary_generate = True
autodoc_typehints = "none"  # numpydoc's sections say the types, with shapes
numpydoc_show_class_members = False  # the templates list the members themselves
numpydoc_validation_checks = {"PR01", "PR02", "PR10", "RT03"}  # parameters: all, no others, with types; returns described

sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "auto_examples",
    "filename_pattern": r"/plot_",  # only these are run while building
    "download_all_examples": False,
    "remove_config_comments": True,
    "show_signature": False,
    "min_reported_time": 5,
}

html_theme = "pydata_sphinx_theme"
html_title = "tsl"
html_show_sourcelink = False
html_theme_options = {
    "navigation_with_keys": False,
    "secondary_sidebar_items": ["page-toc"],
    "footer_end": [],
}


def skip_routing_methods(app, what, name, obj, skip, options):
    """Leave out scikit-learn's metadata requests: their text refers to pages of scikit-learn's own guide."""
    return skip or name == "get_metadata_routing" or (name.startswith("set_") and name.endswith("_request"))


def setup(app):
    app.connect("autodoc-skip-member", skip_routing_methods)
