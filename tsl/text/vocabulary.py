"""`CharVocabulary`: codes for the characters or bytes of a text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from tsl._checks import check_count, check_one_of, is_one_of
from tsl.text.points import Points, as_texts, check_text, code_points, from_points

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
POLICIES = ("error", "ignore", "replace", "grow")
TOKENS = ("char", "byte")
N_BYTES = 256
NAMED_AT_MOST = 10  # unknown characters in an error message


class CharVocabulary(BaseEstimator):
    """Vocabulary of the characters of a text, numbered in sorted order; or of the 256 bytes, which encode any text.

    Parameters
    ----------
    unknown : {"error", "ignore", "replace", "grow"}, default="error"
        What `encode` does with a character that is not in the vocabulary: raise an error; leave it out; replace it with
        U+FFFD, the replacement character, which `fit` then adds to the vocabulary; or raise an error that points to
        `grown`, which returns a larger vocabulary.
    tokens : {"char", "byte"}, default="char"
        What a code represents: a Unicode character (code point) of the fitted text, or a byte of its UTF-8 encoding.
        A vocabulary of bytes always has all 256, so nothing is unknown, and a character outside ASCII takes two to four
        codes.
    min_frequency : int, default=1
        Characters that occur less often in the fitted text are treated as unknown; needs ``unknown="ignore"`` or
        ``unknown="replace"``.

    Attributes
    ----------
    characters_ : str
        The distinct characters, sorted: ``characters_[code]`` is the character of a code. Empty for bytes.
    tokens_ : ndarray of shape (n_tokens,)
        The token of each code: characters as ``<U1``, or bytes as ``uint8``.

    Notes
    -----
    Lone surrogates, which ``open(path, errors="surrogateescape")`` produces if a file is not UTF-8, are characters like
    any other, and so are NUL and combining marks: nothing is normalised.

    Examples
    --------
    >>> from tsl.text import CharVocabulary
    >>> vocabulary = CharVocabulary().fit("to be or not to be")
    >>> vocabulary.characters_
    ' benort'
    >>> vocabulary.encode("robe")
    array([5, 4, 1, 2], dtype=int32)
    >>> vocabulary.decode([5, 4, 1, 2])
    'robe'

    Rare and new characters can be replaced by a single one:

    >>> rare = CharVocabulary(unknown="replace", min_frequency=2).fit("to be or not to be")
    >>> rare.decode(rare.encode("not rare"))
    '�ot ���e'

    Bytes can encode every text:

    >>> CharVocabulary(tokens="byte").fit("to be").encode("où")
    array([111, 195, 185], dtype=int32)
    """

    def __init__(
        self,
        unknown: Literal["error", "ignore", "replace", "grow"] = "error",
        tokens: Literal["char", "byte"] = "char",
        min_frequency: int = 1,
    ) -> None:
        self.unknown = unknown
        self.tokens = tokens
        self.min_frequency = min_frequency

    def fit(self, text: str | Sequence[str], y: Any = None) -> Self:
        """Collect the characters of a text or of several.

        Parameters
        ----------
        text : str or sequence of str
            Texts whose characters make up the vocabulary.
        y : object
            Ignored.

        Returns
        -------
        self : CharVocabulary
            The fitted vocabulary.

        Raises
        ------
        TypeError
            If a text is not a str, or `min_frequency` is not an integer.
        ValueError
            If there are no characters, or none that is frequent enough; if a parameter is not one of its allowed
            values; or if `min_frequency` contradicts another parameter.
        """
        self._check_parameters()
        characters = self._frequent(as_texts(text))
        if self.unknown == "replace":
            characters.add(REPLACEMENT)
        self.characters_ = "" if self.tokens == "byte" else "".join(sorted(characters))
        return self

    def encode(self, text: str) -> NDArray[np.int32]:
        """Turn a text into codes.

        Parameters
        ----------
        text : str
            Characters in the vocabulary; others only if `unknown` allows them.

        Returns
        -------
        codes : ndarray of shape (n_tokens,)
            int32 from 0 to ``len(vocabulary) - 1``: one for each character, with ``unknown="ignore"`` only for known
            ones; or one for each byte.

        Raises
        ------
        TypeError
            If `text` is not a str.
        ValueError
            If there are unknown characters and `unknown` is "error" or "grow"; the message names them and their
            positions.
        """
        self._check_fitted()
        if self.tokens == "byte":
            return np.frombuffer(check_text(text).encode("utf-8", "surrogatepass"), np.uint8).astype(np.int32)
        points = code_points(check_text(text))
        if not points.size:
            return np.zeros(0, np.int32)
        codes = self._codes(points)
        known = codes >= 0
        if known.all():
            return codes
        if self.unknown == "ignore":
            return codes[known]
        if self.unknown == "replace":
            codes[~known] = self.characters_.index(REPLACEMENT)
            return codes
        raise ValueError(_unknown_message(points, known, self.unknown))

    def decode(self, codes: ArrayLike) -> str:
        """Turn codes into text.

        Parameters
        ----------
        codes : array-like of int, of shape (n_tokens,)
            Codes from 0 to ``len(vocabulary) - 1``.

        Returns
        -------
        text : str
            One character for each code. Bytes that are not valid UTF-8, such as part of a character, become U+FFFD.

        Raises
        ------
        ValueError
            If `codes` does not have one dimension, or contains anything but codes of this vocabulary.
        """
        self._check_fitted()
        codes = self._check_codes(codes)
        if self.tokens == "char":
            return from_points(code_points(self.characters_)[codes])
        content = codes.astype(np.uint8).tobytes()
        try:
            return content.decode("utf-8", "surrogatepass")
        except UnicodeDecodeError:
            return content.decode("utf-8", "replace")

    def grown(self, text: str | Sequence[str]) -> CharVocabulary:
        """Return a larger vocabulary, with the characters of this one and of more text.

        Parameters
        ----------
        text : str or sequence of str
            Texts with new characters; only those that occur at least `min_frequency` times in them are added.

        Returns
        -------
        vocabulary : CharVocabulary
            A new vocabulary, even if no character is new. Its characters are sorted again:
            ``vocabulary.encode(self.characters_)`` gives the new code of each old one.

        Raises
        ------
        TypeError
            If a text is not a str.

        Examples
        --------
        >>> from tsl.text import CharVocabulary
        >>> small = CharVocabulary(unknown="grow").fit("to be")
        >>> large = small.grown("or not")
        >>> large.characters_, large.encode(small.characters_)
        (' benort', array([0, 1, 2, 4, 6], dtype=int32))
        """
        self._check_fitted()
        vocabulary = CharVocabulary(**self.get_params())
        new = _frequent(as_texts(text), self.min_frequency) if self.tokens == "char" else set()
        vocabulary.characters_ = "".join(sorted(new.union(self.characters_)))
        return vocabulary

    @property
    def tokens_(self) -> NDArray[Any]:
        """The token of each code: characters as ``<U1``, or bytes as ``uint8``.

        If NUL is among the characters, they are Python strings (dtype object): NumPy treats it as the end of a str.
        """
        self._check_fitted()
        if self.tokens == "byte":
            return np.arange(N_BYTES, dtype=np.uint8)
        return np.array(list(self.characters_), dtype=object if "\0" in self.characters_ else "<U1")

    def __len__(self) -> int:
        self._check_fitted()
        return N_BYTES if self.tokens == "byte" else len(self.characters_)

    def __bool__(self) -> bool:
        return True  # an unfitted vocabulary has no length, but `if vocabulary` must not fail

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        return tags

    # --- implementation ---------------------------------------------------------------------------------------

    def _check_parameters(self) -> None:
        check_one_of("unknown", self.unknown, POLICIES)
        if not is_one_of(self.tokens, TOKENS):
            raise ValueError(f"tokens must be 'char' or 'byte', got {self.tokens!r}")
        check_count("min_frequency", self.min_frequency, 1)
        if self.min_frequency > 1 and self.tokens == "byte":
            raise ValueError(
                f"min_frequency must be 1 for tokens='byte', all of which are known, got {self.min_frequency}"
            )
        if self.min_frequency > 1 and self.unknown not in ("ignore", "replace"):
            raise ValueError(
                f"min_frequency={self.min_frequency} makes rare characters unknown, which needs unknown='ignore' or "
                f"'replace', got unknown={self.unknown!r}"
            )

    def _check_fitted(self) -> None:
        check_is_fitted(self)
        self._check_parameters()
        if (self.tokens == "byte") != (self.characters_ == ""):
            raise ValueError(f"tokens={self.tokens!r} was set after fit: call fit again")
        if self.unknown == "replace" and self.tokens == "char" and REPLACEMENT not in self.characters_:
            raise ValueError("unknown='replace' was set after fit, which must add U+FFFD: call fit again")

    def _frequent(self, texts: list[str]) -> set[str]:
        """Return the characters that are frequent enough, after checking that there are any."""
        characters = _frequent(texts, self.min_frequency)
        if characters:
            return characters
        if any(texts):
            raise ValueError(f"min_frequency={self.min_frequency} leaves no character: none occurs so often in text")
        raise ValueError("text must have at least one character, got none")

    def _codes(self, points: Points) -> NDArray[np.int32]:
        """Return the codes of characters, and -1 for unknown ones."""
        known = code_points(self.characters_)
        table = np.full(int(known[-1]) + 2, -1, np.int32)  # the last entry is for all higher code points
        table[known] = np.arange(known.size)
        return table.take(points, mode="clip")

    def _check_codes(self, codes: ArrayLike) -> NDArray[np.integer]:
        codes = np.asarray(codes)
        if codes.ndim != 1:
            raise ValueError(f"codes must have one dimension, got shape {codes.shape}")
        if not len(codes):
            return np.empty(0, np.int32)
        if codes.dtype.kind not in "iu":
            raise ValueError(f"codes must be integers, got dtype {codes.dtype}")
        if codes.min() < 0 or codes.max() >= len(self):
            wrong = codes[(codes < 0) | (codes >= len(self))][0]
            raise ValueError(f"codes must be from 0 to {len(self) - 1}, got {wrong}")
        return codes


def _frequent(texts: Iterable[str], min_frequency: int) -> set[str]:
    """Return the characters that occur at least `min_frequency` times in all texts together."""
    if min_frequency == 1:
        return set[str]().union(*texts)
    counts = Counter[str]()
    for text in texts:
        counts.update(text)
    return {character for character, count in counts.items() if count >= min_frequency}


def _unknown_message(points: Points, known: NDArray[np.bool_], policy: str) -> str:
    """Return a message that names the unknown characters and the first position of each."""
    unknown = np.flatnonzero(~known)
    distinct, first = np.unique(points[unknown], return_index=True)
    in_order = sorted(zip(unknown[first], distinct))
    named = ", ".join(f"{chr(point)!r} at position {position}" for position, point in in_order[:NAMED_AT_MOST])
    more = len(in_order) - NAMED_AT_MOST
    hint = "unknown='ignore' leaves such characters out, unknown='replace' gives them a code of their own"
    if policy == "grow":
        hint = "grown(text) makes a vocabulary that has them too"
    others = f" and {more} others" if more > 0 else ""
    return f"text has characters that are not in the vocabulary: {named}{others}; {hint}"
