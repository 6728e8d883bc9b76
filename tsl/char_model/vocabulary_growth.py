"""Extension of a network to more codes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsl.network import Network, OptimizerState


def grow(
    network: Network,
    state: OptimizerState,
    new_codes: NDArray[np.int32],
    n_codes: int,
    random_state: np.random.RandomState,
) -> tuple[Network, OptimizerState]:
    """Return a one-hot network for `n_codes` codes, and its optimiser's state; old code k becomes ``new_codes[k]``.

    The input weights of added codes are drawn at random. Their output bias is the lowest of the old ones, so that the
    probabilities of old codes hardly change.
    """
    architecture = replace(network.architecture, n_inputs=n_codes, n_outputs=n_codes)
    grown = Network(architecture, dtype=network.dtype, random_state=random_state)
    moments = grown.new_optimizer_state()
    moments.step = state.step
    with grown.editing() as params:
        weights = grown.named(params)
        weights["head.w_out"][:] = 0.0
        weights["head.b_out"][:] = network.named()["head.b_out"].min()
        _copy_by_code(network.named(), weights, new_codes)
    for old, new in ((state.mean, moments.mean), (state.mean_sq, moments.mean_sq)):
        _copy_by_code(network.named(old), grown.named(new), new_codes)
    return grown, moments


def _copy_by_code(old: dict[str, NDArray[Any]], new: dict[str, NDArray[Any]], new_codes: NDArray[np.int32]) -> None:
    """Copy all parameters, moving those of each code to its new index; rows of labels stay after those of codes."""
    for name, numbers in old.items():
        if new[name].shape == numbers.shape:
            new[name][:] = numbers
        elif name.startswith("head"):
            new[name][..., new_codes] = numbers
        else:
            n_labels = len(numbers) - len(new_codes)
            new[name][new_codes] = numbers[: len(new_codes)]
            new[name][len(new[name]) - n_labels :] = numbers[len(new_codes) :]
