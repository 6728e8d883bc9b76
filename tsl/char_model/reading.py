"""Readers, which predict what follows each character of a text in bounded memory; and writers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from tsl.char_model.encoding import network_inputs
from tsl.char_model.samples import Codes
from tsl.char_model.text_state import TextState, check_state
from tsl.network import Choice, CodeWriter, Network, Sequences, States2D, Targets, choose

REPEATED = 32  # how many characters `repetition_penalty` looks back; chosen by judgement, not measured
CHUNK = 1024  # characters or windows read per call
GROUP, GROUP_CHUNK = 64, 64  # contexts in a batch, and characters of each read per call
WRITTEN_FLOPS = 5e7  # per call that writes: a few milliseconds


class Stretch(NamedTuple):
    """Consecutive characters of a text, and the network's predictions for them."""

    outputs: NDArray[np.float32]
    """Outputs (k, V) before each character."""
    sequences: Sequences
    """The network's inputs."""
    targets: Targets
    """The characters."""
    initial: States2D | None
    """The states that reading began from."""


class CharWriter(Protocol):
    """Writer of several texts in parallel.

    Attributes
    ----------
    at_once : int
        Characters to write per call: enough to make the overhead small, few enough that a call takes little time.
    """

    at_once: int

    def write(self, state: TextState, draws: NDArray[np.float64], choice: Choice) -> tuple[Codes, TextState]:
        """Return one code for each of `draws` (steps, n), and the state after them."""


class StreamReader:
    """Reader that starts at a text's first character and carries the state from each character to the next."""

    def __init__(self, network: Network, n_threads: int) -> None:
        self._network = network
        self._n_threads = n_threads

    def stretches(self, codes: Codes, label: Codes | None = None, length: int = CHUNK) -> Iterator[Stretch]:
        """Yield the predictions after ``codes[:1]``, ``codes[:2]`` ..., `length` of them at a time."""
        states, targets = None, codes.astype(np.int64)
        for begin in range(0, codes.size - 1, length):
            starts, lengths = np.array([begin]), np.array([min(length, codes.size - 1 - begin)])
            sequences = Sequences(codes, starts, lengths, conditions=label)
            outputs, after = self._network.forward_states(sequences, initial=states, n_threads=self._n_threads)
            yield Stretch(outputs[0], sequences, Targets(targets, starts + 1), states)
            states = after

    def after_all(self, contexts: Sequence[Codes], labels: Codes | None = None) -> NDArray[np.float32]:
        """Return the outputs (n, V) after each of n contexts, none of them empty."""
        outputs = np.empty((len(contexts), self._network.architecture.n_outputs), np.float32)
        longest_first = np.argsort([-context.size for context in contexts], kind="stable")
        for first in range(0, len(contexts), GROUP):
            group = longest_first[first : first + GROUP]
            of_group = None if labels is None else labels[group]
            outputs[group] = self._after_group([contexts[k] for k in group], of_group)
        return outputs

    def _after_group(self, contexts: list[Codes], labels: Codes | None) -> NDArray[np.float32]:
        """Return the outputs after each of a few contexts, sorted from longest to shortest."""
        sizes = np.array([context.size for context in contexts])
        starts = np.cumsum(sizes) - sizes
        codes = np.concatenate(contexts)
        last = np.empty((len(contexts), self._network.architecture.n_outputs), np.float32)
        states = None
        for begin in range(0, sizes[0], GROUP_CHUNK):
            n = int((sizes > begin).sum())  # contexts that have not ended yet: always the first ones
            lengths = np.minimum(sizes[:n] - begin, GROUP_CHUNK)
            if states is not None:
                hidden, cell = states
                states = [layer[:n] for layer in hidden], [layer[:n] for layer in cell]
            conditions = None if labels is None else labels[:n]
            part = Sequences(codes, starts[:n] + begin, lengths, conditions=conditions)
            outputs, states = self._network.forward_states(part, initial=states, n_threads=self._n_threads)
            last[:n] = outputs[np.arange(n), lengths - 1]
        return last

    def check(self, state: TextState) -> None:
        """Check that a state comes from this kind of model."""
        check_state(state, self._network, sum(self._network.architecture.hidden_sizes), REPEATED)

    def begin(self, first: NDArray[Any], label: Codes | None = None) -> TextState:
        """Return the state before the first character of a text; `first` (V,) are the outputs for it."""
        recent = np.full((1, REPEATED), -1, np.int32)
        return TextState(self._network.zero_states(1), first[None, :], recent, (b"",), ("",), label)

    def read(self, state: TextState, codes: Codes) -> TextState:
        """Return the state after `codes` (n, steps)."""
        ends = np.cumsum(self._network.architecture.hidden_sizes)[:-1]
        for begin in range(0, codes.shape[1], CHUNK):
            part = np.ascontiguousarray(codes[:, begin : begin + CHUNK])
            n, steps = part.shape
            starts, lengths = np.arange(n) * steps, np.full(n, steps)
            sequences = Sequences(part.ravel(), starts, lengths, conditions=state.labels)
            hidden, cell = (np.split(one, ends, axis=1) for one in state.states)
            outputs, final = self._network.forward_states(sequences, initial=(hidden, cell), n_threads=self._n_threads)
            joined = np.stack([np.concatenate(one, axis=1) for one in final])
            state = state.after(joined, outputs[:, -1], part)
        return state

    def writer(self, n: int) -> StreamWriter:
        """Return a writer of n texts in parallel."""
        return StreamWriter(self._network, n, self._n_threads)


class StreamWriter:
    """A `CharWriter` that carries the state from each character to the next."""

    def __init__(self, network: Network, n: int, n_threads: int) -> None:
        self._writer = CodeWriter(network, n, n_threads)
        self.at_once = int(np.clip(WRITTEN_FLOPS / (n * network.flops(1, 1)), 256, 1024))

    def write(self, state: TextState, draws: NDArray[np.float64], choice: Choice) -> tuple[Codes, TextState]:
        """Return the chosen codes, and the state after them."""
        self._writer.states[:] = state.states
        codes, outputs = self._writer.write(state.outputs, draws, choice, state.recent.copy(), state.labels)
        return codes, state.after(self._writer.states.copy(), outputs, codes.T)


class WindowReader:
    """Reader that rereads the last `window` characters for each prediction."""

    def __init__(self, network: Network, window: int, n_threads: int) -> None:
        self._network = network
        self._window = window
        self._n_threads = n_threads

    def stretches(self, codes: Codes, label: Codes | None = None, length: int = CHUNK) -> Iterator[Stretch]:
        """Yield the predictions after ``codes[:1]``, ``codes[:2]`` ..., `length` of them at a time."""
        rows, targets = network_inputs(self._network.architecture, codes), codes.astype(np.int64)
        for begin in range(1, codes.size, length):
            ends = np.arange(begin, min(begin + length, codes.size))
            lengths, labels = np.minimum(ends, self._window), None if label is None else np.repeat(label, ends.size)
            sequences = Sequences(rows, ends - lengths, lengths, conditions=labels)
            outputs = self._network.forward(sequences, n_threads=self._n_threads)
            yield Stretch(outputs, sequences, Targets(targets, ends), None)

    def after_all(self, contexts: Sequence[Codes], labels: Codes | None = None) -> NDArray[np.float32]:
        """Return the outputs (n, V) after each of n contexts, none of them empty."""
        outputs = np.empty((len(contexts), self._network.architecture.n_outputs), np.float32)
        for first in range(0, len(contexts), CHUNK):
            windows = [context[-self._window :] for context in contexts[first : first + CHUNK]]
            lengths = np.array([window.size for window in windows])
            rows = network_inputs(self._network.architecture, np.concatenate(windows))
            conditions = None if labels is None else labels[first : first + CHUNK]
            sequences = Sequences(rows, np.cumsum(lengths) - lengths, lengths, conditions=conditions)
            outputs[first : first + CHUNK] = self._network.forward(sequences, n_threads=self._n_threads)
        return outputs

    def check(self, state: TextState) -> None:
        """Check that a state comes from this kind of model."""
        check_state(state, self._network, 0, max(self._window, REPEATED))

    def begin(self, first: NDArray[Any], label: Codes | None = None) -> TextState:
        """Return the state before the first character of a text; `first` (V,) are the outputs for it."""
        recent = np.full((1, max(self._window, REPEATED)), -1, np.int32)
        return TextState(np.zeros((2, 1, 0)), first[None, :], recent, (b"",), ("",), label)

    def read(self, state: TextState, codes: Codes) -> TextState:
        """Return the state after `codes` (n, steps)."""
        if codes.shape[1] == 0:
            return state
        recent = state.after(state.states, state.outputs, codes).recent
        windows = [codes_[codes_ >= 0] for codes_ in recent[:, -self._window :]]
        return state.after(state.states, self.after_all(windows, state.labels), codes)

    def writer(self, n: int) -> WindowWriter:
        """Return a writer of n texts in parallel."""
        return WindowWriter(self)


class WindowWriter:
    """A `CharWriter` that rereads the last window of the text for each character."""

    at_once = 1

    def __init__(self, reader: WindowReader) -> None:
        self._reader = reader

    def write(self, state: TextState, draws: NDArray[np.float64], choice: Choice) -> tuple[Codes, TextState]:
        """Return the chosen codes, and the state after them."""
        written = np.empty(draws.shape, np.int32)
        for step, some in enumerate(draws):
            recent = state.recent[:, -REPEATED:].copy()
            written[step] = choose(state.outputs, some, choice, recent)
            state = self._reader.read(state, written[step][:, None])
        return written, state


def log_softmax(outputs: NDArray[Any]) -> NDArray[np.float64]:
    """Return log-probabilities along the last axis."""
    shifted = outputs.astype(np.float64)
    shifted -= shifted.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
