"""Dask frames: gathering the rows of each series by its id. Only code that has such a frame imports Dask."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from functools import partial
from hashlib import blake2b
from numbers import Integral
from operator import itemgetter
from typing import Any, NamedTuple
from uuid import uuid4

import numpy as np
import pandas as pd
from numpy.typing import NDArray


def is_dask(data: Any) -> bool:
    """Return whether this is a Dask DataFrame."""
    dask = sys.modules.get("dask.dataframe")  # imported if anybody has one of its frames
    return dask is not None and isinstance(data, dask.DataFrame)


def hashes_of(ids: pd.Index) -> NDArray[np.uint64]:
    """Return a number for each id (n,) that is the same in every process and for integers of every type."""
    texts = (f"{'int' if isinstance(one, Integral) else type(one).__name__}:{one}" for one in ids.tolist())
    digests = [blake2b(text.encode(), digest_size=8).digest() for text in texts]
    return np.frombuffer(b"".join(digests), "<u8")


class Piece(NamedTuple):
    """Rows of a partition whose series go to the same place; each id is in it only once."""

    ids: pd.Index
    """The distinct ids."""
    codes: NDArray[np.integer[Any]]
    """(n_rows,) the position in `ids` of each row's id."""
    rows: pd.DataFrame
    """All other columns."""


def together(
    frame: Any, columns: Sequence[Any], id_col: Any, n_partitions: int, name: str, *, categorical: bool = False
) -> list[Any]:
    """Return delayed pandas frames of these columns of a Dask DataFrame, with all rows of a series in one of them.

    The hash of its id determines which. With `categorical`, ids are categories, which take less memory than texts.
    Errors, which are raised when a frame is computed, call the Dask DataFrame `name`.
    """
    from dask.dataframe.dispatch import concat
    from dask.delayed import Delayed
    from dask.highlevelgraph import HighLevelGraph

    columns = list(columns)
    split = partial(
        _split,
        columns=columns,
        id_col=id_col,
        n_partitions=n_partitions,
        dtypes=dict(frame._meta.dtypes),
        name=name,
    )
    join = partial(_join, columns=columns, id_col=id_col, concat=concat, categorical=categorical)
    parts, own = frame.to_delayed(), uuid4().hex
    layer: dict[Any, Any] = {}
    for i, part in enumerate(parts):
        layer[f"split-{own}", i] = (split, part.key)
        for k in range(n_partitions):
            layer[f"piece-{own}", i, k] = (itemgetter(k), (f"split-{own}", i))
    for k in range(n_partitions):
        layer[f"series-{own}", k] = (join, [(f"piece-{own}", i, k) for i in range(len(parts))])
    graph = HighLevelGraph.from_collections(f"series-{own}", layer, dependencies=parts)
    return [Delayed((f"series-{own}", k), graph, layer=f"series-{own}") for k in range(n_partitions)]


def _split(
    frame: pd.DataFrame, columns: list[Any], id_col: Any, n_partitions: int, dtypes: dict[Any, Any], name: str
) -> list[Piece]:
    """Return the rows for each place; categorical ids become values."""
    lacking = [column for column in columns if column not in frame.columns]
    if lacking:
        raise ValueError(f"all partitions of {name} must have the columns {columns}, got one without {lacking}")
    for column in columns:
        if kind_of(frame[column].dtype) != kind_of(dtypes[column]):
            raise ValueError(
                f"all partitions of {name} must have columns of the same types, got one with {frame[column].dtype} in "
                f"{column!r} where others have {dtypes[column]}"
            )
    codes, ids = pd.factorize(frame[id_col])
    if (codes < 0).any():
        raise ValueError(
            f"column {id_col!r} of {name} must name a series in every row, got a partition where some rows have none"
        )
    ids = plain_index(ids)
    places = hashes_of(ids) % np.uint64(n_partitions) if len(ids) else np.zeros(0, np.uint64)
    others, row_places, pieces = frame[[one for one in columns if one != id_col]], places[codes], []
    for k in range(n_partitions):
        series, rows = np.flatnonzero(places == k), np.flatnonzero(row_places == k)
        number = np.zeros(len(ids), np.int32)
        number[series] = np.arange(len(series))
        # copies: a view of the partition would keep all of it in memory
        pieces.append(Piece(ids[series], number[codes[rows]], others.take(rows).reset_index(drop=True)))
    return pieces


def _join(
    pieces: Sequence[Piece], columns: list[Any], id_col: Any, concat: Callable[..., Any], categorical: bool
) -> pd.DataFrame:
    """Return the rows of all pieces."""
    used = [piece for piece in pieces if len(piece.codes)] or list(pieces[:1])
    numbers, ids = pd.factorize(used[0].ids.append([piece.ids for piece in used[1:]]))
    starts = np.cumsum([0, *(len(piece.ids) for piece in used)])
    codes = np.concatenate([numbers[start:][piece.codes] for start, piece in zip(starts, used)])
    rows = concat([piece.rows for piece in used]).reset_index(drop=True)  # of Dask, as it keeps categorical columns
    own = pd.Categorical.from_codes(codes, ids) if categorical else ids.take(codes)
    rows.insert(columns.index(id_col), id_col, own)
    return rows


def plain_index(ids: pd.Index) -> pd.Index:
    """Return ids as plain values: a categorical index could not take new ones."""
    ids = pd.Index(ids, name=None)
    return pd.Index(ids.astype(ids.categories.dtype)) if isinstance(ids, pd.CategoricalIndex) else ids


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
