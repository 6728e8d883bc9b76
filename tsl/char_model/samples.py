"""Training examples: documents, or contexts with their next characters; and streams of documents."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsl.network import Sequences, Targets
from tsl.training import Samples

Codes = NDArray[np.int32]

FEWEST_CHUNKS = 8  # per stream: with a short text, more steps lower the loss further than more streams do
FRESH = 0.02  # share of chunks that start from zero states, so that the network learns to begin a text


@dataclass(frozen=True)
class Documents:
    """Whole texts, in which each character is predicted from those before it.

    Parameters
    ----------
    texts : list of ndarray of int32
        Codes.
    window : int
        Number of characters that each one is predicted from, within its text; 0 for all preceding ones, in streams.
    labels : ndarray of int32, of shape (n,), or None
        The code of each text's label.
    """

    texts: list[Codes]
    window: int
    labels: Codes | None = None

    @property
    def targets(self) -> Codes:
        """The codes to predict."""
        return np.concatenate(self.texts)

    def check(self) -> None:
        """Check that at least one text has a window and a next character."""
        longest, needed = max((codes.size for codes in self.texts), default=0), max(self.window, 1)
        if longest <= needed:
            which = f"for window={self.window} and the next character" if self.window else "to learn from"
            raise ValueError(f"text must have at least {needed + 1} characters {which}, got {longest}")

    def split_end(self, share: float) -> tuple[Documents, Documents]:
        """Return the texts up to a point, and the rest: about `share` of all characters, at least one."""
        total = sum(codes.size for codes in self.texts)
        left = _left_of(total, share, "characters of text")
        first, last = [], []
        for codes in self.texts:
            first.append(codes[:left])
            last.append(codes[left:])
            left = max(0, left - codes.size)
        return self._not_empty(first), self._not_empty(last)

    def samples(self, rows_of: Callable[[Codes], Any]) -> Samples:
        """Return all windows that have a next character; `rows_of` turns codes into network inputs."""
        begins = np.cumsum([0] + [codes.size for codes in self.texts])
        starts = np.concatenate([np.arange(begin, end - self.window) for begin, end in pairwise(begins)])
        codes, lengths = np.concatenate(self.texts), np.full(starts.size, self.window)
        targets = Targets(codes.astype(np.int64), starts + self.window)
        conditions = None
        if self.labels is not None:
            conditions = np.repeat(self.labels, [max(0, text.size - self.window) for text in self.texts])
        return Samples(Sequences(rows_of(codes), starts, lengths, conditions=conditions), targets)

    def _not_empty(self, texts: list[Codes]) -> Documents:
        """Return a copy with the non-empty ones of these parts of the texts."""
        kept = [k for k, codes in enumerate(texts) if codes.size]
        labels = None if self.labels is None else self.labels[kept]
        return replace(self, texts=[texts[k] for k in kept], labels=labels)


@dataclass(frozen=True)
class Contexts:
    """Pieces of text of any length, each with its next character.

    Parameters
    ----------
    texts : list of ndarray of int32
        Codes.
    targets : ndarray of int32, of shape (n,)
        The code after each piece.
    labels : ndarray of int32, of shape (n,), or None
        The code of each piece's label.
    """

    texts: list[Codes]
    targets: Codes
    labels: Codes | None = None

    @property
    def window(self) -> int:
        """Length of the longest context."""
        return max((codes.size for codes in self.texts), default=0)

    def check(self) -> None:
        """Check that there are contexts, and that none is empty."""
        if not self.texts or min(codes.size for codes in self.texts) == 0:
            raise ValueError(f"with y, text must be contexts of at least 1 known character each, got {len(self.texts)}")

    def split_end(self, share: float) -> tuple[Contexts, Contexts]:
        """Return the first contexts, and the last ones: about `share` of all."""
        left = _left_of(len(self.texts), share, "contexts")
        return self._part(slice(left)), self._part(slice(left, None))

    def samples(self, rows_of: Callable[[Codes], Any]) -> Samples:
        """Return all contexts; `rows_of` turns codes into network inputs."""
        lengths = np.array([codes.size for codes in self.texts])
        rows, starts = rows_of(np.concatenate(self.texts)), np.cumsum(lengths) - lengths
        sequences = Sequences(rows, starts, lengths, conditions=self.labels)
        return Samples(sequences, Targets(self.targets.astype(np.int64), np.arange(lengths.size)))

    def _part(self, which: slice) -> Contexts:
        labels = None if self.labels is None else self.labels[which]
        return Contexts(self.texts[which], self.targets[which], labels)


def _left_of(total: int, share: float, what: str) -> int:
    left = total - max(1, round(share * total))
    if left < 2:
        raise ValueError(f"validation_fraction={share} leaves {left} of {total} {what} to train on")
    return left


class Streams:
    """Texts as parallel streams, split into chunks; every character except a text's first is a target once.

    A call returns the chunks of one epoch: chunk j of stream b is window ``j * n_streams + b``, so that batches in that
    order carry over the state of every stream. The texts form a ring, which each epoch enters at another position; a
    chunk ends where a text ends, and the next one starts from zero states.

    Parameters
    ----------
    texts : sequence of ndarray of int32
        Codes; a text of a single code is left out, as nothing in it can be predicted.
    n_streams, sequence_length : int
        Maximum numbers of streams and of steps in a chunk; fewer for a short text.
    random_state : numpy.random.RandomState
        Source of the positions where epochs begin, and of the other chunks that start from zero states.
    labels : ndarray of int32, of shape (n,), or None
        The code of each text's label.

    Attributes
    ----------
    n_streams, n_chunks : int
        Number of streams, and of chunks in each stream; the same in every epoch.
    """

    def __init__(
        self,
        texts: Sequence[Codes],
        n_streams: int,
        sequence_length: int,
        random_state: np.random.RandomState,
        labels: Codes | None = None,
    ) -> None:
        used = [k for k, codes in enumerate(texts) if codes.size > 1]
        texts = [texts[k] for k in used]
        inputs = np.concatenate([codes[:-1] for codes in texts])
        targets = np.concatenate([codes[1:] for codes in texts])
        size = inputs.size
        self.n_streams = max(1, min(n_streams, size // (FEWEST_CHUNKS * sequence_length)))
        self._each = size // self.n_streams
        self._sequence_length = sequence_length
        # The ring is laid out twice, so that a stream may run past its end.
        begins = np.cumsum([0] + [codes.size - 1 for codes in texts])
        self._begins = np.concatenate([begins[:-1], begins + size])
        self._labels = None if labels is None else np.tile(labels[used], 2)
        # Each text border adds one chunk; no chunk is empty.
        most_borders = int((np.searchsorted(self._begins, begins[:-1] + self._each) - np.arange(len(texts))).max())
        self.n_chunks = min(self._each, -(-self._each // sequence_length) + most_borders)
        self._inputs = np.resize(inputs, size + self._each)
        self._targets = np.resize(targets, size + self._each).astype(np.int64)
        self._size = size
        self._random_state = random_state

    def __call__(self) -> Samples:
        """Return the chunks of an epoch."""
        first = self._random_state.randint(self._size)
        streams = [(first + self._each * b) % self._size for b in range(self.n_streams)]
        starts, lengths = (np.ravel(part, order="F") for part in zip(*map(self._chunks, streams), strict=True))
        fresh = np.isin(starts, self._begins) | (self._random_state.random_sample(starts.size) < FRESH)
        texts = np.searchsorted(self._begins, starts, side="right") - 1
        conditions = None if self._labels is None else self._labels[texts]
        sequences = Sequences(self._inputs, starts, lengths, reset=fresh, conditions=conditions)
        return Samples(sequences, Targets(self._targets, starts))

    def _chunks(self, start: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the starts and the lengths of the chunks of the stream that begins at `start`."""
        inside = self._begins[(start < self._begins) & (self._begins < start + self._each)]
        begins = np.concatenate([[start], inside])
        sizes = np.diff(begins, append=start + self._each)
        counts = -(-sizes // self._sequence_length)
        while (left := self.n_chunks - counts.sum()) > 0:  # halve the longest chunks
            longest = np.argsort(-sizes / counts, kind="stable")[:left]
            counts[longest[sizes[longest] > counts[longest]]] += 1
        begins, sizes, pieces = (np.repeat(part, counts) for part in (begins, sizes, counts))
        number = np.arange(pieces.size) - np.repeat(np.cumsum(counts) - counts, counts)
        starts = begins + sizes * number // pieces
        return starts, np.diff(starts, append=start + self._each)
