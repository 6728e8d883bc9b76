"""Long Dask frames, distributed among replicas by the ids of their series."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tsl._tables import to_pandas
from tsl._tables.partitions import hashes_of, kind_of, plain_index, together
from tsl.dask._extra import dd
from tsl.forecasting.frames.roles import Roles


def as_dask(data: Any, name: str, n_partitions: int) -> Any:
    """Return a Dask DataFrame; other frames are scattered into this many partitions.

    Raises
    ------
    TypeError
        If it is not a frame.
    """
    if isinstance(data, dd.DataFrame):
        return data
    frame, _ = to_pandas(data, name)
    if not isinstance(frame, pd.DataFrame):
        raise TypeError(f"{name} must be a long frame of Dask or pandas, got a {type(data).__name__}")
    return dd.from_pandas(frame, npartitions=n_partitions, sort=False)


def long_roles(meta: pd.DataFrame, **given: Any) -> Roles:
    """Return the roles of the columns of a long frame, from its empty `meta` and the arguments of `fit`.

    Raises
    ------
    ValueError
        If an argument does not name a column, or the frame is not long.
    """
    weight, static = given.pop("sample_weight"), given.pop("static")
    if static is not None and not isinstance(static, list | tuple):
        raise ValueError(f"static must be a list of columns of data, got a {type(static).__name__}")
    if weight is not None and not isinstance(weight, str):
        raise ValueError(f"sample_weight must name a column of data, got a {type(weight).__name__}")
    roles = Roles.learn(meta, **given, static=static or (), taken=() if weight is None else (weight,))
    if roles.form != "long":
        raise ValueError(f"id_col must name a column of data, got None; its columns are {list(meta.columns)}")
    if roles.time_col is None:
        raise ValueError(f"time_col must name a column of data, got None; its columns are {list(meta.columns)}")
    return roles


def columns_of(roles: Roles) -> list[Any]:
    """Return the columns that have a role."""
    own = [roles.id_col, roles.time_col, roles.target]
    return list(dict.fromkeys([*own, *roles.past, *roles.future, *roles.static, *roles.ignored]))


def dealt(frame: Any, columns: Sequence[Any], id_col: Any, n_replicas: int) -> list[Any]:
    """Return a delayed pandas frame for each replica, with the rows of its series; their ids are categories."""
    return together(frame, columns, id_col, n_replicas, "data", categorical=True)


def describe(frame: pd.DataFrame, id_col: Any, covariates: Sequence[Any]) -> dict[str, Any]:
    """Return hashes and lengths of the series of a replica, and values of covariates: only a few of numeric ones."""
    codes, ids = pd.factorize(frame[id_col])
    index = pd.Index(ids)
    return {
        "hashes": hashes_of(index) if len(ids) else np.zeros(0, np.uint64),
        "lengths": np.bincount(codes, minlength=len(ids)),
        "values": {
            column: frame[column].head()
            if kind_of(frame[column].dtype) == "number"
            else frame[column].drop_duplicates()
            for column in covariates
        },
    }


def rows_with(frame: pd.DataFrame, id_col: Any, hashes: NDArray[np.uint64]) -> pd.DataFrame:
    """Return the rows of the series with these hashes, in the order of their hashes; categorical ids become values."""
    codes, ids = pd.factorize(frame[id_col])
    ids = plain_index(ids)
    own = hashes_of(ids) if len(ids) else np.zeros(0, np.uint64)
    rows = np.flatnonzero(np.isin(own, hashes)[codes])
    rows = rows[np.argsort(own[codes[rows]], kind="stable")]
    sample = frame.iloc[rows].copy()
    sample[id_col] = ids.take(codes[rows])
    return sample
