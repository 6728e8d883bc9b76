"""The programs of the how-to pages, run in order as printed."""

import re
import textwrap
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs/how-to/onnx.rst"
BLOCK = re.compile(r"^\.\. code-block:: python\n\n((?:    .*\n|\n)+)", flags=re.MULTILINE)


def test_every_comparison_on_the_page_is_true(capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)  # which they leave files in
    names = {}
    for block in BLOCK.findall(PAGE.read_text(encoding="utf-8")):
        exec(compile(textwrap.dedent(block), "onnx", "exec"), names)
    assert capsys.readouterr().out == "True\n" * 5
