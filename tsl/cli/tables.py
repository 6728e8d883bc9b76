"""Tables of series: the roles of their columns, and their times."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from tsl._dates import NotDatesError, number_format, read_dates, text_format
from tsl._tables.columns import ID, TARGET, TIME
from tsl.cli.files import did_you_mean
from tsl.cli.table_files import is_text

HINT = "say which with --time-format"
TIME_NAMES = (TIME, "time", "timestamp", "datetime", "date", "month", "year")
MOST_LISTED = 12  # most column names in an error


class Columns(NamedTuple):
    """Names of the columns that a forecast needs."""

    time: str
    target: str
    id: str | None
    ahead: tuple[str, ...] = ()
    """Covariates that are known ahead."""


def guess_columns(
    table: pd.DataFrame,
    *,
    time: str | None = None,
    target: str | None = None,
    id_col: str | None = None,
    past: tuple[str, ...] = (),
    future: pd.DataFrame | None = None,
) -> Columns:
    """Return the named columns, and for the other roles the only possible choice."""
    for option, name in (("--time", time), ("--target", target), ("--id", id_col), *(("--past", n) for n in past)):
        if name is not None and name not in table:
            near = did_you_mean(name, table.columns, "{!r}")
            raise ValueError(f"{option} must be a column of the file, which has {_listed(table)}, got {name!r}{near}")
    if target is not None:
        _check_numbers(table, target)
    time = _guess_time(table, [*past, target, id_col]) if time is None else time
    id_col = _guess_id(table, time, [*past, target]) if id_col is None else id_col
    ahead = [] if future is None else [name for name in future if name not in (time, id_col, target, *past)]
    missing = [name for name in ahead if name not in table]
    if missing:
        raise ValueError(f"covariates known ahead must also be in the file, which has no column {_listed(missing)}")
    target = _guess_target(table, [*past, *ahead, time, id_col]) if target is None else target
    return Columns(time, target, id_col, tuple(ahead))


def stamp_format(table: pd.DataFrame, time: str) -> str | None:
    """Return the format of dates in strings or integers; None if there is nothing to parse."""
    column, where = table[time], f"column {time!r}"
    if pd.api.types.is_numeric_dtype(column):
        is_whole = column.notna().all() and not (column % 1).any()
        return number_format(column.to_numpy(np.int64), where, HINT) if is_whole else None
    if not is_text(column):
        return None
    return text_format(pd.Index(column.astype(object)), where, HINT, utc=True)


def with_stamps(table: pd.DataFrame, time: str, form: str | None = None) -> pd.DataFrame:
    """Return the table with strings, or numbers that are dates, parsed; the format of strings may be inferred."""
    column = table[time]
    if form is None and is_text(column):
        form = stamp_format(table, time)
    if form is None and (pd.api.types.is_numeric_dtype(column) or pd.api.types.is_datetime64_any_dtype(column)):
        return table
    try:
        if form is None:
            return table.assign(**{time: pd.to_datetime(column)})
        return table.assign(**{time: _dates(pd.Index(column.astype(object) if is_text(column) else column), form)})
    except (ValueError, TypeError):
        wanted = "dates or whole numbers" if form is None else f"dates in the format {form!r}"
        odd = column
        if form is not None:
            odd = column[pd.to_datetime(column.astype(str), format=form, utc=True, errors="coerce").isna()]
        raise ValueError(f"the times in {time!r} must be {wanted}, got {odd.iloc[0]}") from None


def _guess_time(table: pd.DataFrame, taken: list[Any]) -> str:
    free = [name for name in table.columns if name not in taken]
    dated = [name for name in free if pd.api.types.is_datetime64_any_dtype(table[name])]
    dated = dated or [name for name in free if is_text(table[name]) and _has_dates(table, name)]
    named = [name for name in (dated or free) if str(name).lower() in TIME_NAMES]
    choice = dated if len(dated) == 1 else named
    if len(choice) != 1:
        raise ValueError(f"--time must name the column of times: choose from {_listed(dated or free)}")
    return choice[0]


def _guess_id(table: pd.DataFrame, time: str, taken: list[Any]) -> str | None:
    if ID in table and ID not in taken:
        return ID
    if not table[time].duplicated().any():
        return None
    texts = [name for name in table.columns if name not in (*taken, time) and is_text(table[name])]
    if len(texts) != 1:
        choices = texts or [name for name in table.columns if name not in (*taken, time)]
        raise ValueError(f"--id must name the column of series, since times repeat: choose from {_listed(choices)}")
    return texts[0]


def _guess_target(table: pd.DataFrame, taken: list[Any]) -> str:
    numbers = [n for n in table.columns if n not in taken and pd.api.types.is_numeric_dtype(table[n])]
    if TARGET in numbers:
        return TARGET
    if len(numbers) != 1:
        raise ValueError(f"--target must name the column to forecast: choose from {_listed(numbers)}")
    return numbers[0]


def _check_numbers(table: pd.DataFrame, target: str) -> None:
    column = table[target]
    if is_text(column):
        texts = column.dropna().astype(object)
        odd = pd.concat([texts[pd.to_numeric(texts, errors="coerce").isna()], texts]).iloc[0]
        raise ValueError(f"--target must name a column of numbers, got {target!r}, which holds {odd!r}")


def _has_dates(table: pd.DataFrame, name: str) -> bool:
    """Return whether a column of strings holds dates, including ambiguous ones."""
    try:
        stamp_format(table, name)
    except NotDatesError:
        return False
    except ValueError:
        pass
    return True


def _dates(values: pd.Index, form: str) -> pd.DatetimeIndex:
    """Parse dates in this format, in UTC if their UTC offsets differ, for instance because of daylight saving time."""
    try:
        return read_dates(values, form)
    except (ValueError, TypeError):
        return read_dates(values, form, utc=True)


def _listed(names: Iterable[Any]) -> str:
    names = list(map(str, names))
    more = len(names) - MOST_LISTED
    return ", ".join([*names[:MOST_LISTED], f"and {more} more"] if more > 0 else names) or "none"
