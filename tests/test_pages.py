"""The pages: what is copied from them runs where it is pasted."""

import codeop
import re
import textwrap
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[1] / "docs"
PAGES = sorted(
    str(page.relative_to(DOCS)) for page in DOCS.rglob("*.rst") if not {"auto_examples", "generated"} & {*page.parts}
)
CODE = re.compile(r"^( *)\.\. code-block:: python\n(?:\1 +:.*\n)*\n((?:\1 {3,}.*\n|\n)+)", flags=re.MULTILINE)
SESSION = re.compile(r"(?:^ *(?:>>>|\.\.\.)(?: .*)?\n)+", flags=re.MULTILINE)


def blocks(page):
    """Blocks of code as the pages' button copies them."""
    text = (DOCS / page).read_text(encoding="utf-8")
    yield from (textwrap.dedent(code) for _, code in CODE.findall(text))
    yield from (re.sub(r"^ *(>>>|\.\.\.) ?", "", session, flags=re.MULTILINE) for session in SESSION.findall(text))


@pytest.mark.parametrize("page", PAGES)
def test_blocks_can_be_pasted_line_by_line(page):
    for block in blocks(page):
        pending = []
        for line in [*block.strip("\n").split("\n"), ""]:
            pending.append(line)
            if codeop.compile_command("\n".join(pending), page, "single") is not None:  # or there is a SyntaxError
                pending = []
        assert not any(pending)
