"""Whether one block of rows continues another, judged by their pandas indexes."""

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
    """Check that timestamps do not go back in time: a window over them would contain the future."""
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
    """Return where a block with this index ends; None if its step cannot be determined."""
    kind = _kind(index)
    if kind is None:
        return None
    freq = index.freq if kind == "datetime" else None
    steps = _smallest_and_largest_step(index)
    if steps is None:
        return None if freq is None else BlockEnd(kind, _label(index, -1), None, None, freq)
    if freq is None and kind == "datetime" and len(index) > 2:  # pandas infers no frequency from fewer
        # Months, business days, and days with a clock change differ in length, yet have a single frequency.
        freq = pd.DatetimeIndex(index, freq="infer").freq
    return BlockEnd(kind, _label(index, -1), *steps, freq)


def follows(index: pd.Index, last: BlockEnd) -> bool:
    """Return whether a block with this index starts right after `last`.

    The frequency decides if there is one; otherwise any step between the smallest and the largest one seen is accepted,
    so that trading days continue after a weekend.
    """
    if _kind(index) != last.kind:
        return False
    start = _label(index, 0)
    if last.freq is not None:
        return start in _after(last.end, last.freq)
    try:
        return bool(last.smallest_step <= start - last.end <= last.largest_step)
    except TypeError:  # only one of the indexes has a time zone
        return False


def _after(end: pd.Timestamp, freq: Any) -> set[pd.Timestamp]:
    """Return the possible next timestamps: two if `end` may stand for a local time that was skipped in spring."""
    if end.tz is None or (isinstance(freq, pd.offsets.Tick) and not isinstance(freq, pd.offsets.Day)):
        return {pd.date_range(end, periods=2, freq=freq)[1]}
    # In local time: in pandas 2, `end + freq` would add 24 hours to a day with a clock change.
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
    """Return the smallest and the largest step between times; None if there are none or the index goes back."""
    if isinstance(index, pd.RangeIndex):
        return (index.step, index.step) if index.step > 0 else None
    if not index.is_monotonic_increasing:
        return None
    stamps = index.asi8 if isinstance(index, pd.PeriodIndex) else index
    # Repeated times are not steps.
    steps = (stamps[1:] - stamps[:-1])[stamps[1:] != stamps[:-1]]
    return (steps.min(), steps.max()) if len(steps) else None


def plain(value: Any) -> Any:
    """Return a number, a string, or a list of them; a frequency or time zone without a name is returned unchanged."""
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
    """Undo `plain`."""
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
    except Exception:  # the type depends on the time zone library
        return False


def _is_offset(name: str, offset: pd.offsets.BaseOffset) -> bool:
    """Return whether the name describes a frequency completely; it does not include holidays."""
    try:
        return pd.tseries.frequencies.to_offset(name) == offset
    except ValueError:
        return False
