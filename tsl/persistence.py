"""Fitted models in files: one safetensors file each, which holds numbers and JSON and runs no code when it is read.

Arrays (weights, moments of the optimiser, counts, the random state) are its tensors, named by where they belong, such
as ``network_.params``. All else is one JSON text in its metadata: the name of the class, constructor parameters,
vocabulary, history, architecture.
"""

from __future__ import annotations

import glob
import json
import math
import os
import uuid
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save as to_safetensors
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from tsl.network import Network

__all__ = ["load", "read_tree", "save", "write_tree"]

FORMAT_VERSION = "1"
# What a file that was tampered with can bring about.
_DAMAGE = (AttributeError, KeyError, TypeError, ValueError, OverflowError, MemoryError, RecursionError)
# Class -> the public module that has it. Nothing else is ever built from a file. Layers above this one are named
# here rather than imported, and loaded when a file asks for them.
MODELS = {"LSTMCharModel": "tsl.char_model"}
PARTS = {
    "Architecture": "tsl.network",
    "CharVocabulary": "tsl.text",
    "History": "tsl.training",
    "Network": "tsl.network",
    "OptimizerState": "tsl.network",
}


def save(model: Any, path: str | os.PathLike[str]) -> None:
    """Write a fitted model to a file.

    Parameters
    ----------
    model : LSTMCharModel
        A fitted one. Its `callbacks` are functions, and stay behind.
    path : str or path-like
        Where to. A file that is there is replaced once the new one is complete; none is ever half-written.

    Raises
    ------
    TypeError
        If `model` is of another class, or holds something that is no number, text or array.
    sklearn.exceptions.NotFittedError
        If it has not been fitted; a ValueError too.
    OSError
        If the file cannot be written, or `path` is not that of a file.

    See Also
    --------
    load : Read it back.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from tsl import LSTMCharModel
    >>> from tsl.persistence import load, save
    >>> model = LSTMCharModel(hidden_size=16, max_iter=40, random_state=0).fit("tick tock " * 50)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder) / "clock.tsl"
    ...     save(model, path)
    ...     load(path).generate("tick ", length=9, temperature=0)
    'tock tick'
    """
    if type(model).__name__ not in MODELS or not isinstance(model, _class(type(model).__name__)):
        raise TypeError(f"model must be a fitted {' or '.join(MODELS)}, got {type(model).__name__}")
    check_is_fitted(model)
    write_tree(path, model, "model")


def load(path: str | os.PathLike[str]) -> Any:
    """Read a model that `save` wrote.

    It predicts bit for bit as the saved one does on the same kind of processor, and goes on training (`partial_fit`,
    or `fit` with `warm_start`) as that one would.

    Parameters
    ----------
    path : str or path-like
        The file.

    Returns
    -------
    model : LSTMCharModel
        The fitted model, without `callbacks`.

    Raises
    ------
    ValueError
        If the file is none of `save`'s, is damaged, or was written by another version that stores models otherwise.
    OSError
        If there is no such file, or it cannot be read.

    See Also
    --------
    save : Write one.

    Notes
    -----
    Reading a file runs no code from it, so that files of strangers may be read.
    """
    model = read_tree(path, "model")
    try:
        _check_model(model)
    except _DAMAGE as error:
        raise ValueError(f"{path} is damaged, or of another version of tsl: {error!r}") from None
    return model


def write_tree(path: str | os.PathLike[str], tree: Any, kind: str) -> None:
    """Write dicts, lists, numbers, strings, arrays and the classes known here to a file of this kind."""
    writer = _Writer()
    text = json.dumps(writer.encode(tree, ""), allow_nan=False)
    replace_file(path, to_safetensors(writer.tensors, {"format": "tsl", "format_version": FORMAT_VERSION, kind: text}))


def read_tree(path: str | os.PathLike[str], kind: str) -> Any:
    """Read what `write_tree` wrote; a ValueError where it is damaged or no file of this kind."""
    with open(path, "rb"):  # the usual errors for a file that is missing, a folder, or not to be read
        pass
    try:
        with safe_open(os.fspath(path), framework="numpy") as file:
            metadata = file.metadata() or {}
            tensors = {name: np.array(file.get_tensor(name)) for name in file.keys()}  # noqa: SIM118 (no mapping)
    except (SafetensorError, OSError, TypeError) as error:
        raise ValueError(f"{path} is not a file of tsl's, or is damaged: {error}") from None
    if metadata.get("format") != "tsl":
        raise ValueError(f"{path} is not a file of tsl's: it holds tensors, but no {kind}")
    if metadata.get("format_version") != FORMAT_VERSION:
        raise ValueError(
            f"{path} has format {metadata.get('format_version')!r}, which this version of tsl does not know: it reads "
            f"{FORMAT_VERSION!r}"
        )
    if kind not in metadata:
        raise ValueError(f"{path} is no {kind}")
    try:
        return _Reader(tensors).decode(json.loads(metadata[kind]))
    except _DAMAGE as error:
        raise ValueError(f"{path} is damaged, or of another version of tsl: {error!r}") from None


def replace_file(path: str | os.PathLike[str], content: bytes) -> None:
    """Write a file as a whole: whatever happens meanwhile, the old content or the new one is there."""
    target = Path(os.path.realpath(path))  # a link stays one
    if target.exists() and not target.is_file():
        raise OSError(f"{path} is there and is not a file: a model cannot be written to it")
    if not target.parent.is_dir():
        raise OSError(f"there is no folder {Path(path).parent} to write {target.name} to")
    draft = target.with_name(f".{target.name}.{uuid.uuid4().hex[:8]}")
    try:
        with draft.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)


def discard_drafts(path: str | os.PathLike[str]) -> None:
    """Delete what `replace_file` has left beside a file where the process was killed while it wrote."""
    target = Path(os.path.realpath(path))
    for draft in target.parent.glob(f".{glob.escape(target.name)}.{'[0-9a-f]' * 8}"):
        draft.unlink(missing_ok=True)


# --- to JSON and tensors ----------------------------------------------------------------------------------------------


class _Writer:
    """Turns objects into what JSON knows, and puts their arrays aside.

    What JSON does not know is an object with a key that begins with ``$``: ``$tuple``, ``$float`` (one that is not
    finite), ``$array`` (the name of a tensor), ``$texts`` (an array of Python strings), ``$random_state``, ``$same``
    (as what was written under that name) and ``$class``.

    Attributes
    ----------
    tensors : dict of str to ndarray
        The arrays, by name.
    """

    def __init__(self) -> None:
        self.tensors: dict[str, NDArray[Any]] = {}
        self._random_states: dict[int, str] = {}

    def encode(self, value: Any, name: str) -> Any:
        """What stands for `value`, which is found under `name`."""
        if isinstance(value, np.generic):
            value = value.item()
        if value is None or isinstance(value, (bool, int, str)):
            return value
        if isinstance(value, float):
            return value if math.isfinite(value) else {"$float": str(value)}
        if isinstance(value, np.ndarray):
            return self._array(value, name)
        if isinstance(value, (list, tuple)):
            items = [self.encode(item, f"{name}[{k}]") for k, item in enumerate(value)]
            return {"$tuple": items} if isinstance(value, tuple) else items
        if isinstance(value, dict) and all(isinstance(key, str) and not key.startswith("$") for key in value):
            return self._members(value, name)
        if isinstance(value, np.random.RandomState):
            return self._random_state(value, name)
        if type(value).__name__ in MODELS | PARTS:
            return self._object(value, name)
        raise TypeError(f"model cannot be saved: {name} is a {type(value).__name__}, which is no number, text or array")

    def _members(self, members: dict[str, Any], name: str) -> dict[str, Any]:
        prefix = f"{name}." if name else ""
        return {key: self.encode(value, prefix + key) for key, value in members.items()}

    def _array(self, array: NDArray[Any], name: str) -> dict[str, Any]:
        if array.dtype.kind == "U":  # code points: safetensors has no text
            points = np.ascontiguousarray(array, array.dtype.newbyteorder("=")).view(np.uint32)
            self.tensors[name] = points.reshape(*array.shape, -1)
            return {"$array": name, "text": True}
        if array.dtype == object and array.ndim == 1 and all(isinstance(item, str) for item in array):
            return {"$texts": array.tolist()}
        if array.dtype.kind not in "biuf":
            kind = "objects" if array.dtype == object else array.dtype
            raise TypeError(f"model cannot be saved: {name} is an array of {kind}, not of numbers or text")
        self.tensors[name] = np.ascontiguousarray(array)
        return {"$array": name}

    def _random_state(self, random_state: np.random.RandomState, name: str) -> dict[str, Any]:
        if id(random_state) in self._random_states:  # what draws for two must go on doing so
            return {"$same": self._random_states[id(random_state)]}
        state = random_state.get_state(legacy=False)
        if state["bit_generator"] != "MT19937":
            raise TypeError(f"model cannot be saved: {name} draws from {state['bit_generator']}, not from MT19937")
        self._random_states[id(random_state)] = name
        return {"$random_state": self._members(state, name), "name": name}

    def _object(self, value: Any, name: str) -> dict[str, Any]:
        members = value.__getstate__() if isinstance(value, Network) else vars(value)
        members = {key: member for key, member in members.items() if "callback" not in key}
        if isinstance(value, Network):
            members["dtype"] = members["dtype"].name
        stored: dict[str, Any] = {"$class": type(value).__name__}
        if isinstance(value, BaseEstimator):
            parameters = {key: members.pop(key) for key in value.get_params(deep=False) if key in members}
            stored["parameters"] = self._members(parameters, name)
        return stored | {"state": self._members(members, name)}


# --- and back ---------------------------------------------------------------------------------------------------------


class _Reader:
    """Turns what `_Writer` made back into objects."""

    def __init__(self, tensors: dict[str, NDArray[Any]]) -> None:
        self._tensors = tensors
        self._random_states: dict[str, np.random.RandomState] = {}

    def decode(self, stored: Any) -> Any:
        """What `stored` stands for."""
        if isinstance(stored, list):
            return [self.decode(item) for item in stored]
        if not isinstance(stored, dict):
            return stored
        if "$class" in stored:
            return self._object(stored)
        if "$array" in stored:
            array = self._tensors[stored["$array"]]
            return array.view(f"<U{array.shape[-1]}")[..., 0] if stored.get("text") else array
        if "$texts" in stored:
            return np.array(stored["$texts"], dtype=object)
        if "$tuple" in stored:
            return tuple(self.decode(stored["$tuple"]))
        if "$float" in stored:
            return float(stored["$float"])
        if "$random_state" in stored:
            random_state = self._random_states[stored["name"]] = np.random.RandomState()
            random_state.set_state(self.decode(stored["$random_state"]))
            return random_state
        if "$same" in stored:
            return self._random_states[stored["$same"]]
        return {key: self.decode(value) for key, value in stored.items()}

    def _object(self, stored: dict[str, Any]) -> Any:
        kind = _class(stored["$class"])
        parameters = self.decode(stored.get("parameters", {}))  # first, as they were written: see `$same`
        state = self.decode(stored["state"])
        if kind is Network:
            return _network(**state)
        if not issubclass(kind, BaseEstimator):
            return kind(**state)
        built = kind(**parameters)
        vars(built).update(state)
        return built


def _class(name: str) -> Any:
    return getattr(import_module((MODELS | PARTS)[name]), name)


def _network(architecture: Any, dtype: str, params: NDArray[Any]) -> Network:
    network = Network(architecture, dtype=dtype)
    _check_like(params, network.params, "params")
    network.params = params
    return network


def _check_model(model: Any) -> None:
    """Refuse what the compiled code, which checks no bounds, would read beyond."""
    network, size = model.network_, len(model.vocabulary_)
    architecture, moments = network.architecture, model._optimizer_state
    _check_like(moments.mean, network.params, "mean")
    _check_like(moments.mean_sq, network.params, "mean_sq")
    sizes = {architecture.n_outputs, len(model.classes_), len(model.class_count_)}
    if architecture.one_hot:
        sizes.add(architecture.n_inputs)
    if sizes != {size}:
        raise ValueError(f"a vocabulary of {size} does not go with {sorted(sizes)}")


def _check_like(array: NDArray[Any], pattern: NDArray[Any], name: str) -> None:
    if array.shape != pattern.shape or array.dtype != pattern.dtype:
        raise ValueError(
            f"{name} must be {pattern.dtype} of shape {pattern.shape}, got {array.dtype} of shape {array.shape}"
        )
