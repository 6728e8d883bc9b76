"""What a network expects after each character of a text, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsl.network import Network, Sequences, Writer, choose

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

    def writer(self, codes: Codes, first: NDArray[Any]) -> StreamWriter:
        """Something to go on from after `codes`; `first` is what is expected where there are none."""
        return StreamWriter(self._network, codes, first)


class StreamWriter:
    """Writes on, the state being carried from character to character.

    Attributes
    ----------
    at_once : int
        Characters to ask for in one call: so many that the call itself costs little, so few that none waits long.
    outputs : ndarray of shape (V,)
        Logarithms of what is expected next; `first` before the first character.
    """

    at_once = 256

    def __init__(self, network: Network, codes: Codes, first: NDArray[Any]) -> None:
        self._writer = Writer(network)
        self.outputs = first
        states = None
        for begin in range(0, codes.size, CHUNK):
            part = np.array([min(CHUNK, codes.size - begin)])
            outputs, states = network.forward_states(Sequences(codes, np.array([begin]), part), initial=states)
            self.outputs = outputs[0, -1]
        if states is not None:
            self._writer.states[:] = [np.concatenate(part, axis=1) for part in states]

    def write(self, draws: NDArray[np.float64], temperature: float, barred: NDArray[np.bool_]) -> Codes:
        """As many codes as there are `draws`."""
        codes, outputs = self._writer.write(self.outputs[None, :], draws[:, None], temperature, barred)
        self.outputs = outputs[0]
        return codes[:, 0]


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

    def writer(self, codes: Codes, first: NDArray[Any]) -> WindowWriter:
        """Something to go on from after `codes`; `first` is what is expected where there are none."""
        return WindowWriter(self, codes, first)

    def after_last(self, codes: Codes) -> tuple[Codes, NDArray[np.float32]]:
        """The last window of `codes`, and the outputs (V,) after it."""
        window = codes[-self._window :]
        return window, self._forward(self._rows_of(window), np.array([window.size]), np.array([window.size]))[0]

    def _forward(self, rows: Any, ends: NDArray[np.int64], lengths: NDArray[np.int64]) -> NDArray[np.float32]:
        return self._network.forward(Sequences(rows, ends - lengths, lengths), n_threads=self._n_threads)


class WindowWriter:
    """Writes on, reading the last window of what is written anew for each character.

    Attributes
    ----------
    at_once : int
        Characters to ask for in one call.
    outputs : ndarray of shape (V,)
        Logarithms of what is expected next; `first` before the first character.
    """

    at_once = 1

    def __init__(self, reader: WindowReader, codes: Codes, first: NDArray[Any]) -> None:
        self._reader = reader
        self._codes = codes
        self.outputs = first
        if codes.size:
            self._codes, self.outputs = reader.after_last(codes)

    def write(self, draws: NDArray[np.float64], temperature: float, barred: NDArray[np.bool_]) -> Codes:
        """As many codes as there are `draws`."""
        written = np.empty(draws.size, np.int32)
        for k in range(draws.size):
            written[k] = choose(self.outputs[None, :], draws[k : k + 1], temperature, barred)[0]
            self._codes, self.outputs = self._reader.after_last(np.append(self._codes, written[k]))
        return written


def log_softmax(outputs: NDArray[Any]) -> NDArray[np.float64]:
    """Log-probabilities along the last axis."""
    shifted = outputs.astype(np.float64)
    shifted -= shifted.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
