"""Progress of training on stderr, if asked for."""

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


class Progress:
    """Progress bar on a terminal; elsewhere a line at first and then every few seconds.

    Parameters
    ----------
    verbose : int
        0: write nothing. 2: write, and leave, a line for every epoch.
    last_epoch : int
        The epoch at which training ends if nothing ends it before.
    """

    def __init__(self, verbose: int, last_epoch: int) -> None:
        self._stream = sys.stderr if verbose else None  # None too where there is no console
        self._every_epoch = verbose > 1
        self._last_epoch = last_epoch
        self._terminal = self._stream is not None and self._stream.isatty()
        self._began = perf_counter()
        self._written = -math.inf
        self._pending = ""
        self._rest = ""  # what is known of the last epoch only
        self._said_compiling = False

    def compiling(self) -> bool:
        """Write, once, that kernels are being compiled; return whether that was written."""
        if self._stream is not None and not self._said_compiling:
            self._said_compiling = True
            self._stream.write(("\r" if self._terminal else "") + COMPILING + ("\x1b[K\n" if self._terminal else "\n"))
            self._stream.flush()
        return self._said_compiling

    def stretch(self, epoch: int, share: float, loss: float) -> None:
        """Show that `share` of an epoch is done, at a loss of about `loss`."""
        if self._terminal and self._due(REDRAW_SECONDS):
            self._redraw(self._line(epoch, share, f"loss {loss:.4g}{self._rest}"))

    def epoch(self, history: History) -> None:
        """Show the last epoch of `history`."""
        if self._stream is None:
            return
        validation = "" if math.isnan(history.val_loss[-1]) else f"  validation {history.val_loss[-1]:.4g}"
        self._rest = f"{validation}  rate {history.learning_rate[-1]:.3g}"
        self._pending = self._line(history.n_iter, 1.0, f"loss {history.loss[-1]:.4g}{self._rest}")
        if self._every_epoch or (not self._terminal and self._due(LINE_SECONDS)):
            self.close()
        elif self._terminal and self._due(REDRAW_SECONDS):
            self._redraw(self._pending)

    def close(self) -> None:
        """Write the last line for good."""
        if self._stream is None or not self._pending:
            return
        if self._terminal:
            self._redraw(self._pending)
            self._write("\n")
        else:
            self._write(self._pending + "\n")
        self._pending = ""

    def _line(self, epoch: int, share: float, numbers: str) -> str:
        line = f"epoch {epoch}/{self._last_epoch}  {numbers}  {perf_counter() - self._began:.1f} s"
        if not self._terminal:
            return line
        filled = math.floor(BAR_WIDTH * (epoch - 1 + share) / self._last_epoch)
        return f"{'#' * filled}{'.' * (BAR_WIDTH - filled)}  {line}"

    def _due(self, seconds: float) -> bool:
        return perf_counter() - self._written >= seconds

    def _redraw(self, line: str) -> None:
        # A line that wraps could not be overwritten. "\x1b[K" clears what is left of a longer line.
        self._write("\r" + line[: shutil.get_terminal_size().columns - 1] + "\x1b[K")
        self._pending = line

    def _write(self, text: str) -> None:
        assert self._stream is not None
        self._stream.write(text)
        self._stream.flush()
        self._written = perf_counter()


def compile_kernels(dtype: Any, verbose: int) -> None:
    """Compile what is not compiled yet, for instance before time is measured; write so if `verbose`."""
    with on_compilation(Progress(verbose, 0).compiling):
        warm_up(dtype)
