"""Runs of the command line."""

import sys
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from unittest.mock import patch

from typer.testing import CliRunner

from tsl import cli


def run(*arguments, stdin=None):
    """What a command that succeeds writes to stdout."""
    from tsl.cli.app import app

    found = CliRunner().invoke(app, [str(argument) for argument in arguments], input=stdin, catch_exceptions=False)
    assert found.exit_code == 0, found.output
    return found.stdout


def ended(*arguments):
    """The exit code of a command, and what it writes to stdout and stderr."""
    out, err = StringIO(), StringIO()
    with patch.object(sys, "argv", ["tsl", *map(str, arguments)]), redirect_stdout(out), redirect_stderr(err):
        try:
            cli.main()
        except SystemExit as end:
            return end.code, out.getvalue(), err.getvalue()
    raise AssertionError("the command does not end with an exit code")


def fails(*arguments, code=2):
    """The one line with which a command fails."""
    found, out, err = ended(*arguments)
    assert (found, out) == (code, ""), err
    assert err.startswith("tsl: ")
    assert err.endswith("\n")
    assert err.count("\n") == 1
    return err.rstrip("\n")
