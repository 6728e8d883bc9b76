"""Which column of a frame is what."""

from __future__ import annotations

import numbers
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tsl import _tables
from tsl._dates import as_dates

BOUND = re.compile(r"(?P<model>.+)-(?P<side>lo|hi)-(?P<level>\d+(\.\d+)?)")
QUANTILE = re.compile(r"(?P<model>.+)-q(?P<quantile>[01]?\.\d+)")
CUTOFF = "cutoff"


@dataclass(frozen=True)
class Layout:
    """Names of the columns of a backtest."""

    id_col: str | None
    cutoff_col: str | None
    time_col: str
    target: str
    models: list[str]
    levels: dict[str, list[str]]
    """Levels of the intervals of each model that has some, as they stand in the names of columns."""
    quantiles: dict[str, dict[str, float]]
    """Columns and what quantile each is, bounds of intervals included, for each model that has some."""

    @classmethod
    def of(
        cls,
        table: pd.DataFrame,
        *,
        id_col: str | None = None,
        time_col: str | None = None,
        target: str | None = None,
        models: Sequence[str] | None = None,
    ) -> Layout:
        """Find them: by the names given, by place around the cutoff, or by the usual names."""
        if not table.columns.is_unique:
            double = table.columns[table.columns.duplicated()][0]
            raise ValueError(f"frame must have each column once, got {double!r} several times")
        names = list(table.columns)
        guessed = _by_place(names)
        for key, given in (("id_col", id_col), ("time_col", time_col), ("target", target)):
            guessed[key] = given if given is not None else guessed[key]
            if given is not None and given not in names:
                raise ValueError(f"{key} must be a column of frame, {names}, got {given!r}")
        for key in ("time_col", "target"):
            if guessed[key] not in names:
                raise ValueError(f"{key} must be given: frame has neither a column 'cutoff' nor {guessed[key]!r}")
        known = set(guessed.values()) | {CUTOFF}
        found = _forecasts(table, known) if models is None else list(models)
        for name in found:
            if name not in names:
                raise ValueError(f"models must be columns of frame, {names}, got {name!r}")
        if not found:
            raise ValueError(f"frame must have a column of forecasts, got only {names}")
        levels, quantiles = _intervals([name for name in names if name not in known], found)
        cutoff = CUTOFF if CUTOFF in names else None
        return cls(**guessed, cutoff_col=cutoff, models=found, levels=levels, quantiles=quantiles)

    def series(self, table: pd.DataFrame) -> NDArray[np.int64]:
        """(N,) a number for each series."""
        if self.id_col is None:
            return np.zeros(len(table), np.int64)
        return pd.factorize(table[self.id_col])[0]

    def steps(self, table: pd.DataFrame) -> NDArray[np.int64]:
        """(N,) how far behind the first forecast of its window each row is, from 1."""
        keys = [name for name in (self.id_col, self.cutoff_col) if name is not None]
        dates = as_dates(pd.Index(table[self.time_col]), f"column {self.time_col!r} of frame")
        table = table.assign(**{self.time_col: dates})
        if not keys:
            return table[self.time_col].rank(method="first").to_numpy().astype(np.int64)
        ordered = table.sort_values(self.time_col, kind="stable")
        counts = ordered.groupby(keys, sort=False, observed=True).cumcount() + 1
        return counts.sort_index().to_numpy()


def _by_place(names: list[str]) -> dict[str, Any]:
    """Those around the cutoff, which stands before or behind the time: the truth comes next, the series first."""
    place = names.index(CUTOFF) if CUTOFF in names else -1
    if place == 2:
        return {"id_col": names[0], "time_col": names[1], "target": names[3] if len(names) > 3 else None}
    if place in (0, 1) and len(names) > place + 2:
        return {"id_col": names[0] if place else None, "time_col": names[place + 1], "target": names[place + 2]}
    return {"id_col": "unique_id" if "unique_id" in names else None, "time_col": "ds", "target": "y"}


def _forecasts(table: pd.DataFrame, known: set[str]) -> list[str]:
    """Columns of numbers that are neither known nor a bound or quantile of another one."""
    found = []
    for name in table.columns:
        match = BOUND.fullmatch(str(name)) or QUANTILE.fullmatch(str(name))
        of_a_model = match is not None and match["model"] in table
        if name not in known and not of_a_model and _holds_numbers(table[name]):
            found.append(name)
    return found


def _holds_numbers(values: pd.Series) -> bool:
    """Return whether a column holds numbers, as Python objects too, and no truth values.

    Raises
    ------
    ValueError
        Of objects that are numbers in part: whether they are forecasts cannot be told.
    """
    if values.dtype != object:
        return pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values)
    number = [isinstance(one, numbers.Number) and not isinstance(one, bool) for one in values.dropna()]
    if any(number) and not all(number):
        raise ValueError(
            f"column {values.name!r} of frame must hold numbers alone to be a forecast, got objects of several kinds: "
            "convert it, drop it, or name models="
        )
    return all(number)


def _intervals(names: list[str], models: list[str]) -> tuple[dict[str, list[str]], dict[str, dict[str, float]]]:
    levels: dict[str, list[str]] = {}
    quantiles: dict[str, dict[str, float]] = {}
    for name in names:
        if (bound := BOUND.fullmatch(str(name))) and bound["model"] in models:
            half = float(bound["level"]) / 200.0
            quantiles.setdefault(bound["model"], {})[name] = 0.5 - half if bound["side"] == "lo" else 0.5 + half
            if bound["side"] == "lo" and f"{bound['model']}-hi-{bound['level']}" in names:
                levels.setdefault(bound["model"], []).append(bound["level"])
        elif (quantile := QUANTILE.fullmatch(str(name))) and quantile["model"] in models:
            quantiles.setdefault(quantile["model"], {})[name] = float(quantile["quantile"])
    return levels, quantiles


def to_pandas(frame: Any, name: str) -> Any:
    """A pandas object; `name` is for the error where it is nothing of the kind."""
    if _tables.library_of(frame) is None:
        raise TypeError(f"{name} must be a DataFrame, got {type(frame).__name__}")
    table, _ = _tables.to_pandas(frame, name)
    return table.reset_index(drop=True) if name == "frame" else table


def mirrored(result: pd.DataFrame, frame: Any) -> Any:
    """The result as a frame of the same library."""
    return _tables.like_input(result, _tables.library_of(frame) or _tables.PANDAS)
