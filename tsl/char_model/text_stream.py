"""Generated texts, character by character."""

from __future__ import annotations

import codecs
import copy
from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from itertools import zip_longest
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tsl.char_model.generation_options import GenerationOptions
from tsl.char_model.reading import CharWriter, StreamReader, WindowReader
from tsl.char_model.text_state import TextState, joined
from tsl.network import Choice


class TextStream(Iterator[Any]):
    """Iterator over generated characters, returned by `LSTMCharModel.stream`.

    Parameters
    ----------
    reader : StreamReader or WindowReader
        Reader of known codes.
    writer : CharWriter
        Writer that chooses the codes.
    tokens : ndarray of shape (V,)
        The token of each code.
    state : TextState
        The state that the texts start from.
    choice : Choice
        How to choose a code.
    options : GenerationOptions
        Where a text ends, and the random state.

    Attributes
    ----------
    state : TextState
        State of each text after the last character returned.
    """

    def __init__(
        self,
        reader: StreamReader | WindowReader,
        writer: CharWriter,
        tokens: NDArray[Any],
        state: TextState,
        choice: Choice,
        options: GenerationOptions,
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._choice = choice
        self._random_state = options.random_state
        self._texts = [
            _Text(tokens, options.stop, options.length, pending, held)
            for pending, held in zip(state.pending, state.held, strict=True)
        ]
        self._pieces: list[_Piece | None] = [None] * state.n
        self._take(np.zeros((0, state.n), np.int32), state, state)

    def __next__(self) -> str | tuple[str, ...]:
        while not self._ready:
            if all(text.done for text in self._texts):
                raise StopIteration
            self._write()
        self._n_asked += 1
        characters = self._ready.popleft()
        return characters if len(self._texts) > 1 else characters[0]

    def rest(self) -> list[str]:
        """Return the rest of each text.

        Returns
        -------
        list of str
            The rest of each text.
        """
        parts = [["".join(characters)] for characters in zip(*self._ready, strict=True)] or [[] for _ in self._texts]
        while not all(text.done for text in self._texts):
            self._write()
            for part, characters in zip(parts, self._given, strict=True):
                part.append(characters)
        self._n_asked += len(self._ready)
        self._ready.clear()
        return ["".join(part) for part in parts]

    @property
    def state(self) -> TextState:
        """State of each text after the last character returned."""
        return joined([self._state_of(k) for k in range(len(self._texts))])

    def _write(self) -> None:
        """Generate more characters of all texts."""
        shape = min(self._writer.at_once, max(text.left for text in self._texts)), len(self._texts)
        draws = np.zeros(shape) if self._random_state is None else self._random_state.random_sample(shape)
        codes, after = self._writer.write(self._after, draws, self._choice)
        self._take(codes, self._after, after)

    def _take(self, codes: NDArray[np.int32], before: TextState, after: TextState) -> None:
        """Queue the characters that are final."""
        self._given = []
        for k, text in enumerate(self._texts):
            if not text.done:
                self._pieces[k] = _Piece(before, after, copy.copy(text), codes[:, k])
            self._given.append(text.feed(codes[:, k]))
        self._ready = deque(zip_longest(*self._given, fillvalue=""))
        self._n_asked = 0
        self._after = after

    def _state_of(self, k: int) -> TextState:
        """Return the state of text k, decoding its last piece up to the last character returned."""
        piece = self._pieces[k]
        assert piece is not None
        text, n_given, steps = copy.copy(piece.text), 0, 0
        some = piece.after is self._after and self._n_asked < len(self._given[k])
        while steps < piece.codes.size and not text.done and not (some and n_given >= self._n_asked):
            n_given += len(text.feed(piece.codes[steps : steps + 1]))
            steps += 1
        if steps == piece.codes.size:
            state = piece.after.part([k])
        else:
            state = self._reader.read(piece.before.part([k]), piece.codes[None, :steps])
        return replace(state, pending=(text.pending,), held=(text.held,))


class _Piece(NamedTuple):
    """Codes of one text, with the states before and after them."""

    before: TextState
    after: TextState
    text: _Text
    codes: NDArray[np.int32]


class _Text:
    """One text: the characters that are generated but not returned yet, and where it ends.

    Attributes
    ----------
    left : int
        Characters left until the requested length.
    done : bool
        Whether the text has ended.
    pending : bytes
        The first bytes of a character that is not complete yet.
    held : str
        Characters that may begin a stop string, or that are beyond the end.
    """

    def __init__(self, tokens: NDArray[Any], stop: tuple[str, ...], length: int, pending: bytes, held: str) -> None:
        self._tokens = tokens
        self._stop = stop
        self.left = length
        self.done = False
        self.pending = pending
        self.held = held

    def feed(self, codes: NDArray[np.int32]) -> str:
        """Add codes, and return the characters that are now final."""
        if self.done:
            return ""
        text = self.held + self._decoded(codes)
        end = min((index for stop in self._stop if (index := text.find(stop)) >= 0), default=len(text))
        stopped = end < len(text)
        if end <= self.left and stopped:
            self.done, self.held = True, ""
            return text[:end]
        if len(text) < self.left:
            end = len(text) - max((_overlap(text, stop) for stop in self._stop), default=0)
        else:
            end, self.done = self.left, True
        self.left -= end
        self.held = text[end:]
        return text[:end]

    def _decoded(self, codes: NDArray[np.int32]) -> str:
        tokens = self._tokens[codes]
        if tokens.dtype != np.uint8:  # not bytes but characters
            return "".join(tokens.tolist())
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        decoder.setstate((self.pending, 0))
        text = decoder.decode(tokens.tobytes())
        self.pending = decoder.getstate()[0]
        return text


def _overlap(text: str, stop: str) -> int:
    """Return how many characters at the end of `text` begin `stop`."""
    return next(n for n in range(min(len(text), len(stop) - 1), -1, -1) if text.endswith(stop[:n]))
