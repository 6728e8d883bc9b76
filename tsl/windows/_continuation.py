"""Whether one block of rows starts where another ended, judged by their pandas indexes."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd


class BlockEnd(NamedTuple):
    """Where a block of rows ended, and how far away the next row may be."""

    kind: Any
    end: Any
    smallest_step: Any
    largest_step: Any
    freq: Any


def check_time_order(index: pd.Index) -> None:
    """Check that stamps do not go back in time: a window over them would hold the future."""
    if not isinstance(index, (pd.DatetimeIndex, pd.PeriodIndex, pd.TimedeltaIndex)):
        return
    if index.hasnans:
        raise ValueError("X must have a time in every row of its index, got NaT")
    if not index.is_monotonic_increasing:
        row = int((index[1:] < index[:-1]).argmax())
        raise ValueError(
            f"X must be in time order, but its index goes from {index[row]} back to {index[row + 1]}: use "
            "X.sort_index() first, or groups= if X holds several series"
        )


def block_end(index: pd.Index) -> BlockEnd | None:
    """Return where a block with this index ends; None if no step can be told from it."""
    kind = _kind(index)
    if kind is None:
        return None
    freq = index.freq if kind == "datetime" else None
    steps = _smallest_and_largest_step(index)
    if steps is None:
        return None if freq is None else BlockEnd(kind, _label(index, -1), None, None, freq)
    if freq is None and kind == "datetime" and len(index) > 2:  # fewer stamps have no frequency to pandas
        # Months, business days, and days over a clock change differ in length, yet have one frequency.
        freq = pd.DatetimeIndex(index, freq="infer").freq
    return BlockEnd(kind, _label(index, -1), *steps, freq)


def follows(index: pd.Index, last: BlockEnd) -> bool:
    """Return whether a block with this index starts right after `last`.

    The frequency decides if there is one; otherwise any step between the smallest and the largest one seen, so that
    trading days continue after a weekend.
    """
    if _kind(index) != last.kind:
        return False
    start = _label(index, 0)
    if last.freq is not None:
        return start in _after(last.end, last.freq)
    try:
        return bool(last.smallest_step <= start - last.end <= last.largest_step)
    except TypeError:  # one index has a time zone, the other none
        return False


def _after(end: pd.Timestamp, freq: Any) -> set[pd.Timestamp]:
    """Return what may come next: two stamps if `end` may stand for a local time that was skipped in spring."""
    if end.tz is None or (isinstance(freq, pd.offsets.Tick) and not isinstance(freq, pd.offsets.Day)):
        return {pd.date_range(end, periods=2, freq=freq)[1]}
    # By local time: `end + freq` would be 24 hours for a day over a clock change, in pandas 2.
    local = end.tz_localize(None)
    earlier = [local - pd.Timedelta(minutes=minutes) for minutes in (0, 30, 60)]
    meant = [time for time in earlier if _localize(time, end.tz) == end]
    return {_localize(pd.date_range(time, periods=2, freq=freq)[1], end.tz) for time in meant}


def _localize(time: pd.Timestamp, zone: Any) -> pd.Timestamp:
    return time.tz_localize(zone, ambiguous=True, nonexistent="shift_forward")


def _kind(index: pd.Index) -> Any:
    if isinstance(index, pd.DatetimeIndex):
        return "datetime"
    if isinstance(index, pd.TimedeltaIndex):
        return "timedelta"
    if isinstance(index, pd.PeriodIndex):
        return index.dtype
    return "integer" if pd.api.types.is_integer_dtype(index.dtype) else None


def _label(index: pd.Index, position: int) -> Any:
    label = index[position]
    return label.ordinal if isinstance(index, pd.PeriodIndex) else label


def _smallest_and_largest_step(index: pd.Index) -> tuple[Any, Any] | None:
    """Return the smallest and the largest step between times; None if there is none or the index goes back."""
    if isinstance(index, pd.RangeIndex):
        return (index.step, index.step) if index.step > 0 else None
    if not index.is_monotonic_increasing:
        return None
    stamps = index.asi8 if isinstance(index, pd.PeriodIndex) else index
    # A time that occurs twice is not a step.
    steps = (stamps[1:] - stamps[:-1])[stamps[1:] != stamps[:-1]]
    return (steps.min(), steps.max()) if len(steps) else None


def plain(value: Any) -> Any:
    """Return a number, a text, or a list of them; a frequency or a zone that has no name is returned as it is."""
    if isinstance(value, pd.Timestamp | pd.Timedelta):
        zone = getattr(value, "tz", None)
        named = None if zone is None else str(zone)
        return [
            type(value).__name__,
            int(value.asm8.view(np.int64)),
            value.unit,
            named if _is_zone(named, zone) else zone,
        ]
    if isinstance(value, pd.PeriodDtype):
        return ["PeriodDtype", str(value)]
    if isinstance(value, pd.offsets.BaseOffset):
        return ["offset", value.freqstr] if _is_offset(value.freqstr, value) else value
    return value.item() if isinstance(value, np.generic) and value.dtype.kind in "biufU" else value


def restored(value: Any) -> Any:
    """Return what `plain` was given."""
    if not isinstance(value, list):
        return value
    kind, *rest = value
    if kind == "PeriodDtype":
        return pd.api.types.pandas_dtype(rest[0])
    if kind == "offset":
        return pd.tseries.frequencies.to_offset(rest[0])
    count, unit, zone = rest
    if kind == "Timedelta":
        return pd.Timedelta(np.timedelta64(count, unit))
    stamp = pd.Timestamp(np.datetime64(count, unit))
    return stamp if zone is None else stamp.tz_localize("UTC").tz_convert(zone)


def _is_zone(name: str | None, zone: Any) -> bool:
    """Return whether pandas knows a time zone by this name."""
    try:
        return name is None or pd.Timestamp(0, tz=name).tz == zone
    except Exception:  # what is raised depends on the library that the name is looked up in
        return False


def _is_offset(name: str, offset: pd.offsets.BaseOffset) -> bool:
    """Return whether the name says all of a frequency; it does not have holidays."""
    try:
        return pd.tseries.frequencies.to_offset(name) == offset
    except ValueError:
        return False
