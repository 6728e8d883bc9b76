"""Dates given as strings or integers: parsed if their format is unambiguous, refused otherwise."""

from __future__ import annotations

import itertools
import re
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

ISO = "ISO8601"
QUARTERS = "quarters"
"""Formats that `read_dates` takes in addition to those of `strftime`."""

HINT = "use pd.to_datetime(..., format=...) first"
"""Hint for error messages: how to give the format."""

_YEARS = (1700, 2199)  # the years in which integers may be dates; chosen by judgement
_NUMBERS = {6: "%Y%m", 8: "%Y%m%d", 10: "%Y%m%d%H", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}
_FIRST_HALF = ("january", "february", "march", "april", "may", "june")
_MONTHS = (*_FIRST_HALF, "july", "august", "september", "october", "november", "december")
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_WORDS = [(_MONTHS, "%B", "%b"), (_DAYS, "%A", "%a")]
_CLOCK = re.compile(
    r"(?P<gap>[T ,]+)(?P<hour>\d{1,2}):\d{2}(?P<second>:\d{2})?(?P<fraction>[.]\d+)?"
    r"(?P<half>\s*[AaPp][Mm])?(?P<space>\s*)(?P<zone>Z|[+-]\d{2}:?\d{2})?$"
)
# The possible meanings of a date's numbers, by whether the month is a word and the number of digits (2: one or two).
_ROLES = {
    (True, (4,)): ["Y"],
    (True, (2, 4)): ["dY"],
    (True, (4, 2)): ["Yd"],
    (True, (2, 2)): ["dy"],
    (True, (2,)): ["y"],
    (False, (4, 2, 2)): ["Ymd"],
    (False, (2, 2, 4)): ["mdY", "dmY"],
    (False, (2, 2, 2)): ["mdy", "dmy", "ymd"],
    (False, (4, 2)): ["Ym"],
    (False, (2, 4)): ["mY"],
}


class NotDatesError(ValueError):
    """Raised for strings that are not dates in any known format."""


def read_dates(values: pd.Index, form: str, *, utc: bool = False) -> pd.DatetimeIndex:
    """Parse strings or integers as dates in this format.

    Raises
    ------
    ValueError
        If a value does not have this format.
    """
    if values.dtype.kind in "iuf":
        values = values.astype(np.int64).astype(str)
    if form == QUARTERS:
        return pd.PeriodIndex(values, freq="Q").to_timestamp()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # of pandas 2 for mixed zones, refused below
        return pd.DatetimeIndex(pd.to_datetime(values, format=form, utc=utc))


def as_dates(values: pd.Index, where: str, *, numbers: bool = False) -> pd.Index:
    """Parse strings as dates, so that they sort chronologically; return anything else unchanged.

    With `numbers`, integers that can be dates are parsed too.

    Raises
    ------
    ValueError
        If the format is ambiguous, or the strings are not dates.
    """
    kind = pd.api.types.infer_dtype(values, skipna=True)
    form = None
    if kind == "string":
        form = text_format(values, where, HINT)
    elif kind == "integer" and numbers:
        form = number_format(values.to_numpy(np.int64), where, HINT)
    return values if form is None else read_dates(values, form)


def number_format(numbers: NDArray[np.int64], where: str, hint: str) -> str | None:
    """Return the format of integers that are dates, such as 20240131; None if they are plain numbers.

    Raises
    ------
    ValueError
        If they may be either: 202301 to 202312 may be the months of a year or plain numbers.
    """
    numbers = np.unique(numbers)
    digits = len(str(numbers[0])) if len(numbers) else 0
    if digits not in _NUMBERS or len(str(numbers[-1])) != digits:
        return None
    years = numbers // 10 ** (digits - 4)
    if years[0] < _YEARS[0] or years[-1] > _YEARS[1]:
        return None
    form = _NUMBERS[digits]
    if pd.to_datetime(pd.Index(numbers).astype(str), format=form, errors="coerce").hasnans:
        return None
    if digits == 6 and years[0] == years[-1]:
        raise ValueError(
            f"{where} must hold times that can be read in one way, got {numbers[0]} to {numbers[-1]}, which are months "
            f"by {form!r} or plain numbers: {hint}, or that they are numbers with freq 1"
        )
    return form


def text_format(texts: pd.Index, where: str, hint: str, *, utc: bool = False) -> str:
    """Return the format of strings that are dates.

    Parameters
    ----------
    texts : Index of str
    where : str
        What errors call them.
    hint : str
        How to give the format, for errors.
    utc : bool
        Whether the strings may have several time zones.

    Raises
    ------
    NotDatesError
        If they are not dates, or have several formats.
    ValueError
        If the format is ambiguous, or they have several time zones.
    """
    known = texts.dropna().unique()
    if not len(known):
        return ISO
    sample = str(known[0])
    if all(text.isdecimal() for text in known):
        form = _digits_format(known, where, hint)
    elif known.str.fullmatch(r"\d{4}-?[Qq][1-4]").all():
        form = QUARTERS
    else:
        looks_iso = re.match(r"\d{4}(\D|\d{4}T)", sample)
        form = ISO if looks_iso and _reads(known, ISO, where, utc) is not None else None
    if form is not None:
        return form
    found = {form: dates for form in _formats(sample) if (dates := _reads(known, form, where, utc)) is not None}
    if not found:
        odd = _odd(known, where)
        raise NotDatesError(f"{where} must hold dates, all in the same format and with a year, got {odd}: {hint}")
    forms = list(found)
    for other in forms[1:]:
        differ = found[forms[0]] != found[other]
        if differ.any():
            row = int(differ.argmax())
            ways = " or ".join(f"{found[form][row].date()} by {form!r}" for form in forms)
            what = f"{known[row]!r}, which is {ways}"
            raise ValueError(f"{where} must hold dates that can be read in one way, got {what}: {hint}")
    if _may_be_day(known, forms[0]):
        raise ValueError(
            f"{where} must hold dates that can be read in one way, got {sample!r}, in which the number is the year by "
            f"{forms[0]!r} or else the day: {hint}"
        )
    return forms[0]


def _digits_format(known: pd.Index, where: str, hint: str) -> str | None:
    """Return the format of strings of digits; None if they are not dates."""
    lengths = set(known.str.len())
    if lengths == {4} and known.astype(np.int64).to_series().between(*_YEARS).all():
        return "%Y"
    if len(lengths) > 1 or max(lengths) > max(_NUMBERS):
        return None
    return number_format(known.astype(np.int64).to_numpy(), where, hint)


def _reads(known: pd.Index, form: str, where: str, utc: bool) -> pd.DatetimeIndex | None:
    """Parse strings as dates in this format; return None if one does not have it."""
    try:
        return read_dates(known, form, utc=utc)
    except (ValueError, TypeError) as error:
        if is_about_zones(error):
            raise mixed_zones(where) from None
        return None


def is_about_zones(error: Exception) -> bool:
    """Return whether an error from pandas is about several time zones."""
    return "timezone" in str(error).lower() or "tz-aware" in str(error).lower()


def mixed_zones(where: str) -> ValueError:
    """Return the error to raise for several time zones."""
    hint = "use pd.to_datetime(..., utc=True) first"
    return ValueError(f"{where} must hold datetimes of one time zone, got mixed time zones: {hint}")


def _may_be_day(known: pd.Index, form: str) -> bool:
    """Return whether the only number beside the name of a month may also be the day, as in "Jan-22"."""
    if "%y" not in form or "%d" in form or "%m" in form:
        return False
    numbers = known.str.extract(r"(\d+)")[0].astype(int)
    return bool(numbers.between(1, 31).all())


def _odd(known: pd.Index, where: str) -> str:
    """Describe a string that is not a date, or else the first and the last, which have different formats."""
    for text in known[:1000]:
        if all(_reads(pd.Index([text]), form, where, True) is None for form in _formats(text)):
            return repr(text)
    return f"{known[0]!r} and {known[-1]!r}"


def _formats(sample: str) -> Iterator[str]:
    """Yield the formats that a date such as `sample` may have."""
    clock = _CLOCK.search(sample)
    date = sample[: clock.start()] if clock else sample
    tokens = re.findall(r"\d+|[^\W\d_]+|[\W_]+", date)
    digits = tuple(max(2, len(token)) for token in tokens if token.isdecimal())
    choices = [_token_formats(token) for token in tokens]
    has_month = any("%b" in words or "%B" in words for words in choices)
    for roles in _ROLES.get((has_month, digits), ()):
        for parts in itertools.product(*choices):
            role = iter(roles)
            yield "".join(f"%{next(role)}" if part == "" else part for part in parts) + _clock_format(clock)


def _token_formats(token: str) -> list[str]:
    """Return the formats of a word or separator; "" for a number, whose format is not known yet."""
    if token.isdecimal():
        return [""]
    if not token[0].isalpha():
        return [token.replace("%", "%%")]
    found = []
    for names, long, short in _WORDS:
        found += [long] if token.lower() in names else []
        found += [short] if token.lower() in (name[:3] for name in names) else []
    return found  # no format for another word: the 05 of "2024-W05" is not a month


def _clock_format(clock: re.Match[str] | None) -> str:
    """Return the format of a time of day."""
    if clock is None:
        return ""
    part: dict[str, Any] = clock.groupdict()
    half = part["half"]
    text = part["gap"] + ("%I" if half else "%H") + ":%M"
    text += ":%S" if part["second"] else ""
    text += ".%f" if part["fraction"] else ""
    text += half[:-2] + "%p" if half else ""
    return text + part["space"] + ("%z" if part["zone"] else "")
