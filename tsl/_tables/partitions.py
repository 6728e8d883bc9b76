"""Dask frames: gathering the rows of each series by its id. Only code that has such a frame imports Dask."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from hashlib import blake2b
from numbers import Integral
from typing import Any
from uuid import uuid4

import numpy as np
import pandas as pd
from numpy.typing import NDArray

PARTITION = "_tsl_partition"


def is_dask(data: Any) -> bool:
    """Return whether this is a Dask DataFrame."""
    dask = sys.modules.get("dask.dataframe")  # imported if anybody has one of its frames
    return dask is not None and isinstance(data, dask.DataFrame)


def hashes_of(ids: pd.Index) -> NDArray[np.uint64]:
    """Return a number for each id (n,) that is the same in every process and for integers of every type."""
    texts = (f"{'int' if isinstance(one, Integral) else type(one).__name__}:{one}" for one in ids.tolist())
    digests = [blake2b(text.encode(), digest_size=8).digest() for text in texts]
    return np.frombuffer(b"".join(digests), "<u8")


def together(frame: Any, columns: Sequence[Any], id_col: Any, n_partitions: int, name: str) -> Any:
    """Return these columns of a Dask DataFrame with all rows of a series in one partition, by the hash of its id.

    Errors, which are raised when it is computed, call the frame `name`.
    """
    given = (list(columns), id_col, n_partitions, dict(frame._meta.dtypes), name)
    numbered = frame.map_partitions(_numbered, *given, meta=_numbered(frame._meta, *given))
    divisions = list(range(n_partitions + 1))
    return numbered.set_index(PARTITION, divisions=divisions, shuffle_method="tasks")


def _numbered(
    frame: pd.DataFrame, columns: list[Any], id_col: Any, n_partitions: int, dtypes: dict[Any, Any], name: str
) -> pd.DataFrame:
    """Return the columns and, in another one, the number of each row's partition; categorical ids become values."""
    lacking = [column for column in columns if column not in frame.columns]
    if lacking:
        raise ValueError(f"all partitions of {name} must have the columns {columns}, got one without {lacking}")
    frame = frame[columns].copy(deep=False)
    for column in columns:
        if kind_of(frame[column].dtype) != kind_of(dtypes[column]):
            raise ValueError(
                f"all partitions of {name} must have columns of the same types, got one with {frame[column].dtype} in "
                f"{column!r} where others have {dtypes[column]}"
            )
    if isinstance(frame[id_col].dtype, pd.CategoricalDtype):
        frame[id_col] = frame[id_col].astype(object)
    codes, ids = pd.factorize(frame[id_col])
    if (codes < 0).any():
        raise ValueError(
            f"column {id_col!r} of {name} must name a series in every row, got a partition where some rows have none"
        )
    numbers = (hashes_of(pd.Index(ids)) % np.uint64(n_partitions)).astype(np.int64)
    return frame.assign(**{PARTITION: numbers[codes] if len(ids) else np.zeros(0, np.int64)})


def kind_of(dtype: Any) -> str:
    """Return the kind of a dtype, which must be the same for a column in all partitions."""
    if pd.api.types.is_bool_dtype(dtype) or pd.api.types.is_numeric_dtype(dtype):
        return "number"
    if pd.api.types.is_datetime64_any_dtype(dtype):
        return "time"
    return "other"


def mapped(function: Callable[..., pd.DataFrame], arguments: Sequence[Any], empty: pd.DataFrame, name: str) -> Any:
    """Return a Dask DataFrame with one partition for each of the `arguments`, which may be Dask promises."""
    import dask.dataframe as dd
    from dask.delayed import delayed

    task, own = delayed(function, pure=False), uuid4().hex
    parts = [task(*one, dask_key_name=(f"{name}-{own}", k)) for k, one in enumerate(arguments)]
    return dd.from_delayed(parts, meta=empty, verify_meta=False)
