"""The members of a forecast: networks and simple forecasts, of which it is the weighted mean."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from tsl.forecasting.model.windows import Windowing
from tsl.network import Network

Kind = Literal["lstm", "naive", "seasonal naive"]


@dataclass(frozen=True)
class Member:
    """What one network forecasts, and how much that counts.

    Parameters
    ----------
    kind : {"lstm", "naive", "seasonal naive"}
        The LSTM with its linear map, or a forecast that nothing is learned for: the last value or the last season.
        These too are networks, whose linear map is known.
    windowing : Windowing
        How its windows are cut and scaled.
    weight : float
        Its share of the forecast. The shares of all members add up to 1.
    """

    kind: Kind
    windowing: Windowing
    weight: float


def alike(windowing: Windowing, n_networks: int) -> list[Member]:
    """Return networks that differ in their random numbers alone."""
    return [Member("lstm", windowing, 1.0 / n_networks)] * n_networks


def longest_window_of(members: Sequence[Member]) -> int:
    """Return the steps of the longest window that any of them reads."""
    return max(member.windowing.window for member in members)


def by_windowing(
    networks: Sequence[Network], members: Sequence[Member]
) -> Iterator[tuple[Windowing, list[Network], list[float]]]:
    """Return the networks that read the same windows, and their weights."""
    for windowing in dict.fromkeys(member.windowing for member in members):
        own = [k for k, member in enumerate(members) if member.windowing == windowing]
        yield windowing, [networks[k] for k in own], [members[k].weight for k in own]
