"""Beam search for the most likely text."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tsl.char_model.reading import StreamReader, WindowReader, log_softmax
from tsl.char_model.samples import Codes
from tsl.char_model.text_state import TextState
from tsl.network import Choice


class CodeCopier:
    """A `CharWriter` of given codes (texts, length)."""

    def __init__(self, reader: StreamReader | WindowReader, codes: NDArray[np.int32]) -> None:
        self._reader = reader
        self._codes = codes
        self.n, self.at_once = codes.shape

    def write(self, state: TextState, draws: NDArray[np.float64], choice: Choice) -> tuple[Codes, TextState]:
        """Return the next codes, and the state after them."""
        codes = self._codes[:, : len(draws)]
        return codes.T, self._reader.read(state, codes)


def likeliest_codes(
    reader: StreamReader | WindowReader, state: TextState, forbidden: NDArray[np.bool_], length: int, width: int
) -> Codes:
    """Return the codes (texts, length) of up to `width` most likely texts, in order of likelihood.

    At each step every text is continued with every code that is not `forbidden`, and the `width` most likely are kept.
    Ties go to the code that continues the more likely text, then to the lower code.
    """
    codes, totals = np.zeros((1, 0), np.int32), np.zeros(1)
    for _ in range(length):
        expected = log_softmax(state.outputs)
        expected[:, forbidden] = -np.inf
        candidates = (totals[:, None] + expected).ravel()
        best = np.argsort(-candidates, kind="stable")[:width]
        best = best[candidates[best] > -np.inf]
        parents, last = np.divmod(best, expected.shape[1])
        codes = np.concatenate([codes[parents], last[:, None].astype(np.int32)], axis=1)
        totals = candidates[best]
        state = reader.read(state.part(parents), codes[:, -1:])
    return codes
