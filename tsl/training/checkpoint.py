"""The progress of a fit, saved so that the same fit can be resumed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import blake2b
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray


class Checkpoint:
    """The training runs of one fit: the results of completed ones, and the state of the last one.

    A repeated fit does everything again in the same order and from the same random state, except for its training runs:
    each takes its result from the checkpoint, or resumes from the state saved there.

    Parameters
    ----------
    name : str
        The name of the checkpoint in error messages.
    stored : dict or None
        The tree that was last passed to `write`; None if there is none.
    write : callable
        Function that saves a tree of dicts, lists, numbers, strings and arrays.
    seconds : float
        Time between writes.
    """

    def __init__(
        self, name: str, stored: dict[str, Any] | None, write: Callable[[dict[str, Any]], Any], seconds: float
    ) -> None:
        self._name = name
        self._stored = stored
        self._write = write
        self._seconds = seconds
        self._written = perf_counter()
        self._tree: dict[str, Any] = {}
        self._number, self._identity = -1, ""
        self._n_read = 0
        self._frozen = False

    def begin(self, random_state: np.random.RandomState, *about: Any, seeded: bool) -> None:
        """Begin the fit, with the original random state if it was begun before.

        Parameters
        ----------
        random_state : numpy.random.RandomState
            The random state of the fit, which is set to that at its first start.
        *about : object
            What identifies the fit, in addition to its training runs: see `fingerprint`.
        seeded : bool
            Whether the fit has the same random state whenever it is repeated.

        Raises
        ------
        ValueError
            If the stored tree belongs to another fit, or is damaged.
        """
        state = random_state.get_state(legacy=False)
        identity = fingerprint(about, state if seeded else None)
        if self._stored is None:
            self._tree = {"identity": identity, "random_state": state, "trainings": [], "readings": []}
            self.write()  # immediately, in case it cannot be written
            return
        with self.reading():
            self._tree = {key: self._stored[key] for key in ("identity", "random_state", "trainings", "readings")}
            self._tree["readings"] = [float(seconds) for seconds in self._tree["readings"]]
            self._check(self._tree["identity"], identity)
            random_state.set_state(self._tree["random_state"])

    def open(self, identity: str) -> dict[str, Any] | None:
        """Begin the next training run, identified by its `fingerprint`; return its kept state, or None."""
        self._number, self._identity = self._number + 1, identity
        if self._frozen or self._number >= len(self._tree["trainings"]):
            return None
        with self.reading():
            kept = self._tree["trainings"][self._number]
            self._check(kept["identity"], identity)
            return kept["state"]

    def clock_reading(self, seconds: float) -> float:
        """Return the stored next reading of the clock if there is one, otherwise store and return `seconds`.

        A repeated fit thus takes the same decisions that depend on time.
        """
        if self._frozen:
            return seconds
        readings = self._tree["readings"]
        self._n_read += 1
        if self._n_read > len(readings):
            readings.append(seconds)
        return readings[self._n_read - 1]

    @property
    def due(self) -> bool:
        """Whether it is time for the next write."""
        return not self._frozen and perf_counter() - self._written >= self._seconds

    def keep(self, state: dict[str, Any]) -> None:
        """Keep the state of the current training run; it is written when due, or by `write`."""
        if not self._frozen:
            self._tree["trainings"][self._number :] = [{"identity": self._identity, "state": state}]
            if self.due:
                self.write()

    def write(self) -> None:
        """Write the kept states."""
        if not self._frozen:
            self._write(self._tree)
            self._written = perf_counter()

    def freeze(self) -> None:
        """Stop writing: the fit now differs from an uninterrupted one."""
        self._frozen = True

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Turn errors from a damaged tree into a ValueError that says so."""
        try:
            yield
        except _OtherFit:
            raise
        except (AttributeError, IndexError, KeyError, TypeError, ValueError, OverflowError) as error:
            raise ValueError(f"{self._name} is damaged, or from another version of tsl: {error!r}") from None

    def _check(self, stored: str, identity: str) -> None:
        if stored != identity:
            raise _OtherFit(
                f"{self._name} belongs to another fit, with another estimator, other parameters or other data. Delete "
                "it, or give another file"
            )


class _OtherFit(ValueError):
    """A checkpoint belongs to another fit."""


def fingerprint(*parts: Any) -> str:
    """Return a hash of `parts`: numbers, strings and arrays, possibly nested or in dataclasses."""
    digest = blake2b(digest_size=16)
    for part in _leaves(parts):
        if isinstance(part, np.ndarray):
            digest.update(f"{part.dtype.str} {part.shape};".encode())
            digest.update(np.ascontiguousarray(part).reshape(-1).view(np.uint8).data)
        else:
            digest.update(f"{part!r};".encode())
    return digest.hexdigest()


def put_into(array: NDArray[Any], stored: NDArray[Any]) -> None:
    """Copy a stored array into an existing one.

    Raises
    ------
    ValueError
        If shape or dtype differ.
    """
    if stored.shape != array.shape or stored.dtype != array.dtype:
        raise ValueError(f"{stored.dtype} of shape {stored.shape} instead of {array.dtype} of shape {array.shape}")
    np.copyto(array, stored)


def _leaves(part: Any) -> Iterator[Any]:
    if isinstance(part, dict):
        part = list(part.items())
    if isinstance(part, (tuple, list)):
        yield len(part)
        for item in part:
            yield from _leaves(item)
    else:
        yield part
