"""`CharWindow`: windows of a text with the characters that follow them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, Self

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from tsl._checks import check_count, check_one_of
from tsl.text.points import as_texts, check_text, code_points
from tsl.text.vocabulary import CharVocabulary

POLICIES = ("error", "ignore", "replace")
OUTPUTS = ("codes", "scalar", "text")


class CharWindow(TransformerMixin, BaseEstimator):
    """Turn a text into windows of characters or of their codes.

    `transform` returns every window, including the last one of the text: contexts for prediction. For training,
    `windows_and_targets` returns the windows that have a next character, and the codes of these characters.

    Parameters
    ----------
    window : int, default=50
        Number of characters in a window.
    stride : int, default=1
        Characters from the start of one window to the start of the next.
    lowercase : bool, default=False
        Whether to convert the text to lower case first, which needs fewer codes.
    unknown : {"error", "ignore", "replace"}, default="error"
        What to do with characters that were not in the fitted text, as in `CharVocabulary`.
    output : {"codes", "scalar", "text"}, default="codes"
        ``"codes"`` returns int32 codes; ``"scalar"`` returns the code divided by the size of the vocabulary as float32,
        for a network that reads a character as one number; ``"text"`` returns each window as a str, for models that
        encode text themselves, such as `tsl.LSTMCharModel`.

    Attributes
    ----------
    vocabulary_ : CharVocabulary
        Characters and their codes.

    Notes
    -----
    The windows of a single text are a read-only view of its codes or characters: they take no more memory than the
    text. Windows of several texts do not cross from one text to the next, and are copied. With ``output="text"``,
    windows of a text with a NUL character are copied too, as Python strings, since a NumPy str cannot end with NUL.

    In a pipeline that ends in a classifier, `y` holds the character after each window, and the last character of the
    text is left out, as its window has no target: ``pipeline.fit(text[:-1], list(text[window:]))``. `predict` then
    returns characters.

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
    >>> CharWindow(window=4, stride=3, output="text").fit("to be or not to be").transform("not to be")
    array(['not ', ' to '], dtype='<U4')
    """

    def __init__(
        self,
        window: int = 50,
        stride: int = 1,
        lowercase: bool = False,
        unknown: Literal["error", "ignore", "replace"] = "error",
        output: Literal["codes", "scalar", "text"] = "codes",
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
            Texts whose characters make up the vocabulary.
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
            At least ``window`` characters, not counting those that ``unknown="ignore"`` leaves out. Among several
            texts, a shorter one has no windows.

        Returns
        -------
        windows : ndarray of shape (n_windows, window), or (n_windows,) as text
            ``(n_characters - window) // stride + 1`` windows, read-only if they share memory.

        Raises
        ------
        TypeError
            If a text is not a str.
        ValueError
            If all texts are shorter than a window, or if there are unknown characters and ``unknown="error"``.
        """
        known = self._known(text)
        self._check_length(map(len, known), self.window)
        return _joined([self._windows(one) for one in known if len(one) >= self.window])

    def windows_and_targets(self, text: str | Sequence[str]) -> tuple[NDArray[Any], NDArray[Any]]:
        """Return the windows that have a next character, and these characters or their codes.

        Parameters
        ----------
        text : str or sequence of str
            As in `transform`, with at least one more character.

        Returns
        -------
        windows : ndarray of shape (n_windows, window), or (n_windows,) as text
            ``(n_characters - window - 1) // stride + 1`` windows.
        targets : ndarray of shape (n_windows,)
            int32 codes, also with ``output="scalar"``; `vocabulary_` decodes them. With ``output="text"``, characters.

        Raises
        ------
        TypeError, ValueError
            As in `transform`.
        """
        known = self._known(text)
        self._check_length(map(len, known), self.window + 1)
        long_enough = [one for one in known if len(one) > self.window]
        windows = [self._windows(one[:-1]) for one in long_enough]
        return _joined(windows), _joined([self._targets(one[self.window :]) for one in long_enough])

    def inverse_transform(self, windows: ArrayLike) -> list[str]:
        """Turn windows back into text.

        Parameters
        ----------
        windows : array-like of shape (n_windows, window), or (n_windows,) as text
            As returned by `transform`.

        Returns
        -------
        texts : list of str
            One text for each window.

        Raises
        ------
        ValueError
            If `windows` has the wrong number of dimensions, or contains anything but codes of the vocabulary.
        """
        check_is_fitted(self)
        codes = np.asarray(windows)
        if self.output == "text":
            if codes.ndim != 1:
                raise ValueError(f"windows must have shape (n_windows,), got {codes.shape}")
            return [check_text(one) for one in codes.tolist()]
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
        check_count("window", self.window, 1)
        check_count("stride", self.stride, 1)
        if not isinstance(self.lowercase, (bool, np.bool_)):
            raise TypeError(f"lowercase must be True or False, got {self.lowercase!r}")
        check_one_of("unknown", self.unknown, POLICIES)
        check_one_of("output", self.output, OUTPUTS)

    def _lowered(self, text: str | Sequence[str]) -> list[str]:
        texts = as_texts(text)
        return [one.lower() for one in texts] if self.lowercase else texts

    def _known(self, text: str | Sequence[str]) -> list[Any]:
        """Return the codes of each text, or its characters with ``output="text"``, without ignored ones."""
        check_is_fitted(self)
        self._check_parameters()
        codes = [self.vocabulary_.encode(one) for one in self._lowered(text)]
        return [self.vocabulary_.decode(one) for one in codes] if self.output == "text" else codes

    def _check_length(self, lengths: Any, needed: int) -> None:
        longest = max(lengths, default=0)
        if longest < needed:
            next_one = " and the next character" if needed > self.window else ""
            raise ValueError(
                f"text must have at least {needed} characters for window={self.window}{next_one}, got {longest}"
            )

    def _windows(self, known: Any) -> NDArray[Any]:
        if self.output == "text":
            return _text_windows(known, self.window, self.stride)
        if self.output == "scalar":
            known = (known / len(self.vocabulary_)).astype(np.float32)
        return sliding_window_view(known, self.window)[:: self.stride]

    def _targets(self, known: Any) -> NDArray[Any]:
        return _text_windows(known, 1, self.stride) if self.output == "text" else known[:: self.stride]


def _joined(arrays: list[NDArray[Any]]) -> NDArray[Any]:
    return arrays[0] if len(arrays) == 1 else np.concatenate(arrays)


def _text_windows(text: str, window: int, stride: int) -> NDArray[Any]:
    """Return all windows (n,) as str, which share the memory of one array as long as the text."""
    n = (len(text) - window) // stride + 1
    if "\0" in text:  # which NumPy treats as the end of a str
        return np.array([text[k * stride : k * stride + window] for k in range(n)], dtype=object)
    return np.ndarray((n,), f"<U{window}", code_points(text), strides=(4 * stride,))
