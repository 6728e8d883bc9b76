"""The programs of two how-tos, run in order as they are printed."""

import re
import textwrap
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "docs/how-to"
BLOCK = re.compile(r"^\.\. code-block:: python\n\n((?:    .*\n|\n)+)", flags=re.MULTILINE)


@pytest.mark.parametrize(
    ("page", "package", "last_words"), [("mlflow", "mlflow", ["True"] * 2), ("save_and_load", "skops", ["True"] * 2)]
)
def test_every_comparison_on_the_page_is_true(page, package, last_words, capsys, monkeypatch, tmp_path):
    pytest.importorskip(package, reason="extra 'clients'")
    monkeypatch.chdir(tmp_path)  # which they leave files in
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/mlflow.db")
    monkeypatch.setenv("MLFLOW_REQUIREMENTS_INFERENCE_TIMEOUT", "1")  # for the process that looks for what is imported
    names = {}
    for block in BLOCK.findall((FOLDER / f"{page}.rst").read_text(encoding="utf-8")):
        exec(compile(textwrap.dedent(block), page, "exec"), names)
    printed = capsys.readouterr().out.splitlines()
    assert [line for line in printed if line in ("True", "False")] == last_words
