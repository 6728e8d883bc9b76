"""The likeliest text as a whole, as far as a beam search finds it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tsl.char_model.reading import StreamReader, WindowReader, log_softmax
from tsl.char_model.samples import Codes
from tsl.char_model.text_state import TextState
from tsl.network import Choice


class CodeCopier:
    """Writes codes (texts, length) that are known already."""

    def __init__(self, reader: StreamReader | WindowReader, codes: NDArray[np.int32]) -> None:
        self._reader = reader
        self._codes = codes
        self.n, self.at_once = codes.shape

    def write(self, state: TextState, draws: NDArray[np.float64], choice: Choice) -> tuple[Codes, TextState]:
        """Copy, and read what is copied."""
        codes = self._codes[:, : len(draws)]
        return codes.T, self._reader.read(state, codes)


def likeliest_codes(
    reader: StreamReader | WindowReader, state: TextState, forbidden: NDArray[np.bool_], length: int, width: int
) -> Codes:
    """The likeliest of `width` texts (texts, length), the likeliest first; fewer where there are not as many.

    At each step every text is continued by every code that is not `forbidden`, and the `width` likeliest are kept: of
    equally likely ones the one that continues the likelier text, then that with the lower code.
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
