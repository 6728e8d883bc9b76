"""scikit-learn's callback protocol: an epoch is a task of `fit`."""

from __future__ import annotations

import copy
from typing import Any

from tsl._sklearn import new_fit_task
from tsl.network import Network
from tsl.training import Callback, History


class FitTasks(Callback):
    """Callback that tells the callbacks of ``estimator.set_callbacks(...)`` when `fit` and its epochs begin and end.

    Parameters
    ----------
    estimator : BaseEstimator
    X, y, sample_weight : object
        The arguments of `fit`.
    max_iter : int or None
        Maximum number of epochs; None if it is not known yet.
    learned : tuple of str
        Attributes from which a copy of the estimator as of an epoch can be made; if empty, callbacks get no such copy.
    """

    def __init__(
        self,
        estimator: Any,
        X: Any,
        y: Any,
        sample_weight: Any,
        max_iter: int | None,
        learned: tuple[str, ...] = ("network_", "history_"),
    ) -> None:
        self._estimator = estimator
        self._learned = learned
        metadata = None if sample_weight is None else {"sample_weight": sample_weight}
        self._data = {"estimator": estimator, "X": X, "y": y, "metadata": metadata}
        self._epoch: Any = None
        self._fit = new_fit_task(estimator, max_iter)
        if self._fit is not None:
            self._fit.call_on_fit_task_begin(**self._data)

    def on_epoch_begin(self, epoch: int, history: History, network: Network) -> None:
        """Begin the task of an epoch."""
        if self._fit is not None:
            self._epoch = self._fit.subcontext(task_name="epoch")
            self._epoch.call_on_fit_task_begin(**self._data, reconstruction_attributes=self._snapshot)

    def on_epoch_end(self, epoch: int, history: History, network: Network) -> bool | None:
        """End the task; a callback that returns True ends the training."""
        if self._epoch is None:
            return None
        task, self._epoch = self._epoch, None
        return bool(task.call_on_fit_task_end(**self._data, reconstruction_attributes=self._snapshot))

    def close(self) -> None:
        """End the tasks that have begun."""
        if self._epoch is not None:  # Ctrl-C interrupted the epoch
            self._epoch.call_on_fit_task_end(**self._data, reconstruction_attributes=self._snapshot)
        if self._fit is not None:
            self._fit.call_on_fit_task_end(**self._data, reconstruction_attributes=self._snapshot)

    def _snapshot(self) -> dict[str, Any] | None:
        """Return copies of the attributes that training changes in place."""
        return {name: copy.deepcopy(vars(self._estimator)[name]) for name in self._learned} or None
