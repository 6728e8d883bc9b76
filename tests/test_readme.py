"""The programs in README.md, run as they are printed."""

import re
from pathlib import Path

import numpy as np
import pytest

README = Path(__file__).parents[1] / "README.md"


@pytest.fixture(scope="module")
def programs():
    return re.findall(r"^```python\n(.*?)^```$", README.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)


def run(program):
    names = {}
    exec(compile(program, README.name, "exec"), names)
    return names


def test_every_program_is_tested(programs):
    assert len(programs) == 3


def test_forecast_is_better_than_persistence_by_what_is_printed(programs, capsys):
    names = run(programs[0])
    rmse, persistence = (np.sqrt(np.mean(error**2)) for error in (names["error"], names["y_test"]))
    assert capsys.readouterr().out == f"RMSE {rmse:.1f} mg/dL, persistence {persistence:.1f}\n"
    assert f"persistence {persistence:.1f}\n```" in README.read_text(encoding="utf-8")
    # printed are 21.6; another processor rounds differently, and seeds 0 to 4 differ by less than this
    assert rmse == pytest.approx(21.6, rel=0.05)
    # nothing is asked or answered across the border between training and test
    last_question = names["X"].index.max() + np.timedelta64(30, "m")
    assert last_question < names["X_test"].index.min()


def test_data_frame_is_forecast_in_its_form_and_measured(programs, capsys):
    names = run(programs[1])
    printed = capsys.readouterr().out.splitlines()
    assert [line.split() for line in printed[:3:2]] == [
        ["y_pred", "y_pred-lo-80", "y_pred-hi-80"],
        ["2010-09-01", "00:00:00", *printed[2].split()[2:]],
    ]
    error = names["evaluate"](names["backtest"], ["mae"]).set_index("model")["mae"]
    assert error["Naive"] == pytest.approx(12.1, abs=0.05)
    # printed are 9.5; another seed or processor differs by less than this
    assert error["y_pred"] == pytest.approx(9.5, rel=0.05)


def test_macbeth_learns_and_writes(programs, capsys):
    names = run(programs[2])
    bits, written = capsys.readouterr().out.split(" bits per character\n")
    # 2.2 on two cores; a slower machine gets less far in 15 seconds, but past what the commonness of characters gives
    assert 1.9 < float(bits) < 3.3
    assert len(written) == 200 + len("\n")
    assert set(written) <= set(names["text"])
    assert names["model"].history_.stopped_by == "time"
