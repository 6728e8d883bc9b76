"""Fitted estimators in files: one safetensors file each, with tensors and JSON, which runs no code when read.

Arrays (weights, moments of the optimiser, counts, random states) are its tensors, named by their attributes, such as
``input_scaling_.mean``; each parameter of a network is one tensor, such as ``network_.lstm_0.w_in``. Everything else is
one JSON string in its metadata: class names, constructor parameters, vocabulary, categories, times, history,
architecture.

scikit-learn and the compiled core are imported only when a file is read or written: `tsl.interop.OnnxForecaster`
decodes without them.
"""

from __future__ import annotations

import json
import os
import re
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save as to_safetensors

from tsl._version import __version__
from tsl.persistence.atomic import discard_drafts, replace_file
from tsl.persistence.reading import Reader
from tsl.persistence.registry import MODELS, SKOPS_TRUSTED_TYPES, name_of

__all__ = [
    "SKOPS_TRUSTED_TYPES",
    "discard_drafts",
    "from_plain",
    "load",
    "read_tree",
    "replace_file",
    "save",
    "to_plain",
    "write_tree",
]

FORMAT_VERSION = 2  # in format 1 the parameters of a network were one tensor; both can be read
# The errors that decoding a manipulated file can raise.
_DAMAGE = (ArithmeticError, AttributeError, LookupError, MemoryError, RecursionError, TypeError, ValueError)


def save(model: Any, path: str | os.PathLike[str]) -> None:
    """Write a fitted estimator to a file.

    Parameters
    ----------
    model : estimator
        A fitted estimator or transformer of `tsl`, or a `Pipeline`, `FeatureUnion`, `ColumnTransformer`,
        `TransformedTargetRegressor`, or stacking, voting or bagging estimator of these, of scikit-learn's scalers and
        encoders, and of its simplest linear models. `callbacks`, which are functions, and the `memory` of a pipeline, a
        folder of pickles, are not saved.
    path : str or path-like
        The file. An existing file is replaced once the new one is complete; there is never a partial file.

    Raises
    ------
    TypeError
        If `model` is of another class, or contains something other than numbers, strings and arrays.
    sklearn.exceptions.NotFittedError
        If the model is not fitted; it is also a ValueError.
    OSError
        If the file cannot be written, or `path` is not a file.

    See Also
    --------
    load : Read a model from a file.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from tsl import LSTMCharModel, load, save
    >>> model = LSTMCharModel(hidden_size=16, max_iter=40, random_state=0).fit("tick tock " * 50)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder) / "clock.tsl"
    ...     save(model, path)
    ...     load(path).generate("tick ", length=9, temperature=0)
    'tock tick'
    """
    from sklearn.utils.validation import check_is_fitted

    name = name_of(type(model))
    if name not in MODELS:
        hint = ": save its best_estimator_" if hasattr(model, "best_estimator_") else ""
        raise TypeError(f"model must be an estimator that tsl can save, got {type(model).__name__}{hint}")
    check_is_fitted(model)
    write_tree(path, model, "model")


def load(path: str | os.PathLike[str]) -> Any:
    """Read an estimator from a file written by `save`.

    Its predictions equal those of the saved estimator, bit for bit on the same kind of processor, and it continues
    (`partial_fit`, `update`, `generate`, `fit` with `warm_start`) as that one would.

    Parameters
    ----------
    path : str or path-like
        The file.

    Returns
    -------
    model : estimator
        The fitted estimator, without `callbacks`.

    Raises
    ------
    ValueError
        If the file was not written by `save`, is damaged, or has the format of another version.
    OSError
        If the file does not exist or cannot be read.

    Warns
    -----
    sklearn.exceptions.InconsistentVersionWarning
        If the file contains an estimator of another version of scikit-learn.

    See Also
    --------
    save : Write a model to a file.

    Notes
    -----
    Reading a file does not run any code from it, so files from untrusted sources can be read.
    """
    from sklearn.utils.validation import check_is_fitted

    model = read_tree(path, "model")
    try:
        if name_of(type(model)) not in MODELS:
            raise TypeError(f"{type(model).__name__} is not an estimator")
        check_is_fitted(model)
    except _DAMAGE as error:
        raise ValueError(f"{path} is damaged, or from another version of tsl: {error!r}") from None
    return model


def write_tree(path: str | os.PathLike[str], tree: Any, kind: str) -> None:
    """Write dicts, lists, numbers, strings, arrays and objects of registered classes to a file of this kind."""
    from tsl.persistence.writing import Writer

    writer = Writer()
    text = json.dumps(writer.encode(tree, ""), allow_nan=False)
    metadata = {"format": "tsl", "format_version": str(FORMAT_VERSION), kind: text}
    metadata["written_by"] = json.dumps(_versions())  # informative, also for the error of a reader of older formats
    metadata["checksum"] = checksum(metadata["written_by"] + text, writer.tensors)
    replace_file(path, to_safetensors(writer.tensors, metadata))


def _versions() -> dict[str, str]:
    import sklearn

    modules = (np, pd, sklearn)
    return {"tsl": __version__} | {module.__name__: module.__version__ for module in modules}


def _version_needed(version: str, metadata: dict[str, str]) -> str:
    """Return the advice for a file of an unknown format."""
    if not re.fullmatch("[1-9][0-9]{0,8}", version) or int(version) <= FORMAT_VERSION:
        return "no version of tsl has written that"
    written_by = re.search(r'"tsl": "(\d+\.[\w.+-]{1,20})"', metadata.get("written_by", ""))
    newer = f"tsl {written_by[1]} or a later version" if written_by else "a newer version of tsl"
    return f"it needs {newer}"


def checksum(text: str, tensors: dict[str, NDArray[Any]]) -> str:
    """Return the checksum that detects damaged files; it does not protect against forgery."""
    from tsl.training.checkpoint import fingerprint

    return fingerprint(text, dict(sorted(tensors.items())))


def read_tree(path: str | os.PathLike[str], kind: str) -> Any:
    """Read a tree written by `write_tree`.

    Raises
    ------
    ValueError
        If the file is damaged, newer, or not of this kind.
    OSError
        If it cannot be read.
    """
    with open(path, "rb"):  # raises the usual errors for a missing file, a folder, or an unreadable file
        pass
    try:
        with safe_open(os.fspath(path), framework="numpy") as file:
            metadata = file.metadata() or {}
            tensors = {name: np.array(file.get_tensor(name)) for name in file.keys()}  # noqa: SIM118 (no mapping)
    except (SafetensorError, OSError, *_DAMAGE) as error:
        raise ValueError(f"{path} is not a tsl file, or is damaged: {error}") from None
    if metadata.get("format") != "tsl":
        raise ValueError(f"{path} is not a tsl file: it holds tensors, but no {kind}")
    if (version := metadata.get("format_version", "")) not in map(str, range(1, FORMAT_VERSION + 1)):
        raise ValueError(
            f"{path} has format {version!r:.20}, and this version of tsl ({__version__}) reads formats up to "
            f"{FORMAT_VERSION}: {_version_needed(version, metadata)}"
        )
    if kind not in metadata:
        found = ", ".join(sorted(metadata.keys() - {"format", "format_version", "checksum", "written_by"}))
        raise ValueError(f"{path} holds no {kind}, but a {found}")
    if metadata.get("checksum") != checksum(metadata.get("written_by", "") + metadata[kind], tensors):
        raise ValueError(f"{path} is damaged: its checksum is not that of what it holds")
    try:
        return Reader(tensors).decode(json.loads(metadata[kind]))
    except _DAMAGE as error:
        raise ValueError(f"{path} is damaged, or from another version of tsl: {error!r}") from None


def to_plain(tree: Any) -> dict[str, Any]:
    """Return the contents of a file of `write_tree` as text and arrays, for other file formats.

    Raises
    ------
    TypeError
        If the tree contains something that files cannot.
    """
    from tsl.persistence.writing import Writer

    writer = Writer()
    text = json.dumps(writer.encode(tree, ""), allow_nan=False)
    return {"tree": text, "arrays": writer.tensors}


def from_plain(plain: dict[str, Any]) -> Any:
    """Undo `to_plain`.

    Raises
    ------
    ValueError
        If the data are damaged.
    """
    try:
        return Reader(plain["arrays"]).decode(json.loads(plain["tree"]))
    except _DAMAGE as error:
        raise ValueError(f"a model that is damaged, or from another version of tsl: {error!r}") from None
