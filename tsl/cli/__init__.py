"""The command line."""

from __future__ import annotations

import sys

OPTIONAL = {"typer", "rich", "matplotlib"}


def main() -> None:
    """Run the command ``tsl``; errors are one line on stderr and exit status 1."""
    try:
        from tsl.cli.app import app

        app()
    except ModuleNotFoundError as error:
        if error.name not in OPTIONAL:
            raise
        sys.exit(f'tsl: {error.name} is not installed; python -m pip install "tsl-lstm[all]" brings it')
    except (OSError, ValueError) as error:
        sys.exit(f"tsl: {error}")
