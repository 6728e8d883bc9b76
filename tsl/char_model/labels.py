"""Text labels, on which a model is conditioned."""

from __future__ import annotations

import numbers
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

SHOWN = 10  # most labels listed in an error


def as_labels(labels: Any, n: int) -> list[str | int]:
    """Return the labels of n texts as a list.

    Raises
    ------
    TypeError
        If they are not a list, or neither all str nor all int.
    ValueError
        If the number of labels is not the number of texts.
    """
    if not isinstance(labels, (list, tuple, np.ndarray, pd.Series)):
        raise TypeError(f"labels must be a list with a label for each text, got {labels!r:.100}")
    found = [one.item() if isinstance(one, np.generic) else one for one in labels]
    if len(found) != n:
        raise ValueError(f"labels must have one entry per text, {n} of them, got {len(found)}")
    if not (all(isinstance(one, str) for one in found) or all(type(one) is int for one in found)):
        raise TypeError(
            f"labels must be all str or all int, got {', '.join(sorted({type(one).__name__ for one in found}))}"
        )
    return found


def label_codes(labels: list[str | int], known: NDArray[Any], name: str) -> NDArray[np.int32]:
    """Return the code of each label: its index in `known`; `name` is the argument to name in errors.

    Raises
    ------
    ValueError
        If a label is not in `known`.
    """
    codes = {label: code for code, label in enumerate(known.tolist())}
    unknown = next((label for label in labels if label not in codes), None)
    if unknown is not None:
        shown = ", ".join(map(repr, known[:SHOWN].tolist())) + (", ..." if len(known) > SHOWN else "")
        raise ValueError(f"{name} must be known from fit, one of {len(known)} ({shown}), got {unknown!r}")
    return np.array([codes[label] for label in labels], np.int32)


class LabelEncoder:
    """Encoder of labels as conditions for a network.

    Parameters
    ----------
    known : ndarray of shape (n_labels,) or None
        The labels that a model was fitted with, sorted; None for a model without labels.
    """

    def __init__(self, known: NDArray[Any] | None) -> None:
        self.known = known

    @classmethod
    def of(cls, labels: Any, n: int) -> LabelEncoder:
        """Return the encoder for a new model of n texts with these labels; `labels` may be None."""
        return cls(None if labels is None else np.unique(np.array(as_labels(labels, n))))

    def encode(self, labels: Any, n: int) -> NDArray[np.int32] | None:
        """Return the codes of the labels of n texts; None if the model has no labels.

        Raises
        ------
        TypeError, ValueError
            If a label is not known to the model, or if there are none and the model needs them.
        """
        if not self._are_needed("labels", labels):
            return None
        assert self.known is not None
        return label_codes(as_labels(labels, n), self.known, "labels")

    def encode_one(self, label: Any) -> NDArray[np.int32] | None:
        """Return the code of one text's label, of shape (1,), as `encode` does."""
        if not self._are_needed("label", label):
            return None
        assert self.known is not None
        one = label.item() if isinstance(label, np.generic) else label
        if not isinstance(one, (str, numbers.Integral)):
            raise TypeError(f"label must be a str or an int, got {label!r:.100}")
        return label_codes([one], self.known, "label")  # type: ignore[list-item]

    def _are_needed(self, name: str, given: Any) -> bool:
        """Return whether the model has labels, after checking that they are given if and only if it has."""
        if self.known is None and given is not None:
            raise ValueError(f"{name} must be None for a model that was fitted without labels, got {given!r:.100}")
        if self.known is not None and given is None:
            raise ValueError(f"{name} must be given for a model that was fitted with labels, got None")
        return self.known is not None


NO_LABELS = LabelEncoder(None)
