"""Decoding: from JSON and tensors to objects.

JSON objects with a key that begins with ``$`` represent: ``$tuple``, a tuple; ``$float``, a number that is not finite;
``$dict``, a dict of pairs; ``$bunch``, scikit-learn's dict of estimators; ``$slice``; ``$points``, the code points of a
string; ``$array``, the name of a tensor, whose numbers may encode strings or times; ``$objects``, an array of Python
objects; ``$index``, ``$time`` and ``$dtype``, pandas objects; ``$offset``, ``$date_offset`` and ``$workdays``, pandas
offsets; ``$scalar``, a numeric type; ``$function``, a NumPy function; ``$random_state``; ``$same``, the random state
written under that name; and ``$class``, an object of a class in `tsl.persistence.registry`.
"""

from __future__ import annotations

import re
from dataclasses import MISSING, fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tsl.persistence.checks import check
from tsl.persistence.parameters import joined
from tsl.persistence.registry import ATTRIBUTES, FUNCTIONS, RENAMED, WORKDAYS, class_of

if TYPE_CHECKING:
    from tsl.network import Network

_TIME_TYPES = re.compile(r"(datetime64|timedelta64)\[(s|ms|us|ns)(, [\w/+:-]+)?\]|period\[[\w-]+\]")
_TEXT_TYPES = re.compile(r"str|string(\[(python|pyarrow)\])?|(large_string|utf8)\[pyarrow\]")
_OTHER_TYPES = re.compile(r"([Uu]?[Ii]nt|[Ff]loat)\d+|bool|boolean|category|(u?int\d+|float|double|bool)\[pyarrow\]")
_LARGEST_CODE_POINT = 0x10FFFF


class Reader:
    """Decoder of the output of `Writer`; invalid input raises an error of some kind."""

    def __init__(self, tensors: dict[str, NDArray[Any]]) -> None:
        self._tensors = tensors
        self._random_states: dict[str, np.random.RandomState] = {}

    def decode(self, stored: Any) -> Any:
        """Return the object that `stored` encodes."""
        if isinstance(stored, list):
            return [self.decode(item) for item in stored]
        if not isinstance(stored, dict):
            return stored
        for key, read in _READERS.items():
            if key in stored:
                return read(self, stored)
        return {key: self.decode(value) for key, value in stored.items()}

    def _tuple(self, stored: dict[str, Any]) -> Any:
        return tuple(self.decode(stored["$tuple"]))

    def _dict(self, stored: dict[str, Any]) -> Any:
        return {self.decode(key): self.decode(value) for key, value in stored["$dict"]}

    def _bunch(self, stored: dict[str, Any]) -> Any:
        from sklearn.utils import Bunch

        return Bunch(**self.decode(stored["$bunch"]))

    def _float(self, stored: dict[str, Any]) -> Any:
        return float(stored["$float"])

    def _points(self, stored: dict[str, Any]) -> Any:
        return "".join(map(chr, stored["$points"]))

    def _slice(self, stored: dict[str, Any]) -> Any:
        start, stop, step = self.decode(stored["$slice"])
        return slice(start, stop, step)

    def _array(self, stored: dict[str, Any]) -> Any:
        array = self._tensors[stored["$array"]]
        if stored.get("text"):
            if array.dtype != np.uint32 or (array.size and array.max() > _LARGEST_CODE_POINT):
                raise ValueError("text of code points that no character has")
            return array.view(f"<U{array.shape[-1]}")[..., 0]
        if "times" in stored:
            if stored["times"][1:2] not in ("m", "M") or array.dtype != np.int64:
                raise ValueError(f"{stored['times']!r} is not a type of times")
            return array.view(stored["times"])
        return array

    def _objects(self, stored: dict[str, Any]) -> Any:
        items = self.decode(stored["$objects"])
        array = np.empty(len(items), dtype=object)
        array[:] = items
        return array

    def _dtype(self, stored: dict[str, Any]) -> Any:
        return _dtype_of(stored["$dtype"])

    def _scalar(self, stored: dict[str, Any]) -> Any:
        return _dtype_of(stored["$scalar"]).type

    def _index(self, stored: dict[str, Any]) -> Any:
        values, name = self.decode(stored["$index"]), self.decode(stored["name"])
        if not _TIME_TYPES.fullmatch(stored["dtype"]):
            return _plain_index(values, stored["dtype"], name)
        if values.dtype != np.int64 or values.ndim != 1:
            raise ValueError(f"times must be whole numbers, got {values.dtype}")
        dtype = pd.api.types.pandas_dtype(stored["dtype"])
        if isinstance(dtype, pd.PeriodDtype):
            return pd.PeriodIndex.from_ordinals(values, freq=dtype.freq, name=name)
        if dtype.kind == "m":
            return pd.TimedeltaIndex(values.view(dtype), name=name)
        if isinstance(dtype, pd.DatetimeTZDtype):
            utc = pd.DatetimeIndex(values.view(f"M8[{dtype.unit}]"), name=name)
            return utc.tz_localize("UTC").tz_convert(dtype.tz)
        return pd.DatetimeIndex(values.view(dtype), name=name)

    def _time(self, stored: dict[str, Any]) -> Any:
        return self.decode(stored["$time"])[0]

    def _offset(self, stored: dict[str, Any]) -> Any:
        return pd.tseries.frequencies.to_offset(_text(stored["$offset"]))

    def _date_offset(self, stored: dict[str, Any]) -> Any:
        parts = {_text(part): self.decode(value) for part, value in stored["$date_offset"].items()}
        if not all(type(value) is int for value in [stored["n"], *parts.values()]):
            raise TypeError(f"{stored} as an offset")
        return pd.DateOffset(stored["n"], **parts)

    def _workdays(self, stored: dict[str, Any]) -> Any:
        days = [_text(day) for day in stored["holidays"]]
        kind = WORKDAYS[stored.get("kind", "CustomBusinessDay")]
        return kind(stored["n"], weekmask=_text(stored["$workdays"]), holidays=days)

    def _function(self, stored: dict[str, Any]) -> Any:
        return FUNCTIONS[stored["$function"]]

    def _random_state(self, stored: dict[str, Any]) -> Any:
        state = self.decode(stored["$random_state"])
        if not 0 <= state["state"]["pos"] <= len(state["state"]["key"]):  # NumPy would read beyond the key
            raise ValueError(f"a random state at {state['state']['pos']}")
        random_state = self._random_states[stored["name"]] = np.random.RandomState()
        random_state.set_state(state)
        return random_state

    def _same(self, stored: dict[str, Any]) -> Any:
        return self._random_states[stored["$same"]]

    def _object(self, stored: dict[str, Any]) -> Any:
        kind = class_of(stored["$class"])
        parameters = self.decode(stored.get("parameters", {}))  # first, in the order of writing: see `$same`
        new_names = RENAMED.get(stored["$class"], {})
        parameters = {new_names.get(name, name): value for name, value in parameters.items()}
        attributes = ATTRIBUTES.get(stored["$class"], {})
        state = {attributes.get(name, name): value for name, value in self.decode(stored["state"]).items()}
        if stored["$class"] == "Network":
            return _network(**state)
        _join_moments(state)
        if is_dataclass(kind):
            _check_attributes(kind, state, stored["$class"])
        built = kind(**state) if is_dataclass(kind) or issubclass(kind, tuple) else _plain(kind, parameters, state)
        check(built)
        return built


_READERS = {
    "$class": Reader._object,
    "$array": Reader._array,
    "$tuple": Reader._tuple,
    "$float": Reader._float,
    "$dict": Reader._dict,
    "$points": Reader._points,
    "$bunch": Reader._bunch,
    "$slice": Reader._slice,
    "$objects": Reader._objects,
    "$index": Reader._index,
    "$time": Reader._time,
    "$dtype": Reader._dtype,
    "$scalar": Reader._scalar,
    "$offset": Reader._offset,
    "$date_offset": Reader._date_offset,
    "$workdays": Reader._workdays,
    "$function": Reader._function,
    "$random_state": Reader._random_state,
    "$same": Reader._same,
}


def _check_attributes(kind: Any, state: dict[str, Any], name: str) -> None:
    """Check that a dataclass has exactly its attributes, except those that an earlier version did not have."""
    known = {field.name for field in fields(kind)}
    needed = {field.name for field in fields(kind) if field.default is MISSING}
    if not needed <= state.keys() <= known:
        raise ValueError(f"{name} has the attributes {sorted(state)}")


def _plain(kind: Any, parameters: dict[str, Any], state: dict[str, Any]) -> Any:
    """Build an object with these parameters and attributes."""
    for name in state:
        if not name.isidentifier() or name.startswith("__") or callable(getattr(kind, name, None)):
            raise ValueError(f"{kind.__name__} has no attribute {name!r}")
    if not hasattr(kind, "get_params"):  # an estimator has it
        built = kind.__new__(kind)
        vars(built).update(state)
        return built
    if parameters.get("memory") is not None:  # a folder of pickles
        raise ValueError(f"{kind.__name__} with memory={parameters['memory']!r}")
    built = kind(**parameters)
    if kind.__module__.startswith("sklearn."):
        built.__setstate__(state)  # warns if it was written by another version of scikit-learn
    else:
        vars(built).update(state)
    return built


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} as text")
    return value


def _plain_index(values: Any, dtype: str, name: Any) -> pd.Index:
    """Return an index without times."""
    if _TEXT_TYPES.fullmatch(dtype) or dtype == "object":
        try:
            return pd.Index(values, dtype=dtype, name=name)
        except (ImportError, TypeError):  # the dtype needs pyarrow or another version of pandas: use an available one
            return pd.Index(values, name=name)
    index = pd.Index(values, name=name)
    return index.astype(dtype) if _OTHER_TYPES.fullmatch(dtype) and values.dtype != object else index


def _dtype_of(name: str) -> Any:
    if _TIME_TYPES.fullmatch(name):
        return pd.api.types.pandas_dtype(name)
    dtype = np.dtype(_text(name))
    if dtype.kind not in "biuf" and name != "object":
        raise ValueError(f"{name!r} is not a type of numbers")
    return dtype


def _network(architecture: Any, dtype: Any, params: Any) -> Network:
    """Check the weights, then build the network; nothing of its size is allocated before."""
    from tsl.network import Network
    from tsl.network.memory import parameter_shapes

    _check_architecture(architecture)
    dtype = str(dtype)
    if dtype not in ("float32", "float64"):
        raise ValueError(f"a network of {dtype:.100}")
    flat = joined(params, parameter_shapes(architecture), dtype)
    if not np.isfinite(flat).all():
        raise ValueError("weights that are not finite")
    network = Network.__new__(Network)
    network.__setstate__({"architecture": architecture, "dtype": dtype, "params": flat})
    return network


def _join_moments(state: dict[str, Any]) -> None:
    """Join the moments of all parameters into flat arrays, as in the estimator with this state."""
    network, moments = state.get("network_"), state.get("_optimizer_state")
    if network is None or moments is None:
        return
    from tsl.network import Network, OptimizerState
    from tsl.network.memory import parameter_shapes

    if isinstance(network, Network) and isinstance(moments, OptimizerState):
        shapes, dtype = parameter_shapes(network.architecture), network.dtype.name
        flat: dict[str, Any] = {key: joined(getattr(moments, key), shapes, dtype) for key in ("mean", "mean_sq")}
        state["_optimizer_state"] = replace(moments, **flat)


def _check_architecture(architecture: Any) -> None:
    least = {"n_inputs": 1, "n_outputs": 1, "segment": 1}
    for field in fields(architecture):
        value = getattr(architecture, field.name)
        wanted = bool if field.type == "bool" else int
        values = value if field.name == "hidden_sizes" else (value,)
        low = 1 if field.name == "hidden_sizes" else least.get(field.name, 0)
        if not values or not all(type(one) is wanted and low <= one < 2**31 for one in values):
            raise ValueError(f"a network with {field.name}={value!r}")
    if not isinstance(architecture.hidden_sizes, tuple):
        raise ValueError("layers of a network that are not a tuple")
    if architecture.n_known > architecture.n_inputs:
        raise ValueError(f"{architecture.n_known} inputs known ahead of {architecture.n_inputs}")
