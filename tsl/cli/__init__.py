"""The command line."""

from __future__ import annotations

import os
import sys
from typing import Any

OPTIONAL = {"typer", "rich", "matplotlib"}
BAD_INPUT, FAILED, INTERRUPTED = 2, 1, 130  # exit codes; shells use 130 for SIGINT


def main() -> None:
    """Run the command ``tsl``: an error is one line on stderr, with exit code 2 for bad input and 1 otherwise."""
    try:
        from tsl.cli.app import app

        code = app(prog_name="tsl", standalone_mode=False)
        sys.stdout.flush()
    except KeyboardInterrupt:
        code = INTERRUPTED
    except ModuleNotFoundError as error:
        if error.name not in OPTIONAL:
            raise
        _say(f'{error.name} is not installed: install it with python -m pip install "tsl-lstm[all]"')
        code = FAILED
    except BrokenPipeError:
        # Otherwise Python would flush the buffer on exit, and fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    except OSError as error:
        _say(f"{error.filename}: {error.strerror}" if error.filename and error.strerror else str(error))
        code = FAILED
    except ValueError as error:
        _say(str(error))
        code = BAD_INPUT
    except Exception as error:
        code = _code_of_usage(error)
    if code == INTERRUPTED:
        _say("interrupted")
    sys.exit(code if isinstance(code, int) else 0)


def _code_of_usage(error: Exception) -> int:
    """Report an error in the options, and return the exit code; raise any other error."""
    import typer

    if isinstance(error, typer.Abort):  # raised by older versions of typer for Ctrl-C
        return INTERRUPTED
    usage_error: Any = typer.BadParameter.__base__  # from typer or click, depending on the version of typer
    if not isinstance(error, usage_error):
        raise error
    usage: Any = error
    hint = f" ({usage.ctx.command_path} --help lists the options)" if usage.ctx else ""
    config = _config_of(usage.ctx, getattr(usage, "param", None))
    _say(f"{config}{usage.format_message().rstrip('.')}{hint}")
    return BAD_INPUT


def _config_of(context: Any, parameter: Any) -> str:
    """Return the prefix of an error about an option that the `--config` file sets."""
    from tsl.cli.config import CONFIG_KEY

    path = getattr(context, "meta", {}).get(CONFIG_KEY)
    if path is None or parameter is None:
        return ""
    source = context.get_parameter_source(parameter.name)
    return f"{path}: " if getattr(source, "name", "") == "DEFAULT_MAP" else ""


def _say(message: str) -> None:
    sys.stderr.write(f"tsl: {' '.join(message.split())}\n")
