"""SHAP values of a window, computed by the program of the how-to."""

import doctest
import re
import textwrap
from pathlib import Path

import pytest

shap = pytest.importorskip("shap", reason="extra 'clients'")
matplotlib = pytest.importorskip("matplotlib", reason="extra 'plot'")

PAGE = Path(__file__).parents[2] / "docs/how-to/inspection.rst"
BLOCK = re.compile(r"^\.\. code-block:: python\n\n((?:    .*\n|\n)+)", flags=re.MULTILINE)


def test_the_page_says_what_comes_out(capsys):
    matplotlib.use("agg")
    page, names = PAGE.read_text(encoding="utf-8"), {}
    for example in doctest.DocTestParser().get_examples(page):
        exec(compile(example.source, "inspection", "exec"), names)
    capsys.readouterr()
    for block in BLOCK.findall(page):
        exec(compile(textwrap.dedent(block), "inspection", "exec"), names)
    matplotlib.pyplot.close("all")
    assert textwrap.indent(capsys.readouterr().out, "    ") in page
    explanation, predicted = names["explanation"], names["network"].predict(names["window"][None])
    assert explanation.values.sum() + explanation.base_values[0] == pytest.approx(predicted[0], abs=1e-4)
