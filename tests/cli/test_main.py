"""Common behaviour of all commands: exit codes, existing files, Ctrl-C, configuration, JSON, completion."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("typer", reason="the command line is an extra")

from command_line import ended, fails, run

from tsl import cli
from tsl.cli import choices, forecast
from tsl.network import Network
from tsl.persistence import load

TABLE = pd.DataFrame({"day": pd.date_range("2024-01-01", periods=30), "sold": 1.0 + np.arange(30) % 7})
NAIVE = ("--horizon", 2, "--model", "naive")


@pytest.fixture
def sales(tmp_path, monkeypatch):
    """A file of one series in the current folder."""
    monkeypatch.chdir(tmp_path)
    TABLE.to_csv("sales.csv", index=False)
    return "sales.csv"


def process(*arguments, **options):
    """A process of the command."""
    return subprocess.Popen(
        [sys.executable, "-c", "from tsl.cli import main; main()", *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": str(Path(cli.__file__).parents[2])},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        **options,
    )


# --- errors -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["forecast", "sale.csv", *NAIVE], "tsl: there is no file sale.csv: did you mean sales.csv?"),
        (["forecast", ".", *NAIVE], "tsl: files must end in .csv"),
        (["forecast", "sales.csv"], "tsl: Missing option '--horizon' (tsl forecast --help lists the options)"),
        (["forecast", "sales.csv", "--horizont", 2], "tsl: No such option"),
        (["forecast", "sales.csv", "--horizon", 0], "tsl: Invalid value for '--horizon': "),
        (["forcast"], "tsl: No such command 'forcast'. Did you mean 'forecast'? (tsl --help lists the options)"),
        (["forecast", "sales.csv", *NAIVE[:3], "navie"], "tsl: --model must be one of lstm, naive"),
        (["forecast", "sales.csv", *NAIVE, "--plot", "-"], "tsl: --plot must name a file, got '-'"),
        (["forecast", "-", *NAIVE, "--future", "-"], "tsl: - can be the table or --future, but not both"),
        (["text", "score", "-", "-"], "tsl: - can be the model or the text, but not both"),
        (["text", "generate", "-", "--prompt", "-"], "tsl: - can be the model or --prompt, but not both"),
        (["text", "train", "-", "-"], "tsl: only one of the texts can be -"),
        (["text", "train", "-", "--out", "-", "--json"], "tsl: --out must name a file with --json, got '-'"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(sales, arguments, message):
    assert fails(*arguments).startswith(message)


def test_too_short_a_series_is_named_with_what_it_needs(sales):
    assert "the longest series has 30 rows" in fails("forecast", sales, "--horizon", 30, "--quiet")
    assert "need more than 150 rows per series" in fails("backtest", sales, "--horizon", 30)


def test_errors_of_the_system_have_exit_code_1(sales, monkeypatch):
    def refuse(path, content):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("tsl.persistence.replace_file", refuse)
    assert fails("forecast", sales, *NAIVE, "--out", "out.csv", code=1) == "tsl: out.csv: Permission denied"


@pytest.mark.parametrize("arguments", [[], ["text"]])
def test_groups_alone_show_their_help(arguments):
    code, out, err = ended(*arguments)
    assert (code, err) == (2, "")
    assert "Commands" in out


def test_an_error_of_the_program_itself_is_not_hidden(sales, monkeypatch):
    def fail(*arguments):
        raise TypeError("a bug")

    monkeypatch.setattr(forecast, "load", fail)
    with pytest.raises(TypeError, match="a bug"):
        ended("forecast", sales, *NAIVE)


# --- files ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("option", "name"), [("--out", "old.csv"), ("--plot", "old.png")])
@pytest.mark.parametrize("command", ["forecast", "backtest"])
def test_files_are_overwritten_with_force_alone(sales, command, option, name):
    Path(name).write_text("mine", encoding="utf-8")
    message = fails(command, sales, *NAIVE, option, name)
    assert message == f"tsl: {name} already exists: name another file with {option}, or overwrite it with --force"
    assert Path(name).read_text(encoding="utf-8") == "mine"
    run(command, sales, *NAIVE, option, name, "--force")
    assert Path(name).read_bytes() != b"mine"
    assert "is the input file" in fails(command, sales, *NAIVE, "--out", sales, "--force")
    assert len(list(Path().iterdir())) == 2


def test_a_table_comes_through_pipes(sales):
    table = Path(sales).read_text(encoding="utf-8")
    expected = run("forecast", sales, *NAIVE)
    assert run("forecast", "-", *NAIVE, "--out", "-", stdin=table) == expected
    assert run("forecast", "-", *NAIVE, stdin=table.replace(",", ";").replace(".0", ",0")) == expected
    with process("backtest", "-", *NAIVE, "--out", "-", stdin=subprocess.PIPE) as piped:
        out, err = piped.communicate(table.encode(), timeout=60)
    assert out.splitlines()[0] == b"unique_id,cutoff,day,sold,y_pred,Naive,SeasonalNaive"
    assert re.match(rb" +model +mae", err)  # the metrics do not go into the table
    assert b"written" not in err


# --- Ctrl-C -----------------------------------------------------------------------------------------------------------


@pytest.mark.filterwarnings("always")  # as the command runs
@pytest.mark.parametrize("command", ["forecast", "backtest"])
def test_ctrl_c_in_training_writes_nothing(sales, command, monkeypatch):
    train_steps = Network.train_steps
    calls = []

    def steps(self, *arguments, **options):
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return train_steps(self, *arguments, **options)

    monkeypatch.setattr(Network, "train_steps", steps)
    options = ["--horizon", 2, "--quiet", "--out", "out.csv", "--plot", "out.png"]
    assert fails(command, sales, *options, code=130) == "tsl: interrupted"
    assert len(calls) == 3  # a training that was ended is the end of all
    assert os.listdir() == [sales]


@pytest.mark.skipif(os.name != "posix", reason="signals as POSIX has them")
def test_ctrl_c_ends_a_command_that_waits(sales):
    with process("forecast", "-", *NAIVE, stdin=subprocess.PIPE) as waiting:
        waiting.stdin.write(b"day,sold\n")
        waiting.stdin.flush()
        with pytest.raises(subprocess.TimeoutExpired):
            waiting.wait(timeout=3)  # it has started, and reads
        waiting.send_signal(signal.SIGINT)
        assert waiting.wait(timeout=60) == 130
        assert (waiting.stdout.read(), waiting.stderr.read()) == (b"", b"tsl: interrupted\n")


# --- configuration ----------------------------------------------------------------------------------------------------

CONFIG = """
horizon = 2
model = "naive"
level = [80, 90.5]
quiet = true

[backtest]
windows = 3
level = 95

[text.train]
hidden_size = [4, 4]
epochs = 1
set = ["dropout=0.1"]
"""


def test_options_come_from_a_file_and_from_the_command_line_first(sales):
    Path("tsl.toml").write_text(CONFIG, encoding="utf-8")
    expected = run("forecast", sales, *NAIVE, "--level", 80, "--level", 90.5)
    assert run("forecast", sales, "--config", "tsl.toml") == expected
    first = run("forecast", "--config", "tsl.toml", "--horizon", 1, "--level", 70, sales)
    assert first == run("forecast", sales, "--horizon", 1, "--model", "naive", "--level", 70)
    assert run("backtest", sales, "--config", "tsl.toml") == run(
        "backtest", sales, *NAIVE, "--windows", 3, "--level", 95
    )


def test_a_file_may_name_the_table_and_options_with_underscores(sales):
    Path("tsl.toml").write_text(f'file = "{sales}"\nhorizon = 2\nn_models = 1\nmodel = "naive"\n', encoding="utf-8")
    assert run("forecast", "--config", "tsl.toml") == run("forecast", sales, *NAIVE)


def test_options_of_a_command_of_two_words(sales):
    Path("play.txt").write_text("To be, or not to be. " * 20, encoding="utf-8")
    Path("tsl.toml").write_text(CONFIG.partition("[backtest]")[2].partition("\n\n")[2], encoding="utf-8")
    said = json.loads(run("text", "train", "play.txt", "--config", "tsl.toml", "--json", "--quiet"))
    assert (said["epochs"], said["out"]) == (1, "play.tsl")
    model = load("play.tsl")
    assert (model.hidden_size, model.dropout) == ((4, 4), 0.1)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("horizont = 2", "tsl.toml: tsl forecast has no option 'horizont': did you mean horizon?"),
        ("xyz = 2", "tsl.toml: tsl forecast has no option 'xyz': there are file, horizon, .*, force, json"),
        ("config = 'x'", "tsl.toml: tsl forecast has no option 'config'"),
        ("horizon = [1, 2]", r"tsl.toml: horizon must be one value, got \[1, 2\]"),
        ("horizon = true", "tsl.toml: horizon must be a string, a number or a list of them, got True"),
        ("quiet = 1", "tsl.toml: quiet must be true or false, got 1"),
        ("horizon = 1.5", "tsl.toml: Invalid value for '--horizon': "),
        ("horizon = 2\nlevel = ['high']", "tsl.toml: Invalid value for '--level': "),
        ("horizon = ", "tsl.toml is not TOML: "),
    ],
)
def test_what_is_wrong_in_a_file_names_it(sales, content, message):
    Path("tsl.toml").write_text(content, encoding="utf-8")
    assert re.match(f"tsl: {message}", fails("forecast", sales, "--config", "tsl.toml"))
    assert fails("forecast", sales, "--config", "no.toml") == "tsl: there is no file no.toml"


# --- JSON -------------------------------------------------------------------------------------------------------------


def test_a_forecast_in_json_has_what_was_inferred(sales):
    found = json.loads(run("forecast", sales, *NAIVE, "--json"))
    assert found == {
        "model": "Naive",
        "horizon": 2,
        "season": 7,
        "columns": {"id": None, "time": "day", "target": "sold", "future": []},
        "forecast": [{"day": f"{day}T00:00:00", "y_pred": 2.0} for day in ("2024-01-31", "2024-02-01")],
    }
    found = json.loads(run("forecast", sales, *NAIVE, "--json", "--out", "out.csv", "--plot", "out.png"))
    assert found == {"out": "out.csv", "plot": "out.png", "rows": 2}
    assert len(pd.read_csv("out.csv")) == 2


def test_a_backtest_in_json_has_null_where_nothing_was_measured(sales):
    found = json.loads(run("backtest", sales, *NAIVE, "--by", "step", "--level", 80, "--json"))
    assert {(row["step"], row["model"]) for row in found["metrics"]} == {
        (step, model) for step in (1, 2) for model in ("Naive", "SeasonalNaive")
    }
    assert all((row["coverage-80"] is None) == (row["model"] == "SeasonalNaive") for row in found["metrics"])


def test_other_commands_in_json():
    info = json.loads(run("info", "--json"))
    assert info["numpy"] == np.__version__
    assert set(json.loads(run("warmup", "--json"))["float32"]) == {"compiled", "seconds"}


# --- completion -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("tsl fo", ["forecast"]),
        ("tsl forecast x.csv --model ", [*choices.MODELS]),
        ("tsl backtest x.csv --by s", ["series", "step"]),
        ("tsl forecast x.csv --missing i", ["interpolate"]),
        ("tsl text train x.txt --tokens ", ["char", "byte"]),
        ("tsl forecast x.csv --for", ["--force"]),
    ],
)
def test_shells_complete_commands_options_and_choices(line, expected):
    from typer.testing import CliRunner

    from tsl.cli.app import app

    words = {"COMP_WORDS": line, "COMP_CWORD": str(line.count(" "))}
    found = CliRunner().invoke(app, [], env={"_TSL_COMPLETE": "complete_bash", **words}, prog_name="tsl")
    assert found.output.split() == expected


def test_completion_waits_for_no_heavy_import():
    script = (
        "import sys; import tsl.cli.app; print(*sorted({'numpy', 'pandas', 'numba', 'sklearn'} & set(sys.modules)))"
    )
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert found.stdout.split() == []
