"""Encoding of objects as JSON and tensors."""

from __future__ import annotations

import math
import re
from collections import UserList
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.utils import Bunch

from tsl.network import Network, OptimizerState
from tsl.persistence.registry import ATTRIBUTES, FUNCTIONS, WORKDAYS, name_of

_SURROGATE = re.compile("[\ud800-\udfff]")


class Writer:
    """Encoder of objects as JSON values, which collects their arrays separately.

    Types that JSON does not support become objects with a key that begins with ``$``, see `tsl.persistence.reading`.

    Attributes
    ----------
    tensors : dict of str to ndarray
        The arrays, by name. An array that occurs twice is stored once.
    """

    def __init__(self) -> None:
        self.tensors: dict[str, NDArray[Any]] = {}
        self._names: dict[Any, str] = {}  # of random states by identity, of arrays by memory address
        self._seen: list[Any] = []  # kept alive, so that no other object gets the same identity

    def encode(self, value: Any, name: str) -> Any:
        """Return `value`, whose path is `name`, as JSON."""
        if isinstance(value, np.generic):
            value = value.item() if value.dtype.kind in "biufU" else value
        if isinstance(value, str) and _SURROGATE.search(value):
            return {"$points": [ord(character) for character in value]}  # JSON would join surrogate pairs
        if value is None or isinstance(value, (bool, int, str)):
            return value
        if isinstance(value, float):
            return value if math.isfinite(value) else {"$float": str(value)}
        if isinstance(value, np.ndarray):
            return self._array(value, name)
        if isinstance(value, dict):
            return self._dict(value, name)
        if isinstance(value, (list, UserList)) or type(value) is tuple:  # scikit-learn 1.6 has its own list type
            items = [self.encode(item, f"{name}[{k}]") for k, item in enumerate(value)]
            return {"$tuple": items} if isinstance(value, tuple) else items
        if isinstance(value, slice):
            return {"$slice": [self.encode(part, name) for part in (value.start, value.stop, value.step)]}
        if isinstance(value, np.random.RandomState):
            return self._random_state(value, name)
        if isinstance(value, (np.dtype, pd.api.extensions.ExtensionDtype)):
            return {"$dtype": _dtype_text(value)}
        if isinstance(value, type) and issubclass(value, np.generic):
            return {"$scalar": np.dtype(value).name}
        if isinstance(value, pd.Index):
            return self._index(value, name)
        if isinstance(value, (pd.Timestamp, pd.Timedelta, pd.Period)):
            return {"$time": self._index(pd.Index([value]), name)}
        if isinstance(value, pd.offsets.BaseOffset):
            return self._offset(value, name)
        if isinstance(value, np.ufunc) and value in FUNCTIONS.values():
            return {"$function": value.__name__}
        if name_of(type(value)) is not None:
            return self._object(value, name)
        raise TypeError(
            f"model cannot be saved: {name} is a {type(value).__name__}, which is not a number, text or array"
        )

    def _dict(self, value: dict[Any, Any], name: str) -> dict[str, Any]:
        if all(isinstance(key, str) and not key.startswith("$") and not _SURROGATE.search(key) for key in value):
            members = self._members(value, name)
            return {"$bunch": members} if isinstance(value, Bunch) else members
        return {"$dict": [[self.encode(key, name), self.encode(one, f"{name}[{key!r}]")] for key, one in value.items()]}

    def _members(self, members: dict[str, Any], name: str) -> dict[str, Any]:
        prefix = f"{name}." if name else ""
        return {key: self.encode(value, prefix + key) for key, value in members.items()}

    def _array(self, array: NDArray[Any], name: str) -> dict[str, Any]:
        if array.dtype == object:
            if array.ndim != 1:
                raise TypeError(f"model cannot be saved: {name} is an array of objects of {array.ndim} dimensions")
            return {"$objects": [self.encode(item, f"{name}[{k}]") for k, item in enumerate(array)]}
        if array.dtype.kind == "U":  # as code points: safetensors has no strings
            points = np.ascontiguousarray(array, array.dtype.newbyteorder("=")).view(np.uint32)
            return {"$array": self._put(points.reshape(*array.shape, -1), array, name), "text": True}
        if array.dtype.kind in "mM":
            return {"$array": self._put(array.view(np.int64), array, name), "times": array.dtype.str}
        if array.dtype.kind not in "biuf":
            raise TypeError(f"model cannot be saved: {name} is an array of {array.dtype}, not of numbers or text")
        return {"$array": self._put(array, array, name)}

    def _put(self, numbers: NDArray[Any], array: NDArray[Any], name: str) -> str:
        """Return the name of the tensor of an array, storing it unless that was done before."""
        memory = (array.ctypes.data, array.shape, array.strides, array.dtype.str)
        if memory not in self._names:
            self._seen.append(array)
            self._names[memory] = name
            self.tensors[name] = np.ascontiguousarray(numbers, numbers.dtype.newbyteorder("=")).reshape(numbers.shape)
        return self._names[memory]

    def _index(self, index: pd.Index, name: str) -> dict[str, Any]:
        if isinstance(index, pd.MultiIndex):
            raise TypeError(f"model cannot be saved: {name} has an index of several levels")
        stored = {"dtype": _dtype_text(index.dtype), "name": self.encode(index.name, name)}
        if isinstance(index, (pd.DatetimeIndex, pd.TimedeltaIndex, pd.PeriodIndex)):
            return {"$index": self._array(index.asi8, name), **stored}
        return {"$index": self.encode(index.to_numpy(), name), **stored}

    def _offset(self, offset: pd.offsets.BaseOffset, name: str) -> dict[str, Any]:
        if type(offset) in WORKDAYS.values() and not offset.normalize and not offset.offset:
            days = [str(day) for day in offset.holidays]
            return {"$workdays": offset.weekmask, "holidays": days, "n": offset.n, "kind": type(offset).__name__}
        whole = all(isinstance(value, int) for value in offset.kwds.values())
        if type(offset) is pd.DateOffset and not offset.normalize and whole:
            return {"$date_offset": dict(offset.kwds), "n": offset.n}
        try:
            is_said = pd.tseries.frequencies.to_offset(offset.freqstr) == offset
        except ValueError:
            is_said = False
        if not is_said:
            raise TypeError(f"model cannot be saved: {name} is {offset!r}, which is more than {offset.freqstr!r} says")
        return {"$offset": offset.freqstr}

    def _random_state(self, random_state: np.random.RandomState, name: str) -> dict[str, Any]:
        if id(random_state) in self._names:  # shared random states remain shared
            return {"$same": self._names[id(random_state)]}
        state = random_state.get_state(legacy=False)
        if state["bit_generator"] != "MT19937":
            raise TypeError(f"model cannot be saved: {name} draws from {state['bit_generator']}, not from MT19937")
        self._seen.append(random_state)
        self._names[id(random_state)] = name
        return {"$random_state": self._members(state, name), "name": name}

    def _object(self, value: Any, name: str) -> dict[str, Any]:
        stored: dict[str, Any] = {"$class": name_of(type(value))}
        if isinstance(value, tuple):
            return stored | {"state": self._members(value._asdict(), name)}  # type: ignore[attr-defined]
        if isinstance(value, Network):
            return stored | {"state": self._network(value, name)}
        members = dict(value.__getstate__() if type(value).__module__.startswith("sklearn.") else vars(value))
        in_file = {attribute: key for key, attribute in ATTRIBUTES.get(stored["$class"], {}).items()}
        members = {
            in_file.get(key, key): member
            for key, member in members.items()
            if "callback" not in key and key != "memory"
        }
        if isinstance(value, BaseEstimator):
            parameters = {key: members.pop(key) for key in value.get_params(deep=False) if key in members}
            stored["parameters"] = self._members(parameters, name)
        network, moments = members.get("network_"), members.get("_optimizer_state")
        if isinstance(network, Network) and isinstance(moments, OptimizerState):
            named: dict[str, Any] = {key: network.named(getattr(moments, key)) for key in ("mean", "mean_sq")}
            members["_optimizer_state"] = replace(moments, **named)
        return stored | {"state": self._members(members, name)}

    def _network(self, network: Network, name: str) -> dict[str, Any]:
        """Encode a network with one tensor per parameter."""
        state = network.__getstate__() | {"params": self._members(network.named(), name)}
        return {key: member if key == "params" else self.encode(member, name) for key, member in state.items()}


def _dtype_text(dtype: Any) -> str:
    """Return the name of a dtype, with distinct names for pandas' string dtypes, whose own names coincide."""
    if isinstance(dtype, pd.StringDtype):
        return f"string[{dtype.storage}]" if getattr(dtype, "na_value", pd.NA) is pd.NA else "str"
    return "utf8[pyarrow]" if isinstance(dtype, pd.ArrowDtype) and str(dtype) == "string[pyarrow]" else str(dtype)
