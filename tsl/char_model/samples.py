"""What a training step reads: chunks of parallel streams, or windows."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from tsl.network import Sequences, Targets
from tsl.training import Samples

Codes = NDArray[np.int32]

FEWEST_CHUNKS = 8  # of a stream: a short text gains more from steps than from streams


def check_sizes(texts: Sequence[Codes], window: int) -> None:
    """Refuse texts without any `window` characters and one that follows."""
    longest = max((codes.size for codes in texts), default=0)
    if longest <= window:
        which = "to learn from" if window == 1 else f"for window={window} and the next character"
        raise ValueError(f"text must have at least {window + 1} characters {which}, got {longest}")


class Streams:
    """A text as parallel streams, cut into chunks; every character but a text's first is a target once.

    Called, gives the chunks of one epoch: chunk j of stream b is window ``j * n_streams + b``, so that batches in that
    order carry every stream on. The text is a ring, which each epoch enters at another place.

    Parameters
    ----------
    texts : sequence of ndarray of int32
        Codes. Several texts follow each other; the last character of one never predicts the first of the next.
    n_streams, sequence_length : int
        At most so many streams, and steps in a chunk: fewer in a short text.
    random_state : numpy.random.RandomState
        Says where an epoch begins.

    Attributes
    ----------
    n_streams, n_chunks : int
        Streams, and chunks of each of them.
    """

    def __init__(
        self, texts: Sequence[Codes], n_streams: int, sequence_length: int, random_state: np.random.RandomState
    ) -> None:
        inputs = np.concatenate([codes[:-1] for codes in texts])
        targets = np.concatenate([codes[1:] for codes in texts])
        self._size = inputs.size
        self.n_streams = max(1, min(n_streams, self._size // (FEWEST_CHUNKS * sequence_length)))
        each = self._size // self.n_streams
        self.n_chunks = -(-each // sequence_length)
        bounds = each * np.arange(self.n_chunks + 1) // self.n_chunks
        self._lengths = np.repeat(np.diff(bounds), self.n_streams)
        self._offsets = (bounds[:-1, None] + each * np.arange(self.n_streams)).ravel()
        # A chunk may run over the end of the ring.
        self._inputs = np.resize(inputs, self._size + sequence_length)
        self._targets = np.resize(targets, self._size + sequence_length).astype(np.int64)
        self._random_state = random_state

    def __call__(self) -> Samples:
        """The chunks of an epoch, of which each has a different beginning."""
        starts = (self._offsets + self._random_state.randint(self._size)) % self._size
        return Samples(Sequences(self._inputs, starts, self._lengths), Targets(self._targets, starts))


def text_windows(texts: Sequence[Codes], window: int, rows: NDArray[np.generic]) -> Samples:
    """All windows that have a next character, which is the target; none goes from one text into the next.

    Parameters
    ----------
    texts : sequence of ndarray of int32
        Codes.
    window : int
    rows : ndarray of shape (N,) or (N, C)
        What the network reads for each character of all texts.
    """
    begins = np.cumsum([0] + [codes.size for codes in texts])
    starts = np.concatenate([np.arange(begin, end - window) for begin, end in pairwise(begins)])
    lengths = np.full(starts.size, window)
    return Samples(Sequences(rows, starts, lengths), Targets(np.concatenate(texts).astype(np.int64), starts + window))


def split_end(texts: Sequence[Codes], share: float) -> tuple[list[Codes], list[Codes]]:
    """Texts without their end, and the end: at least one character, about `share` of all.

    Raises
    ------
    ValueError
        If less than two characters are left.
    """
    total = sum(codes.size for codes in texts)
    left = total - max(1, round(share * total))
    if left < 2:
        raise ValueError(f"validation_fraction={share} leaves {left} of {total} characters of text to train on")
    first, last = [], []
    for codes in texts:
        first.append(codes[:left])
        last.append(codes[left:])
        left = max(0, left - codes.size)
    return [codes for codes in first if codes.size], [codes for codes in last if codes.size]
