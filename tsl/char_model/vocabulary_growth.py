"""A network that learns more codes than it was made for."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsl.network import Network, OptimizerState


def grow(
    network: Network,
    state: OptimizerState,
    places: NDArray[np.int32],
    n_codes: int,
    random_state: np.random.RandomState,
) -> tuple[Network, OptimizerState]:
    """A one-hot network for `n_codes` codes, and its moments; the k-th old code becomes code ``places[k]``.

    How a new code is read is drawn anew. It is expected as little as the least expected old one, so that these are
    expected nearly as much as before.
    """
    architecture = replace(network.architecture, n_inputs=n_codes, n_outputs=n_codes)
    grown = Network(architecture, dtype=network.dtype, random_state=random_state)
    moments = grown.new_optimizer_state()
    moments.step = state.step
    with grown.editing() as params:
        weights = grown.named(params)
        weights["head.w_out"][:] = 0.0
        weights["head.b_out"][:] = network.named()["head.b_out"].min()
        _copy_by_code(network.named(), weights, places)
    for old, new in ((state.mean, moments.mean), (state.mean_sq, moments.mean_sq)):
        _copy_by_code(network.named(old), grown.named(new), places)
    return grown, moments


def _copy_by_code(old: dict[str, NDArray[Any]], new: dict[str, NDArray[Any]], places: NDArray[np.int32]) -> None:
    """Copy the numbers of all parameters, those of each code to its new place."""
    for name, numbers in old.items():
        if new[name].shape == numbers.shape:
            new[name][:] = numbers
        elif name.startswith("head"):
            new[name][..., places] = numbers
        else:
            new[name][places] = numbers
