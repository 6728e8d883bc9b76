"""A text, and the commands of `tsl text` run on it."""

import command_line

PLAY = "FIRST WITCH.\nWhen shall we three meet again?\nIn thunder, lightning, or in rain?\n\n" * 12
SMALL = ["--hidden-size", "8", "--epochs", "2"]


def run(*arguments, stdin=None):
    """What a command that succeeds writes to stdout."""
    return command_line.run("text", *arguments, stdin=stdin)


def fails(*arguments, code=2):
    """The one line with which a command fails."""
    return command_line.fails("text", *arguments, code=code)
