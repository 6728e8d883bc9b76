"""Text as numbers: characters to codes and back, and windows of codes with the character that follows."""

from __future__ import annotations

import numbers
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

__all__ = ["CharVocabulary", "CharWindow", "read_text"]

_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_POLICIES = ("error", "ignore", "replace")
_NAMED_AT_MOST = 10  # unknown characters in an error message


def read_text(path: str | Path) -> str:
    r"""Read a text file: UTF-8, with or without a byte order mark, any line ends becoming ``"\n"``.

    Parameters
    ----------
    path : str or path-like

    Returns
    -------
    text : str

    Raises
    ------
    ValueError
        If the file is not UTF-8; the message names the file and the place. Nothing is guessed, as a wrong guess would
        be learned with the rest of the text.
    OSError
        If there is no such file, or it cannot be read.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from tsl.text import read_text
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder) / "play.txt"
    ...     _ = path.write_bytes("Malcolm.\r\nÉxeunt.".encode("utf-8-sig"))
    ...     read_text(path)
    'Malcolm.\nÉxeunt.'
    """
    content = Path(path).read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(
            f"{path} is not UTF-8: byte {content[error.start]:#04x} at position {error.start:,}; read it yourself with "
            f'open(path, encoding=...), for instance encoding="latin-1"'
        ) from None
    return text.replace("\r\n", "\n").replace("\r", "\n")


class CharVocabulary(BaseEstimator):
    """The characters of a text, numbered in sorted order.

    Parameters
    ----------
    unknown : {"error", "ignore", "replace"}, default="error"
        What `encode` does with a character that was not in the fitted text: refuse it, leave it out, or give
        it the code of U+FFFD, the replacement character, which `fit` then adds to the vocabulary.

    Attributes
    ----------
    characters_ : str
        The distinct characters, sorted: ``characters_[code]`` is the character of a code.

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
    """

    def __init__(self, unknown: str = "error") -> None:
        self.unknown = unknown

    def fit(self, text: str | Sequence[str], y: Any = None) -> Self:
        """Collect the characters of a text or of several.

        Parameters
        ----------
        text : str or sequence of str
            What the codes are for.
        y : object
            Ignored.

        Returns
        -------
        self : CharVocabulary
            The fitted vocabulary.

        Raises
        ------
        TypeError
            If a text is not a str.
        ValueError
            If there is no character in it, or if `unknown` is not one of its values.
        """
        _check_unknown(self.unknown)
        found = set[str]().union(*_texts(text))
        if not found:
            raise ValueError("text must have at least one character, got none")
        if self.unknown == "replace":
            found.add(_REPLACEMENT)
        self.characters_ = "".join(sorted(found))
        return self

    def encode(self, text: str) -> NDArray[np.int32]:
        """Turn characters into codes.

        Parameters
        ----------
        text : str
            Characters of the fitted text, or others as `unknown` allows.

        Returns
        -------
        codes : ndarray of shape (n_characters,)
            int32 from 0 to ``len(vocabulary) - 1``; with ``unknown="ignore"`` only those of known characters.

        Raises
        ------
        TypeError
            If `text` is not a str.
        ValueError
            If it has unknown characters and ``unknown="error"``; the message names them and where they are.
        """
        check_is_fitted(self)
        _check_unknown(self.unknown)
        points = _code_points(_check_text(text))
        known_points = _code_points(self.characters_)
        codes = np.searchsorted(known_points, points).astype(np.int32)
        np.minimum(codes, len(known_points) - 1, out=codes)
        known = known_points[codes] == points
        if known.all():
            return codes
        if self.unknown == "ignore":
            return codes[known]
        if self.unknown == "replace":
            codes[~known] = self._replacement_code()
            return codes
        raise ValueError(_unknown_message(points, known))

    def decode(self, codes: ArrayLike) -> str:
        """Turn codes into characters.

        Parameters
        ----------
        codes : array-like of int, of shape (n_characters,)
            Codes from 0 to ``len(vocabulary) - 1``.

        Returns
        -------
        text : str
            One character for each code.

        Raises
        ------
        ValueError
            If `codes` has more than one dimension or holds anything but codes of this vocabulary.
        """
        check_is_fitted(self)
        codes = np.asarray(codes)
        if codes.ndim != 1:
            raise ValueError(f"codes must have one dimension, got shape {codes.shape}")
        if not len(codes):
            return ""
        if codes.dtype.kind not in "iu":
            raise ValueError(f"codes must be integers, got dtype {codes.dtype}")
        if codes.min() < 0 or codes.max() >= len(self):
            wrong = codes[(codes < 0) | (codes >= len(self))][0]
            raise ValueError(f"codes must be from 0 to {len(self) - 1}, got {wrong}")
        return _code_points(self.characters_)[codes].tobytes().decode("utf-32-le", "surrogatepass")

    def __len__(self) -> int:
        check_is_fitted(self)
        return len(self.characters_)

    def __bool__(self) -> bool:
        return True  # an unfitted vocabulary has no length, yet `if vocabulary` must not fail

    def _replacement_code(self) -> int:
        if _REPLACEMENT not in self.characters_:
            raise ValueError("unknown='replace' was set after fit, which must add U+FFFD: call fit again")
        return self.characters_.index(_REPLACEMENT)


class CharWindow(TransformerMixin, BaseEstimator):
    """Turn a text into windows of character codes.

    `transform` gives every window, the one that ends the text included: contexts to predict from. To train,
    `windows_and_targets` gives the windows that have a next character, and the codes of these.

    Parameters
    ----------
    window : int, default=50
        Characters in a window.
    stride : int, default=1
        Characters from the start of one window to the start of the next.
    lowercase : bool, default=False
        Whether to lower the case of the text first: fewer codes, less to learn.
    unknown : {"error", "ignore", "replace"}, default="error"
        What becomes of characters that were not in the fitted text, as in `CharVocabulary`.
    output : {"codes", "scalar"}, default="codes"
        ``"codes"`` gives int32 codes; ``"scalar"`` gives code / size of the vocabulary as float32, for a
        network that reads a character as one number.

    Attributes
    ----------
    vocabulary_ : CharVocabulary
        Characters and their codes.

    Notes
    -----
    With a single text the windows are a read-only view of its codes: they take no more memory
    than the text. Windows of several texts do not cross from one to the next, and are copied.

    In a pipeline that ends in a classifier, `y` holds the character after each window, and the text goes
    without its last one, whose window has no answer: ``pipeline.fit(text[:-1], list(text[window:]))``.
    `predict` then gives characters.

    Examples
    --------
    >>> from tsl.text import CharWindow
    >>> cut = CharWindow(window=4, stride=3).fit("to be or not to be")
    >>> windows, targets = cut.windows_and_targets("not to be")
    >>> windows
    array([[3, 4, 6, 0],
           [0, 6, 4, 0]], dtype=int32)
    >>> cut.inverse_transform(windows), cut.vocabulary_.decode(targets)
    (['not ', ' to '], 'tb')
    """

    def __init__(
        self,
        window: int = 50,
        stride: int = 1,
        lowercase: bool = False,
        unknown: str = "error",
        output: str = "codes",
    ) -> None:
        self.window = window
        self.stride = stride
        self.lowercase = lowercase
        self.unknown = unknown
        self.output = output

    def fit(self, text: str | Sequence[str], y: Any = None) -> Self:
        """Collect the characters of a text or of several.

        Parameters
        ----------
        text : str or sequence of str
            What the codes are for.
        y : object
            Ignored.

        Returns
        -------
        self : CharWindow
            The fitted transformer.

        Raises
        ------
        TypeError
            If a text is not a str or a parameter has the wrong type.
        ValueError
            If no text has a window and a character after it, or if a parameter is out of range.
        """
        self._check_parameters()
        texts = self._lowered(text)
        self._check_length(map(len, texts), self.window + 1)
        self.vocabulary_ = CharVocabulary(self.unknown).fit(texts)
        return self

    def transform(self, text: str | Sequence[str]) -> NDArray[Any]:
        """Return all windows of a text.

        Parameters
        ----------
        text : str or sequence of str
            With ``window`` characters or more, without those that ``unknown="ignore"`` leaves out. Of
            several texts, one that is shorter has no window.

        Returns
        -------
        windows : ndarray of shape (n_windows, window)
            ``(n_characters - window) // stride + 1`` of them, read-only where they share memory.

        Raises
        ------
        TypeError
            If a text is not a str.
        ValueError
            If all texts are shorter than a window, or if there are unknown characters and
            ``unknown="error"``.
        """
        codes = self._encode(text)
        self._check_length(map(len, codes), self.window)
        return _joined([self._windows(self._scaled(one)) for one in codes if len(one) >= self.window])

    def windows_and_targets(self, text: str | Sequence[str]) -> tuple[NDArray[Any], NDArray[np.int32]]:
        """Return the windows that have a next character, and these characters' codes.

        Parameters
        ----------
        text : str or sequence of str
            As in `transform`, with at least one character more.

        Returns
        -------
        windows : ndarray of shape (n_windows, window)
            ``(n_characters - window - 1) // stride + 1`` of them.
        targets : ndarray of shape (n_windows,)
            int32 codes, also with ``output="scalar"``; `vocabulary_` decodes them.

        Raises
        ------
        TypeError, ValueError
            As in `transform`.
        """
        codes = self._encode(text)
        self._check_length(map(len, codes), self.window + 1)
        long_enough = [one for one in codes if len(one) > self.window]
        windows = [self._windows(self._scaled(one[:-1])) for one in long_enough]
        return _joined(windows), _joined([one[self.window :: self.stride] for one in long_enough])

    def inverse_transform(self, windows: ArrayLike) -> list[str]:
        """Turn windows back into text.

        Parameters
        ----------
        windows : array-like of shape (n_windows, window)
            As `transform` gives them.

        Returns
        -------
        texts : list of str
            One for each window.

        Raises
        ------
        ValueError
            If `windows` is not two-dimensional or holds anything but codes of the vocabulary.
        """
        check_is_fitted(self)
        codes = np.asarray(windows)
        if codes.ndim != 2:
            raise ValueError(f"windows must have shape (n_windows, window), got {codes.shape}")
        if self.output == "scalar":
            codes = np.rint(codes * len(self.vocabulary_)).astype(np.int64)
        return [self.vocabulary_.decode(one) for one in codes]

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        return tags

    def _check_parameters(self) -> None:
        for name in ("window", "stride"):
            value = getattr(self, name)
            if not isinstance(value, numbers.Integral) or isinstance(value, bool):
                raise TypeError(f"{name} must be an integer of at least 1, got {value!r}")
            if value < 1:
                raise ValueError(f"{name} must be at least 1, got {value}")
        if not isinstance(self.lowercase, (bool, np.bool_)):
            raise TypeError(f"lowercase must be True or False, got {self.lowercase!r}")
        _check_unknown(self.unknown)
        if self.output not in ("codes", "scalar"):
            raise ValueError(f"output must be 'codes' or 'scalar', got {self.output!r}")

    def _lowered(self, text: str | Sequence[str]) -> list[str]:
        texts = _texts(text)
        return [one.lower() for one in texts] if self.lowercase else texts

    def _encode(self, text: str | Sequence[str]) -> list[NDArray[np.int32]]:
        check_is_fitted(self)
        self._check_parameters()
        return [self.vocabulary_.encode(one) for one in self._lowered(text)]

    def _check_length(self, lengths: Any, needed: int) -> None:
        longest = max(lengths, default=0)
        if longest < needed:
            next_one = " and the next character" if needed > self.window else ""
            raise ValueError(
                f"text must have at least {needed} characters for window={self.window}{next_one}, got {longest}"
            )

    def _scaled(self, codes: NDArray[np.int32]) -> NDArray[Any]:
        return codes if self.output == "codes" else (codes / len(self.vocabulary_)).astype(np.float32)

    def _windows(self, codes: NDArray[Any]) -> NDArray[Any]:
        return sliding_window_view(codes, self.window)[:: self.stride]


def _joined(arrays: list[NDArray[Any]]) -> NDArray[Any]:
    return arrays[0] if len(arrays) == 1 else np.concatenate(arrays)


def _check_unknown(unknown: Any) -> None:
    if unknown not in _POLICIES:
        raise ValueError(f"unknown must be one of {', '.join(map(repr, _POLICIES))}, got {unknown!r}")


def _check_text(text: Any) -> str:
    if isinstance(text, str):
        return text
    hint = ""
    if isinstance(text, (bytes, bytearray, memoryview)):
        hint = ": decode it first, as in text.decode('utf-8')"
    elif isinstance(text, Path):
        hint = ": read it first, as in text.read_text(encoding='utf-8')"
    raise TypeError(f"text must be a str, got {type(text).__name__}{hint}")


def _texts(text: Any) -> list[str]:
    """One text or several as a list."""
    if isinstance(text, (list, tuple, np.ndarray, pd.Series)):
        return [_check_text(one) for one in text]
    return [_check_text(text)]


def _code_points(text: str) -> NDArray[np.uint32]:
    """Unicode numbers of the characters; lone surrogates, which a lenient decoder leaves, count as characters."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")


def _unknown_message(points: NDArray[np.uint32], known: NDArray[np.bool_]) -> str:
    """Name the unknown characters and where each one is first."""
    unknown = np.flatnonzero(~known)
    distinct, first = np.unique(points[unknown], return_index=True)
    in_order = sorted(zip(unknown[first], distinct))
    named = ", ".join(f"{chr(point)!r} at position {position}" for position, point in in_order[:_NAMED_AT_MOST])
    more = len(in_order) - _NAMED_AT_MOST
    return (
        f"text has characters that are not in the vocabulary: {named}{f' and {more} others' if more > 0 else ''}; "
        "unknown='ignore' leaves such characters out, unknown='replace' gives them a code of their own"
    )
