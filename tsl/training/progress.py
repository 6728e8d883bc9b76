"""Training progress on stderr."""

from __future__ import annotations

import math
import shutil
import sys
from time import perf_counter
from typing import Any

from tsl.network import COMPILING, on_compilation, warm_up
from tsl.training.history import History

BAR_WIDTH = 20
REDRAW_SECONDS = 0.1
LINE_SECONDS = 5.0


class Display:
    """Writer of progress: one line that is redrawn at a terminal or in a notebook, separate lines elsewhere.

    Parameters
    ----------
    verbose : int
        0: show nothing.
    """

    def __init__(self, verbose: int) -> None:
        self._stream = sys.stderr if verbose else None  # also None without a console
        self.shown = self._stream is not None
        notebook = type(self._stream).__module__.partition(".")[0] == "ipykernel"
        terminal = self._stream is not None and self._stream.isatty()
        self.redrawn = notebook or terminal
        self._clear = "\x1b[K" if terminal else ""  # a notebook would show it literally
        self._width = 0
        self._written = -math.inf

    def due(self, seconds: float) -> bool:
        """Return whether the last write was at least `seconds` ago."""
        return perf_counter() - self._written >= seconds

    def redraw(self, line: str) -> None:
        """Write a line in place of the last one."""
        # A line that wraps could not be overwritten. "\x1b[K" or blanks clear the rest of a longer line.
        line = line[: shutil.get_terminal_size().columns - 1]
        self.write("\r" + (line if self._clear else line.ljust(self._width)) + self._clear)
        self._width = len(line)

    def end(self, line: str) -> None:
        """Write a permanent line in place of the last one."""
        if self.redrawn:
            self.redraw(line)
            self.write("\n")
            self._width = 0
        else:
            self.write(line + "\n")

    def say(self, line: str) -> None:
        """Write a separate line, which does not count for `due`."""
        written = self._written
        self.write(f"\r{line}{self._clear}\n" if self.redrawn else f"{line}\n")
        self._written = written

    def write(self, text: str) -> None:
        """Write a text unchanged."""
        assert self._stream is not None
        self._stream.write(text)
        self._stream.flush()
        self._written = perf_counter()


class Progress:
    """Progress bar at a terminal or in a notebook; elsewhere a line at first and then every few seconds.

    Parameters
    ----------
    verbose : int
        0: write nothing. 2: write a permanent line for every epoch.
    last_epoch : int
        The epoch at which training ends if nothing ends it earlier.
    """

    def __init__(self, verbose: int, last_epoch: int) -> None:
        self._display = Display(verbose)
        self._every_epoch = verbose > 1
        self._last_epoch = last_epoch
        self._began = perf_counter()
        self._pending = ""
        self._rest = ""  # results that are only known after an epoch
        self._said_compiling = False

    def compiling(self) -> bool:
        """Write once that kernels are being compiled; return whether that was written."""
        if self._display.shown and not self._said_compiling:
            self._said_compiling = True
            self._display.say(COMPILING)
        return self._said_compiling

    def stretch(self, epoch: int, share: float, loss: float) -> None:
        """Show that `share` of an epoch is done, at a loss of about `loss`."""
        if self._display.redrawn and self._display.due(REDRAW_SECONDS):
            self._redraw(epoch, share, f"loss {loss:.4g}{self._rest}")

    def epoch(self, history: History) -> None:
        """Show the last epoch of `history`."""
        if not self._display.shown:
            return
        validation = "" if math.isnan(history.val_loss[-1]) else f"  validation {history.val_loss[-1]:.4g}"
        self._rest = f"{validation}  rate {history.learning_rate[-1]:.3g}"
        numbers = f"loss {history.loss[-1]:.4g}{self._rest}"
        self._pending = self._line(history.n_iter, 1.0, numbers)
        if self._every_epoch or (not self._display.redrawn and self._display.due(LINE_SECONDS)):
            self.close()
        elif self._display.redrawn and self._display.due(REDRAW_SECONDS):
            self._redraw(history.n_iter, 1.0, numbers)

    def close(self) -> None:
        """Make the last line permanent."""
        if self._pending:
            self._display.end(self._pending)
        self._pending = ""

    def _line(self, epoch: int, share: float, numbers: str) -> str:
        line = f"epoch {epoch}/{self._last_epoch}  {numbers}  {perf_counter() - self._began:.1f} s"
        if not self._display.redrawn:
            return line
        filled = math.floor(BAR_WIDTH * (epoch - 1 + share) / self._last_epoch)
        return f"{'#' * filled}{'.' * (BAR_WIDTH - filled)}  {line}"

    def _redraw(self, epoch: int, share: float, numbers: str) -> None:
        """Draw the line with the estimated remaining time, assuming that epochs take as long as before."""
        self._pending = self._line(epoch, share, numbers)
        done = (epoch - 1 + share) / self._last_epoch
        left = (perf_counter() - self._began) * (1 - done) / done if done else 0.0
        self._display.redraw(f"{self._pending}, {left:.0f} s left" if 0 < done < 1 else self._pending)


class TrialProgress:
    """Progress of trials: one line that is redrawn at a terminal or in a notebook, occasional lines elsewhere.

    Parameters
    ----------
    verbose : int
        0: write nothing.
    """

    def __init__(self, verbose: int) -> None:
        self._display = Display(verbose)
        self._drawn = False

    def show(self, line: str) -> None:
        """Show the current trial."""
        if self._display.redrawn:
            self._display.redraw(line)
            self._drawn = True
        elif self._display.shown and self._display.due(LINE_SECONDS):
            self._display.end(line)

    def close(self, line: str) -> None:
        """Write a permanent last line, if anything was shown."""
        if self._drawn:
            self._display.end(line)
        self._drawn = False


def compile_kernels(dtype: Any, verbose: int) -> None:
    """Compile kernels that are not compiled yet, for instance before measuring time; report it if `verbose`."""
    with on_compilation(Progress(verbose, 0).compiling):
        warm_up(dtype)
