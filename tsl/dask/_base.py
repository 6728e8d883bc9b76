"""Common base of the estimators on a cluster: the parameters of a plain estimator, and a client."""

from __future__ import annotations

import inspect
from typing import Any, ClassVar

from sklearn.base import BaseEstimator

N_REPLICAS = 8


class DaskEstimator(BaseEstimator):
    """Base class of estimators on a cluster, with the parameters of a plain one, `client` and `n_replicas`."""

    _plain: ClassVar[type]
    client: Any
    n_replicas: int
    warm_start: bool

    def _set(self, client: Any, parameters: dict[str, Any]) -> None:
        """Set all parameters; those not given get their defaults.

        Raises
        ------
        TypeError
            If there is no such parameter.
        """
        defaults = {name: one.default for name, one in self._signature().items()} | {"n_replicas": N_REPLICAS}
        unknown = [name for name in parameters if name not in defaults]
        if unknown:
            raise TypeError(f"{type(self).__name__} has no parameter {unknown[0]!r}")
        self.__dict__.update(defaults | parameters | {"client": client})

    @classmethod
    def _signature(cls) -> dict[str, inspect.Parameter]:
        return dict(inspect.signature(cls._plain).parameters)

    @classmethod
    def _get_param_names(cls) -> list[str]:
        return sorted({*cls._signature(), "client", "n_replicas"})

    def __getstate__(self) -> dict[str, Any]:
        name = type(self).__name__
        raise TypeError(f"a {name} cannot be pickled, because its data is on workers: pickle the result of to_local()")

    def _unfitted(self) -> Any:
        """Return the plain estimator with the same parameters.

        Raises
        ------
        ValueError
            If a parameter is not supported on a cluster.
        """
        if not isinstance(self.n_replicas, int) or self.n_replicas < 2:
            raise ValueError(f"n_replicas must be a whole number from 2 up on a cluster, got {self.n_replicas!r}")
        self._refuse(warm_start=False)
        return self._plain(**{name: getattr(self, name) for name in self._signature()})

    def _refuse(self, **needed: Any) -> None:
        for name, value in needed.items():
            given = getattr(self, name)
            if given != value:
                raise ValueError(f"{name} must be {value!r} on a cluster, got {given!r}")
