"""The frame of covariates known ahead: the template for users to fill in, and how it is read."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tsl._tables.columns import check_unique
from tsl.forecasting.frames.encoder import Encoder
from tsl.forecasting.frames.output import LongNames
from tsl.forecasting.frames.roles import Roles
from tsl.forecasting.times.axis import TimeAxis
from tsl.forecasting.times.stamps import stamps_of

_NAMED = 3  # most rows listed in an error


def empty_future(roles: Roles, encoder: Encoder, ids: pd.Index, times: pd.Index, horizon: int) -> pd.DataFrame:
    """Return a frame with the rows that a forecast needs; covariates are NaN, or None for categories."""
    if roles.form == "long":
        names = LongNames.of(roles)
        frame = pd.DataFrame({names.id: pd.Series(ids.repeat(horizon)), names.time: pd.Series(times)})
    else:
        unique = times.unique().sort_values()
        if roles.time_col is None:
            frame = pd.DataFrame(index=unique.rename(roles.time_name))
        else:
            frame = pd.DataFrame({roles.time_col: unique})
    for column, levels in zip(encoder.columns, encoder.levels):
        frame[column] = np.full(
            len(frame), np.nan if levels is None else None, dtype=float if levels is None else object
        )
    return frame


def match_future(
    roles: Roles, axis: TimeAxis, future: pd.DataFrame, ids: pd.Index, times: pd.Index, horizon: int, name: str
) -> NDArray[np.int64]:
    """Return the row of `future` for each id and time, (n_series, n_ahead).

    The first `horizon` rows of each series are required; later ones are optional, and -1 if missing.

    Raises
    ------
    TypeError
        If `future` is not a DataFrame.
    ValueError
        If columns or rows are missing or surplus.
    """
    _check_columns(roles, future, name)
    n_ahead = len(times) // max(len(ids), 1)
    time_name = LongNames.of(roles).time
    has_time_column = roles.time_col is not None or (roles.form == "long" and time_name in future.columns)
    given = future[time_name] if has_time_column else future.index
    given_times = axis.read(given, f"column {time_name!r} of {name}" if has_time_column else f"the index of {name}")
    if roles.form == "long":
        given_codes = ids.get_indexer(future[roles.id_col])
        wanted_codes = np.repeat(np.arange(len(ids)), n_ahead)
        _known_series(future[roles.id_col][given_codes < 0], name)
    else:
        given_codes = np.zeros(len(future), dtype=np.int64)
        wanted_codes = np.zeros(len(times), dtype=np.int64)
    named = ids if roles.form == "long" else None
    return _match(given_codes, given_times, wanted_codes, times, named, name, (n_ahead, horizon))


def _check_columns(roles: Roles, future: Any, name: str) -> None:
    """Check that all needed columns are present, and no others."""
    if not isinstance(future, pd.DataFrame):
        raise TypeError(f"{name} must be a DataFrame, as make_future_frame makes one, got a {type(future).__name__}")
    check_unique(future.columns, name)
    keys = [column for column in (roles.id_col, roles.time_col) if column is not None]
    missing = [column for column in [*keys, *roles.future] if column not in future.columns]
    allowed = {*keys, *roles.future, *((LongNames.of(roles).time,) if roles.form == "long" else ())}
    surplus = [column for column in future.columns if column not in allowed]
    if missing or surplus:
        wrong = [f"{what} {columns}" for what, columns in (("without", missing), ("with surplus", surplus)) if columns]
        raise ValueError(f"{name} must have the columns {[*keys, *roles.future]}, got it {' and '.join(wrong)}")


def _known_series(unknown: pd.Series, name: str) -> None:
    """Check that all rows belong to series to forecast."""
    if len(unknown):
        raise ValueError(
            f"{name} must have only rows of the series to forecast, got {len(unknown)} surplus rows "
            f"of {list(unknown.unique()[:_NAMED])}"
        )


def _match(
    given_codes: NDArray[np.int64],
    given_times: pd.Index,
    wanted_codes: NDArray[np.int64],
    wanted_times: pd.Index,
    ids: pd.Index | None,
    name: str,
    steps: tuple[int, int],
) -> NDArray[np.int64]:
    """Return the position of each wanted pair of series and time among the given ones.

    `steps` has the number of wanted pairs of each series, and how many of them, the first ones, must be given.
    """
    given, wanted = _pair_numbers(given_codes, given_times, wanted_codes, wanted_times)
    order = np.argsort(given, kind="stable")
    ordered = given[order]
    twice = np.flatnonzero(ordered[1:] == ordered[:-1])
    if len(twice):
        double = _listed(given_codes, given_times, order[twice], ids)
        raise ValueError(f"{name} must have each row once, got several of {double}")
    n_ahead, horizon = steps
    at = np.minimum(np.searchsorted(ordered, wanted), len(ordered) - 1) if len(ordered) else np.zeros(len(wanted), int)
    there = (ordered[at] == wanted if len(ordered) else np.zeros(len(wanted), bool)).reshape(-1, n_ahead)
    missing = np.flatnonzero(~there & (np.arange(n_ahead) < horizon))
    there = np.logical_and.accumulate(there, axis=1)  # rows after a hole are not used
    surplus = np.flatnonzero(~np.isin(given, wanted if len(missing) else wanted[there.ravel()]))
    if len(missing) or len(surplus):
        wrong = []
        if len(missing):
            wrong.append(f"{len(missing)} missing: {_listed(wanted_codes, wanted_times, missing, ids)}")
        if len(surplus):
            wrong.append(f"{len(surplus)} surplus: {_listed(given_codes, given_times, surplus, ids)}")
        raise ValueError(f"{name} must have the rows of make_future_frame, got {' and '.join(wrong)}")
    return np.where(there, order[at].reshape(-1, n_ahead), -1)


def _pair_numbers(
    given_codes: NDArray[np.int64], given_times: pd.Index, wanted_codes: NDArray[np.int64], wanted_times: pd.Index
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return a number for each pair of series and time, equal for equal pairs."""
    stamps = [stamps_of(given_times), stamps_of(wanted_times)]
    uniques, inverse = np.unique(np.concatenate(stamps), return_inverse=True)
    codes = np.concatenate([given_codes, wanted_codes])
    pairs = codes * len(uniques) + inverse
    return pairs[: len(given_codes)], pairs[len(given_codes) :]


def _listed(codes: NDArray[np.int64], times: pd.Index, rows: NDArray[np.int64], ids: pd.Index | None) -> str:
    """Return the first few rows as text."""
    named = []
    for row in rows[:_NAMED]:
        named.append(f"{times[row]}" if ids is None else f"{ids[codes[row]]} at {times[row]}")
    return ", ".join(named) + (", ..." if len(rows) > _NAMED else "")
