"""The members of a forecast: networks and simple forecasts, whose weighted mean it is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from tsl.forecasting.model.windows import Windowing

Kind = Literal["lstm", "naive", "seasonal naive", "seasonal mean"]


@dataclass(frozen=True)
class Member:
    """One member of the forecast.

    Parameters
    ----------
    kind : {"lstm", "naive", "seasonal naive", "seasonal mean"}
        The LSTM with its linear map, or a forecast without learning: the last value, the last season, or the mean of
        the last ones. These are networks too, with a known linear map.
    windowing : Windowing
        How its windows are made and scaled.
    weight : float
        Its share of the forecast, if the shares do not depend on the series. Those of all members add up to 1.
    """

    kind: Kind
    windowing: Windowing
    weight: float


def alike(windowing: Windowing, n_networks: int) -> list[Member]:
    """Return members that differ only in their random numbers."""
    return [Member("lstm", windowing, 1.0 / n_networks)] * n_networks


def longest_window_of(members: Sequence[Member]) -> int:
    """Return the length of the longest window that any member reads."""
    return max(member.windowing.window for member in members)


def longest_window_learned(members: Sequence[Member]) -> int:
    """Return the length of the longest window that any member learns from."""
    return longest_window_of([member for member in members if member.kind == "lstm"])


def by_windowing(members: Sequence[Member]) -> Iterator[tuple[Windowing, list[int]]]:
    """Yield each windowing with the indices of the members that use it."""
    for windowing in dict.fromkeys(member.windowing for member in members):
        yield windowing, [k for k, member in enumerate(members) if member.windowing == windowing]
