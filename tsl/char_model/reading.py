"""What a network expects after each character of a text, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsl.network import Network, Sequences, Stepper

Codes = NDArray[np.int32]

CHUNK = 1024  # characters, or windows, read in one call
GROUP, GROUP_CHUNK = 64, 64  # contexts read side by side, and characters of each in one call


class StreamReader:
    """Reads from the first character on, the state being carried from one to the next."""

    def __init__(self, network: Network, n_threads: int) -> None:
        self._network = network
        self._n_threads = n_threads

    def after_each(self, codes: Codes) -> Iterator[NDArray[np.float32]]:
        """Outputs (k, V) after ``codes[:1]``, ``codes[:2]`` ..., some at a time."""
        states = None
        for begin in range(0, codes.size, CHUNK):
            part = np.array([min(CHUNK, codes.size - begin)])
            outputs, states = self._network.forward_states(
                Sequences(codes, np.array([begin]), part), initial=states, n_threads=self._n_threads
            )
            yield outputs[0]

    def after_all(self, contexts: Sequence[Codes]) -> NDArray[np.float32]:
        """Outputs (n, V) after each of n contexts, none of them empty."""
        outputs = np.empty((len(contexts), self._network.architecture.n_outputs), np.float32)
        longest_first = np.argsort([-context.size for context in contexts], kind="stable")
        for first in range(0, len(contexts), GROUP):
            group = longest_first[first : first + GROUP]
            outputs[group] = self._after_group([contexts[k] for k in group])
        return outputs

    def _after_group(self, contexts: list[Codes]) -> NDArray[np.float32]:
        """`after_all` of a few contexts, the longest first, so that those that are read on are always the first."""
        sizes = np.array([context.size for context in contexts])
        starts = np.cumsum(sizes) - sizes
        codes = np.concatenate(contexts)
        last = np.empty((len(contexts), self._network.architecture.n_outputs), np.float32)
        states = None
        for begin in range(0, sizes[0], GROUP_CHUNK):
            n = int((sizes > begin).sum())
            lengths = np.minimum(sizes[:n] - begin, GROUP_CHUNK)
            if states is not None:
                hidden, cell = states
                states = [layer[:n] for layer in hidden], [layer[:n] for layer in cell]
            part = Sequences(codes, starts[:n] + begin, lengths)
            outputs, states = self._network.forward_states(part, initial=states, n_threads=self._n_threads)
            last[:n] = outputs[np.arange(n), lengths - 1]
        return last

    def writer(self, codes: Codes) -> StreamWriter:
        """Something to go on from after `codes`."""
        return StreamWriter(self._network, codes)


class StreamWriter:
    """Reads character by character what it has written.

    Attributes
    ----------
    outputs : ndarray of shape (V,) or None
        What the network expects next; None before the first character.
    """

    def __init__(self, network: Network, codes: Codes) -> None:
        self._stepper = Stepper(network)
        self.outputs: NDArray[np.float32] | None = None
        states = None
        for begin in range(0, codes.size, CHUNK):
            part = np.array([min(CHUNK, codes.size - begin)])
            outputs, states = network.forward_states(Sequences(codes, np.array([begin]), part), initial=states)
            self.outputs = outputs[0, -1]
        if states is not None:
            self._stepper.states[:] = [np.concatenate(part, axis=1) for part in states]

    def read(self, code: int) -> None:
        """Go on by one character."""
        self.outputs = self._stepper.read(np.array([code], np.int32))[0]


class WindowReader:
    """Reads the last `window` characters anew for every character."""

    def __init__(self, network: Network, window: int, rows_of: Any, n_threads: int) -> None:
        self._network = network
        self._window = window
        self._rows_of = rows_of
        self._n_threads = n_threads

    def after_each(self, codes: Codes) -> Iterator[NDArray[np.float32]]:
        """Outputs (k, V) after ``codes[:1]``, ``codes[:2]`` ..., some at a time."""
        rows = self._rows_of(codes)
        for begin in range(1, codes.size + 1, CHUNK):
            ends = np.arange(begin, min(begin + CHUNK, codes.size + 1))
            yield self._forward(rows, ends, np.minimum(ends, self._window))

    def after_all(self, contexts: Sequence[Codes]) -> NDArray[np.float32]:
        """Outputs (n, V) after each of n contexts, none of them empty."""
        outputs = np.empty((len(contexts), self._network.architecture.n_outputs), np.float32)
        for first in range(0, len(contexts), CHUNK):
            windows = [context[-self._window :] for context in contexts[first : first + CHUNK]]
            lengths = np.array([window.size for window in windows])
            rows = self._rows_of(np.concatenate(windows))
            outputs[first : first + CHUNK] = self._forward(rows, np.cumsum(lengths), lengths)
        return outputs

    def writer(self, codes: Codes) -> WindowWriter:
        """Something to go on from after `codes`."""
        return WindowWriter(self, codes[-self._window :])

    def after_last(self, codes: Codes) -> tuple[Codes, NDArray[np.float32]]:
        """The last window of `codes`, and the outputs (V,) after it."""
        window = codes[-self._window :]
        return window, self._forward(self._rows_of(window), np.array([window.size]), np.array([window.size]))[0]

    def _forward(self, rows: Any, ends: NDArray[np.int64], lengths: NDArray[np.int64]) -> NDArray[np.float32]:
        return self._network.forward(Sequences(rows, ends - lengths, lengths), n_threads=self._n_threads)


class WindowWriter:
    """Reads the last window of what it has written.

    Attributes
    ----------
    outputs : ndarray of shape (V,) or None
        What the network expects next; None before the first character.
    """

    def __init__(self, reader: WindowReader, codes: Codes) -> None:
        self._reader = reader
        self._codes = codes
        self.outputs: NDArray[np.float32] | None = None
        if codes.size:
            self._codes, self.outputs = reader.after_last(codes)

    def read(self, code: int) -> None:
        """Go on by one character."""
        self._codes, self.outputs = self._reader.after_last(np.append(self._codes, np.int32(code)))


def log_softmax(outputs: NDArray[Any]) -> NDArray[np.float64]:
    """Log-probabilities along the last axis."""
    shifted = outputs.astype(np.float64)
    shifted -= shifted.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
