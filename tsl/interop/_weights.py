"""Weights of a network in the layouts of PyTorch and Keras, as plain arrays, so that neither package is needed.

All three store gates in the order input, forget, candidate, output. PyTorch transposes matrices and has two biases,
which are added; Keras has the same matrices as `tsl`, in a list, layer by layer.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tsl.network import Architecture, Network
from tsl.network.memory import parameter_shapes


class Weights(NamedTuple):
    """Weights by their names in `Network.named`, with the sizes that follow from them."""

    named: dict[str, NDArray[Any]]
    hidden_sizes: tuple[int, ...]
    bidirectional: bool

    @property
    def n_outputs(self) -> int:
        """Number of outputs of the head."""
        return len(self.named["head.b_out"])

    @property
    def n_embedded(self) -> int:
        """Size of the embedding of a code; 0 without an embedding."""
        return self.named["embedding.w"].shape[1] if "embedding.w" in self.named else 0

    @property
    def n_inputs(self) -> int:
        """Number of channels of a step, or of codes."""
        return len(self.named["embedding.w"] if self.n_embedded else self.named["lstm_0.w_in"])


def layer_names(n_layers: int, bidirectional: bool) -> list[list[str]]:
    """Return the names of the directions of each layer."""
    suffixes = ("", "_reverse") if bidirectional else ("",)
    return [[f"lstm_{layer}{suffix}" for suffix in suffixes] for layer in range(n_layers)]


# --- PyTorch --------------------------------------------------------------------------------------------------------


def torch_state(network: Network) -> dict[str, NDArray[Any]]:
    """Return the weights of a network under PyTorch's names."""
    named, architecture = network.named(), network.architecture
    state = {}
    if "embedding.w" in named:
        state["embedding.weight"] = named["embedding.w"].copy()
    equal = len(set(architecture.hidden_sizes)) == 1
    for layer, names in enumerate(layer_names(len(architecture.hidden_sizes), architecture.bidirectional)):
        for name in names:
            place = f"l{layer if equal else 0}" + ("_reverse" if name.endswith("_reverse") else "")
            module = "lstm" if equal else f"lstm.{layer}"
            state[f"{module}.weight_ih_{place}"] = named[f"{name}.w_in"].T.copy()
            state[f"{module}.weight_hh_{place}"] = named[f"{name}.w_rec"].T.copy()
            state[f"{module}.bias_ih_{place}"] = named[f"{name}.bias"].copy()
            state[f"{module}.bias_hh_{place}"] = np.zeros_like(named[f"{name}.bias"])
    state["head.weight"] = named["head.w_out"].T.copy()
    state["head.bias"] = named["head.b_out"].copy()
    return state


_LSTM_ENTRY = re.compile(
    r"(?P<module>.*?)(?P<kind>weight_ih|weight_hh|bias_ih|bias_hh)_l(?P<layer>\d+)(?P<reverse>_reverse)?"
)


def from_torch_state(state: Mapping[str, Any]) -> Weights:
    """Return the weights in a state dict of one or several LSTMs, a linear layer, and optionally an embedding.

    Raises
    ------
    ValueError
        If an entry is missing or left over, or has a shape that does not match the others.
    """
    entries = {key: _numbers(value, key) for key, value in state.items()}
    cells: dict[tuple[str, int, str], dict[str, NDArray[Any]]] = {}
    others = {}
    for key, array in entries.items():
        entry = _LSTM_ENTRY.fullmatch(key)
        if entry is None:
            others[key] = array
        else:
            place = (entry["module"], int(entry["layer"]), entry["reverse"] or "")
            cells.setdefault(place, {})[entry["kind"]] = array
    if not cells:
        raise ValueError(f"state_dict must have entries of an LSTM such as 'lstm.weight_ih_l0', got {list(entries)}")
    modules = list(dict.fromkeys(module for module, _, _ in cells))
    places = sorted(cells, key=lambda place: (modules.index(place[0]), place[1], place[2]))
    directions = [place for place in places if not place[2]]
    bidirectional = len(places) > len(directions)
    named: dict[str, NDArray[Any]] = {}
    for layer, (module, number, _) in enumerate(directions):
        for reverse in ("", "_reverse") if bidirectional else ("",):
            named |= _torch_layer(
                cells.get((module, number, reverse), {}), f"lstm_{layer}{reverse}", f"{module}{{}}_l{number}{reverse}"
            )
    named |= _torch_others(others)
    return _checked(named, len(directions), bidirectional, "state_dict")


def _torch_layer(entries: dict[str, NDArray[Any]], name: str, key: str) -> dict[str, NDArray[Any]]:
    """Return the weights of one layer and direction; `key` is the pattern of its entries' names, for errors."""
    for kind in ("weight_ih", "weight_hh"):
        if kind not in entries:
            raise ValueError(f"state_dict must have {key.format(kind)!r}, got no such entry")
    size = entries["weight_hh"].shape[-1]
    bias = np.zeros(4 * size, entries["weight_hh"].dtype)
    for kind in ("bias_ih", "bias_hh"):
        if kind in entries:  # an LSTM may have no biases
            if entries[kind].shape != bias.shape:
                raise ValueError(
                    f"state_dict[{key.format(kind)!r}] must have shape {bias.shape}, got {entries[kind].shape}"
                )
            bias = bias + entries[kind]
    return {f"{name}.w_in": entries["weight_ih"].T, f"{name}.w_rec": entries["weight_hh"].T, f"{name}.bias": bias}


def _torch_others(entries: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Return the head, which has a bias, and the embedding, which has none."""
    linear = [key.removesuffix("bias") for key in entries if key.endswith("bias")]
    if len(linear) != 1 or f"{linear[0]}weight" not in entries:
        raise ValueError(
            "state_dict must have a weight and a bias of one linear layer besides the LSTM, such as 'head.weight' and "
            f"'head.bias', got {list(entries)}"
        )
    named = {"head.w_out": entries.pop(f"{linear[0]}weight").T, "head.b_out": entries.pop(f"{linear[0]}bias")}
    if entries:
        key, array = entries.popitem()
        if entries or not key.endswith("weight"):
            raise ValueError(
                f"state_dict must hold an LSTM, a linear layer and at most one embedding, got also {key!r}"
            )
        named["embedding.w"] = array
    return named


# --- Keras ----------------------------------------------------------------------------------------------------------


def keras_weights(network: Network) -> list[NDArray[Any]]:
    """Return the weights of a network in the order of a Keras model's `get_weights`."""
    named, architecture = network.named(), network.architecture
    weights = [named["embedding.w"]] if "embedding.w" in named else []
    for names in layer_names(len(architecture.hidden_sizes), architecture.bidirectional):
        weights += [named[f"{name}.{kind}"] for name in names for kind in ("w_in", "w_rec", "bias")]
    return [array.copy() for array in (*weights, named["head.w_out"], named["head.b_out"])]


def from_keras(weights: Sequence[Any], bidirectional: bool) -> Weights:
    """Return the weights in a list for an optional embedding, LSTM layers and a dense layer.

    Raises
    ------
    ValueError
        If arrays are missing or left over, or have shapes that do not match such layers.
    """
    arrays = [_numbers(array, k) for k, array in enumerate(weights)]
    embedded = len(arrays) % 3 == 0  # an embedding has one array, an LSTM layer three, a dense layer two
    named = {"embedding.w": arrays.pop(0)} if embedded and arrays else {}
    n_cells, left_over = divmod(len(arrays) - 2, 3)
    directions = 1 + bidirectional
    if n_cells < 1 or left_over or n_cells % directions:
        raise ValueError(
            f"weights must be those of {'bidirectional ' * bidirectional}LSTM layers (a kernel, a recurrent kernel and "
            f"a bias each) and of a dense layer, after those of an embedding if there is one, got {len(weights)} arrays"
        )
    names = [name for layer in layer_names(n_cells // directions, bidirectional) for name in layer]
    for name, first in zip(names, range(0, 3 * n_cells, 3)):
        named |= {f"{name}.{kind}": arrays[first + k] for k, kind in enumerate(("w_in", "w_rec", "bias"))}
    named |= {"head.w_out": arrays[-2], "head.b_out": arrays[-1]}
    return _checked(named, n_cells // directions, bidirectional, "weights")


# --- both -----------------------------------------------------------------------------------------------------------


def _numbers(value: Any, key: Any) -> NDArray[Any]:
    """Convert an array or a PyTorch tensor to an array."""
    array = np.asarray(value.detach().cpu() if hasattr(value, "detach") else value)
    if array.dtype.kind != "f" or not np.isfinite(array).all():
        raise ValueError(f"weight {key!r} must hold finite numbers of floating point, got dtype {array.dtype}")
    return array


def _checked(named: dict[str, NDArray[Any]], n_layers: int, bidirectional: bool, argument: str) -> Weights:
    """Check that all weights have matching shapes, and return them."""
    names = layer_names(n_layers, bidirectional)
    sizes = tuple(len(named[f"{layer[0]}.w_rec"]) for layer in names)
    weights = Weights(named, sizes, bidirectional)
    architecture = Architecture(
        weights.n_inputs,
        sizes,
        weights.n_outputs,
        bidirectional,
        one_hot=weights.n_embedded > 0,
        n_embedded=weights.n_embedded,
    )
    for name, shape in parameter_shapes(architecture).items():
        if named[name].shape != shape:
            raise ValueError(
                f"{argument} must fit together: {name} of the network must have shape {shape} to match the others, got "
                f"{named[name].shape}"
            )
    return weights


def check_no_labels(estimator: Any, others: str) -> None:
    """Check that an estimator has no labels, for which `others` have no input.

    Raises
    ------
    ValueError
        If it has labels.
    """
    labels = getattr(estimator, "labels_", None)
    if labels is not None:
        raise ValueError(
            f"estimator must be fitted without labels, because {others} cannot read them with each character; "
            f"got an LSTMCharModel with {len(labels)} labels"
        )
