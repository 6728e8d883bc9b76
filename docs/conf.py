"""Sphinx configuration. `python -m sphinx -W docs docs/_build/html` builds the pages without network access."""

import os
import re
import sys
from pathlib import Path

from docutils import nodes
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.util.nodes import get_node_source

import tsl

sys.path.insert(0, str(Path(__file__).parent / "extensions"))
from inventories import aliases, write_inventories
from notebooks import write_notebooks
from numpydoc.xref import DEFAULT_LINKS

os.environ.setdefault("MPLBACKEND", "Agg")

project = "tsl"
author = "the tsl developers"
copyright = "2026, the tsl developers"
release = version = tsl.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.intersphinx",
    "numpydoc",
    "myst_parser",
    "sphinx_copybutton",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["_build", "_templates", "auto_notebooks", "auto_examples/**.ipynb", "auto_examples/**.py"]
templates_path = ["_templates"]
html_static_path = ["_static"]
html_css_files = ["pages.css"]
html_context = {"default_mode": "auto"}  # light or dark, as the system is
toc_object_entries_show_parents = "hide"  # methods by their names alone
source_suffix = {".rst": "restructuredtext"}  # Markdown is included, not a page
default_role = "code"

autosummary_generate = True
autodoc_mock_imports = ["sktime"]  # an adapter to it is documented where it is not installed
autodoc_typehints = "none"  # numpydoc's sections say the types, with shapes
numpydoc_show_class_members = False  # the templates list the members themselves
# All checks, but for those that would have docstrings say what a reader can see, or that judge style by spelling:
numpydoc_validation_checks = {
    "all",
    "ES01",  # one line is enough where it says all
    "SA01",  # the reference lists beside each other what belongs together
    "EX01",  # the example of a method is mostly that of its class
    "GL01",  # a docstring starts behind its quotes, which the linter sees to
    "GL02",
    "SS05",  # takes every noun with an s for a verb: Gates, Continuous
    "PR08",  # descriptions may start with a symbol or a number, such as n, (n, T) or float32
    "RT02",  # a name says what it is that a function returns: windows : ndarray
    "RT03",  # the summary says it where there is a type alone
    "RT04",
}
# What comes from scikit-learn's own classes has scikit-learn's docstrings.
numpydoc_validation_exclude = {
    r"\.(fit_transform|get_metadata_routing|get_params|set_params|set_output|set_\w+_request)$"
}

# Types link to the classes of other projects that there is an inventory for, and to nothing else.
numpydoc_xref_param_type = True
numpydoc_xref_ignore = "all"
numpydoc_xref_aliases = {name: name for name in DEFAULT_LINKS} | aliases()
intersphinx_mapping = write_inventories(Path(__file__).parent / "_build" / "inventories")
intersphinx_timeout = 1

sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "auto_examples",
    "filename_pattern": r"/plot_",  # only these are run while building
    "ignore_pattern": r"__init__\.py|picture_of_readme\.py",
    "download_all_examples": False,
    "backreferences_dir": "reference/generated/backreferences",
    "doc_module": ("tsl",),
    "remove_config_comments": True,
    "show_signature": False,
    "write_computation_times": False,
    "parallel": 2,  # examples at once
}

copybutton_prompt_text = r">>> |\.\.\. |\.\.\.$|\$ "  # what is copied runs, with the empty line that ends a block
copybutton_prompt_is_regexp = True

html_math_renderer = "mathml"
html_theme = "pydata_sphinx_theme"
html_title = "tsl"
html_show_sourcelink = False
html_sidebars = {page: [] for page in ("index", "start", "install", "choose", "faq", "glossary")}  # without subpages
html_theme_options = {
    "navigation_with_keys": False,
    "secondary_sidebar_items": ["page-toc"],
    "footer_end": [],
}


def skip_routing_methods(app, what, name, obj, skip, options):
    """Leave out scikit-learn's metadata requests: their text refers to pages of scikit-learn's own guide."""
    return skip or name == "get_metadata_routing" or (name.startswith("set_") and name.endswith("_request"))


def shapes_as_code(app, what, name, obj, options, lines):
    """Set shapes in types as code; (n_features_in_,) would otherwise be read as a link."""
    lines[:] = [re.sub(r"\bof shape (\([^`]*\))", r"of shape ``\1``", line) for line in lines]


def plain_if_inherited(app, env, node, contnode):
    """Leave the references of inherited docstrings as text: they mean pages of scikit-learn's."""
    return contnode if "docstring of sklearn." in (get_node_source(node) or "") else None


def write_mathml(translator, node):
    """Formulas as MathML, which browsers draw by themselves: no script is fetched from elsewhere."""
    as_block = isinstance(node, nodes.math_block)
    formula = tex2mathml(node.astext(), as_block=as_block)
    if as_block:
        formula = f'<div style="margin: 1em 0; overflow: auto hidden">{formula}</div>'
    translator.body.append(formula)
    raise nodes.SkipNode


def setup(app):
    app.add_html_math_renderer("mathml", (write_mathml, None), (write_mathml, None))
    app.connect("builder-inited", write_notebooks)
    app.connect("autodoc-skip-member", skip_routing_methods)
    app.connect("autodoc-process-docstring", shapes_as_code, priority=400)  # before numpydoc
    app.connect("missing-reference", plain_if_inherited)
