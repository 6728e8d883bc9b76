"""Command options from a file: ``--config``."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import typer

from tsl.cli.files import check_input, did_you_mean

NOT_IN_FILES = {"config", "help"}
CONFIG_KEY = "tsl.config"  # in the metadata of a typer context


def use_config(context: typer.Context, path: Path | None) -> Path | None:
    """Use the contents of a TOML file as the defaults of the options of this command.

    Top-level keys apply to any command that reads the file; those of a table such as ``[backtest]`` or
    ``[text.train]`` apply only to that command, and take precedence.

    Raises
    ------
    ValueError
        If the file cannot be read, or has a key that is not an option of the command.
    """
    if path is None or context.resilient_parsing:
        return path
    check_input(path)
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} is not TOML: {error}") from None
    command = _words(context)
    known = _options(context)
    defaults = {}
    for key, value in _options_of(content, command).items():
        name = key.replace("_", "-")
        if name not in known:
            near = did_you_mean(name, known) or f": there are {', '.join(known)}"
            raise ValueError(f"{path}: tsl {' '.join(command)} has no option {key!r}{near}")
        parameter = known[name]
        defaults[parameter.name] = _as_on_the_command_line(value, parameter, f"{path}: {key}")
    context.default_map = defaults
    context.meta[CONFIG_KEY] = path
    return path


def _words(context: Any) -> list[str]:
    """Return the words of the command, such as ``["text", "train"]``."""
    words: list[str] = []
    while context.parent is not None:
        words.insert(0, context.info_name)
        context = context.parent
    return words


def _options(context: Any) -> dict[str, Any]:
    """Return the parameters of a command by their names in files: the long option, or the name of an argument."""
    found = {}
    for parameter in context.command.params:
        longest = max(parameter.opts, key=len)
        name = longest.lstrip("-").replace("_", "-")
        if name not in NOT_IN_FILES:
            found[name] = parameter
    return found


def _options_of(content: dict[str, Any], command: list[str]) -> dict[str, Any]:
    """Return the options for a command: the top-level ones, then those of its tables."""
    options = {key: value for key, value in content.items() if not isinstance(value, dict)}
    table: Any = content
    for word in command:
        table = table.get(word, {})
        if not isinstance(table, dict):
            return options
    return options | {key: value for key, value in table.items() if not isinstance(value, dict)}


def _as_on_the_command_line(value: Any, parameter: Any, where: str) -> bool | str | list[str]:
    """Return a value in the form of the command line, so that it gets the same checks."""
    if getattr(parameter, "is_flag", False):
        if not isinstance(value, bool):
            raise ValueError(f"{where} must be true or false, got {value!r}")
        return value
    values = value if isinstance(value, list) else [value]
    if not all(isinstance(one, str | int | float) and not isinstance(one, bool) for one in values):
        raise ValueError(f"{where} must be a string, a number or a list of them, got {value!r}")
    texts = [str(one) for one in values]
    if getattr(parameter, "multiple", False) or parameter.nargs == -1:
        return texts
    if isinstance(value, list):
        raise ValueError(f"{where} must be one value, got {value!r}")
    return texts[0]
