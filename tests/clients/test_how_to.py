"""The how-to pages about other packages, run from top to bottom with these packages."""

import doctest
import importlib.util
import re
import textwrap
from pathlib import Path

import pytest

HOW_TO = Path(__file__).parents[2] / "docs/how-to"
BLOCK = re.compile(r"^\.\. code-block:: python\n\n((?:    .*\n|\n)+)", flags=re.MULTILINE)


def run_page(name):
    """Run its examples, whose output is tested with the documentation, and then the programs around them, in order.

    The programs use the data of the examples. What needs torch is left out where that is missing.
    """
    text = (HOW_TO / f"{name}.rst").read_text(encoding="utf-8")
    names = {}
    for example in doctest.DocTestParser().get_examples(text):
        exec(compile(example.source, name, "single"), names)
    run_blocks(text, names)
    return names


def run_blocks(text, names):
    """Run the programs of a page, which share `names`."""
    for block in BLOCK.findall(text):
        if "RNNModel" not in block or importlib.util.find_spec("torch") is not None:
            exec(compile(textwrap.dedent(block), "page", "exec"), names)


def test_from_sktime():
    pytest.importorskip("sktime", reason="extra 'clients'")
    names = run_page("from_sktime")
    assert len(names["forecast"]) == 14
    assert names["scores"]["test_MeanAbsolutePercentageError"].mean() < 0.2


def test_from_skforecast():
    pytest.importorskip("skforecast", reason="extra 'clients'")
    names = run_page("from_skforecast")
    assert len(names["forecast"]) == 14
    assert names["metric"]["mean_absolute_error"].item() < 1.0


def test_from_darts():
    pytest.importorskip("darts", reason="extra 'clients'")
    names = run_page("from_darts")
    assert [len(one) for one in names["forecasts"]] == [7, 7, 7]


@pytest.mark.parametrize(("page", "package"), [("mlflow", "mlflow"), ("save_and_load", "skops")])
def test_every_comparison_on_the_page_is_true(page, package, capsys, monkeypatch, tmp_path):
    pytest.importorskip(package, reason="extra 'clients'")
    text = (HOW_TO / f"{page}.rst").read_text(encoding="utf-8")
    monkeypatch.chdir(tmp_path)  # which they leave files in
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/mlflow.db")
    monkeypatch.setenv("MLFLOW_REQUIREMENTS_INFERENCE_TIMEOUT", "1")  # for the process that looks for what is imported
    run_blocks(text, {})
    printed = capsys.readouterr().out.splitlines()
    assert [line for line in printed if line in ("True", "False")] == ["True"] * 2
