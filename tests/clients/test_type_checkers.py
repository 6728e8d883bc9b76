"""The programs of the README, checked by mypy and pyright."""

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest

README = Path(__file__).parents[2] / "README.md"
CHECKERS = {
    "mypy": ["--strict", "--ignore-missing-imports"],  # scikit-learn and pandas have no types of their own
    "pyright": ["--pythonpath", sys.executable],
}


@pytest.mark.long
@pytest.mark.parametrize("checker", CHECKERS)
def test_programs_of_the_readme_have_no_errors(checker, tmp_path):
    if importlib.util.find_spec(checker) is None:
        pytest.skip(f"{checker} is not installed: extra 'clients'")
    programs = re.findall(r"^```python\n(.*?)^```$", README.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)
    wrong = 'from tsl import LSTMRegressor\nLSTMRegressor(solver="adm")\n'
    for number, program in enumerate(["\n".join(programs), wrong]):  # the second program goes on from the first
        (tmp_path / f"program_{number}.py").write_text(program, encoding="utf-8")
    command = [sys.executable, "-m", checker, *CHECKERS[checker]]
    files = sorted(path.name for path in tmp_path.glob("*.py"))
    found = subprocess.run([*command, *files], cwd=tmp_path, capture_output=True, text=True)
    errors = [line for line in found.stdout.splitlines() if re.search(r"\berror:|- error:", line)]
    assert [line for line in errors if files[-1] not in line] == [], found.stdout + found.stderr
    assert any(files[-1] in line for line in errors), found.stdout + found.stderr
