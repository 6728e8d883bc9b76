"""Encoding of texts as codes, and of codes as network inputs."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tsl.char_model.labels import NO_LABELS, LabelEncoder
from tsl.char_model.samples import Codes, Contexts, Documents
from tsl.network import Architecture
from tsl.text import CharVocabulary
from tsl.text.points import as_texts


class TextEncoder(NamedTuple):
    """Encoder of texts as codes, and of labels as conditions, for a model."""

    vocabulary: CharVocabulary
    lowercase: bool
    labels: LabelEncoder = NO_LABELS

    def encode(self, text: Any, name: str = "text") -> Codes:
        """Return the codes of a single text; `name` is the argument to name in errors."""
        if not isinstance(text, str):
            hint = ": decode it first, as in text.decode('utf-8')" if isinstance(text, (bytes, bytearray)) else ""
            raise TypeError(f"{name} must be a str, got {type(text).__name__}{hint}")
        return self.vocabulary.encode(text.lower() if self.lowercase else text)

    def encode_all(self, text: Any) -> list[Codes]:
        """Return the codes of each text; `text` is one text or several."""
        return [self.vocabulary.encode(one) for one in lowered(text, self.lowercase)]

    def examples(self, text: Any, y: Any, window: int, labels: Any = None) -> Documents | Contexts:
        """Return whole texts, or contexts if `y` has the characters that follow; `window` applies to whole texts."""
        codes = self.encode_all(text)
        conditions = self.labels.encode([labels] if is_one(text, labels) else labels, len(codes))
        if y is None:
            return Documents(codes, window, conditions)
        return Contexts(codes, self._targets(y, len(codes)), conditions)

    def _targets(self, y: Any, n: int) -> Codes:
        """Return the codes of the characters after `n` contexts."""
        if self.vocabulary.tokens == "byte":
            raise ValueError('tokens="byte" learns from whole texts, without y')
        characters = lowered(list(y), self.lowercase)
        if len(characters) != n or any(len(one) != 1 for one in characters):
            raise ValueError(f"y must be {n} characters, one after each context, got {len(characters)} entries")
        codes = [self.vocabulary.encode(one) for one in characters]
        if any(code.size == 0 for code in codes):
            raise ValueError('y must be known characters: unknown="ignore" leaves no answer for some contexts')
        return np.concatenate(codes) if codes else np.zeros(0, np.int32)

    def starts_character(self, codes: Codes) -> NDArray[np.bool_]:
        """Return which tokens start a character: all except the continuation bytes of UTF-8."""
        return (codes & 0xC0) != 0x80 if self.vocabulary.tokens == "byte" else np.ones(codes.size, np.bool_)


def is_one(text: Any, labels: Any) -> bool:
    """Return whether the arguments are one text and its label, rather than lists."""
    return isinstance(text, str) and isinstance(labels, (str, int, np.integer))


def lowered(text: Any, lowercase: bool) -> list[str]:
    """Return one text or several as a list, converted to lower case if `lowercase`."""
    texts = as_texts(text)
    return [one.lower() for one in texts] if lowercase else texts


def network_inputs(architecture: Architecture, codes: Codes) -> NDArray[Any]:
    """Return the network's input for each code: the code itself, or its ratio to the size of the vocabulary."""
    if architecture.one_hot:
        return codes
    return (codes / architecture.n_outputs).astype(np.float32)[:, None]
