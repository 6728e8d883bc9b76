"""Callbacks at the beginning and at the end of each epoch."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from tsl.network import Network
from tsl.training.history import History


class Callback:
    """Base class of callbacks; methods that are not overridden do nothing.

    Any object with a method `on_epoch_end` works, with or without `on_epoch_begin`, and so does a plain function, which
    is called as `on_epoch_end`. Epochs are counted from 1. Callbacks are called in the given order; after an exception
    the network keeps the weights that it has at that moment.
    """

    def for_estimator(self, estimator: Any) -> Callback:
        """Return the callback to use while this estimator is fitted: by default the callback itself.

        Parameters
        ----------
        estimator : BaseEstimator
            The estimator that is fitted.

        Returns
        -------
        callback : Callback
            The callback for this fit.
        """
        return self

    def on_epoch_begin(self, epoch: int, history: History, network: Network) -> None:
        """Run before the first step of an epoch.

        Parameters
        ----------
        epoch : int
            Number of the epoch, from 1.
        history : History
            Results so far; the last entry is the previous epoch.
        network : Network
            The network in training; it must not be changed.
        """

    def on_epoch_end(self, epoch: int, history: History, network: Network) -> bool | None:
        """Run after an epoch.

        Parameters
        ----------
        epoch : int
            Number of the epoch, from 1.
        history : History
            Results so far; the last entry is this epoch.
        network : Network
            The network in training; it must not be changed.

        Returns
        -------
        stop : bool or None
            True ends the training.
        """
        return None


class Callbacks:
    """Several callbacks as one.

    Raises
    ------
    TypeError
        If one of `callbacks` can neither be called nor has a method `on_epoch_end`.
    """

    def __init__(self, callbacks: Iterable[Callback | Callable[[int, History, Network], bool | None]] = ()) -> None:
        self._begin: list[Callable] = []
        self._end: list[Callable] = []
        for callback in callbacks:
            end = getattr(callback, "on_epoch_end", callback)
            # A class has these methods too, but cannot be called in place of an object.
            if not callable(end) or (end is not callback and isinstance(callback, type)):
                raise TypeError(f"callbacks has {callback!r}: give a function or an object with on_epoch_end")
            self._end.append(end)
            if hasattr(callback, "on_epoch_begin"):
                self._begin.append(callback.on_epoch_begin)

    def on_epoch_begin(self, epoch: int, history: History, network: Network) -> None:
        """Call all callbacks."""
        for begin in self._begin:
            begin(epoch, history, network)

    def on_epoch_end(self, epoch: int, history: History, network: Network) -> bool:
        """Call all callbacks, even after one has asked to stop; return whether one has."""
        stops = [bool(end(epoch, history, network)) for end in self._end]
        return any(stops)
