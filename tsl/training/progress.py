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
CLEAR = "\x1b[K"  # clears the rest of a longer line in a terminal


class Display:
    """Writer of progress: one line that is redrawn at a terminal or in a notebook, separate lines elsewhere.

    In a notebook, that line is an output that is updated. Carriage returns would suffice in a browser, but a notebook
    run by a program such as nbconvert would keep every state of the line.

    Parameters
    ----------
    verbose : int
        0: show nothing. 2: leave lines only in a notebook, where many outputs would be a long list.
    """

    def __init__(self, verbose: int) -> None:
        self._stream = sys.stderr if verbose else None  # also None without a console
        self.shown = self._stream is not None
        in_notebook = type(self._stream).__module__.partition(".")[0] == "ipykernel"
        self._in_output = in_notebook and verbose == 1
        self.redrawn = self._in_output or (self._stream is not None and self._stream.isatty())
        self._output: Any = None
        self._written = -math.inf

    def due(self, seconds: float) -> bool:
        """Return whether the last write was at least `seconds` ago."""
        return perf_counter() - self._written >= seconds

    def redraw(self, line: str) -> None:
        """Write a line in place of the last one."""
        if self._in_output:
            self._redraw_output(line)
            return
        # A line that wraps could not be overwritten.
        self.write(f"\r{line[: shutil.get_terminal_size().columns - 1]}{CLEAR}")

    def _redraw_output(self, line: str) -> None:
        content = {"text/plain": line}
        if self._output is None:
            from IPython.display import display  # installed with every notebook kernel

            self._output = display(content, raw=True, display_id=True)
        else:
            self._output.update(content, raw=True)
        self._written = perf_counter()

    def end(self, line: str) -> None:
        """Write a permanent line in place of the last one."""
        if not self.redrawn:
            self.write(line + "\n")
            return
        self.redraw(line)
        if self._in_output:
            self._output = None
        else:
            self.write("\n")

    def say(self, line: str) -> None:
        """Write a separate line, which does not count for `due`."""
        written = self._written
        self.write(f"\r{line}{CLEAR}\n" if self.redrawn and not self._in_output else f"{line}\n")
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
