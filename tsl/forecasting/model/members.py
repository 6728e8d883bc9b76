"""The members of a forecast: networks and simple forecasts, whose weighted mean it is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from tsl.forecasting.model.windows import Windowing
from tsl.network import Network

Kind = Literal["lstm", "naive", "seasonal naive"]


@dataclass(frozen=True)
class Member:
    """One member of the forecast.

    Parameters
    ----------
    kind : {"lstm", "naive", "seasonal naive"}
        The LSTM with its linear map, or a forecast without learning: the last value or the last season. These are
        networks too, with a known linear map.
    windowing : Windowing
        How its windows are made and scaled.
    weight : float
        Its share of the forecast. The shares of all members add up to 1.
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


def by_windowing(
    networks: Sequence[Network], members: Sequence[Member]
) -> Iterator[tuple[Windowing, list[Network], list[float]]]:
    """Yield each windowing with the networks that use it and their weights."""
    for windowing in dict.fromkeys(member.windowing for member in members):
        own = [k for k, member in enumerate(members) if member.windowing == windowing]
        yield windowing, [networks[k] for k in own], [members[k].weight for k in own]
