"""Fitted estimators as folders for the Hugging Face Hub: the model, its card and its configuration."""

from __future__ import annotations

import hashlib
import json
import os
import re
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from tsl._version import __version__
from tsl.interop._model_card import EXTRA, model_card
from tsl.persistence import FORMAT_VERSION, load, save
from tsl.persistence.atomic import replace_file

MODEL, CARD, CONFIG = "model.tsl", "README.md", "config.json"
_REPO_ID = re.compile(r"[\w.-]+/[\w.-]+", flags=re.ASCII)


def save_pretrained(
    estimator: Any,
    folder: str | os.PathLike[str],
    *,
    repo_id: str | None = None,
    license: str | None = None,
    tags: Sequence[str] = (),
    card: Literal["keep", "replace"] | None = None,
) -> None:
    """Write a fitted estimator to a folder that the Hugging Face Hub understands.

    The folder then contains ``model.tsl``, written by `tsl.save`; ``README.md``, the model card; and ``config.json``,
    with which the Hub counts downloads. These files are replaced together, once all of them are complete; other files
    are not touched. Nothing is uploaded.

    Parameters
    ----------
    estimator : estimator
        An estimator that `tsl.save` supports.
    folder : path-like
        The folder; it is created if it does not exist.
    repo_id : str, optional
        The repository that the folder will be uploaded to, such as ``"ada/tides"``, for the loading instructions in the
        card. Default: the name of the folder with a placeholder for the owner.
    license : str, optional
        The licence of the model, by its identifier on the Hub, such as ``"mit"``.
    tags : sequence of str, default=()
        Tags to find the model by, in addition to ``tsl`` and ``lstm``.
    card : {"keep", "replace"}, optional
        What to do with an existing ``README.md`` that has changed since `save_pretrained` wrote it. By default it is an
        error, and nothing is written. ``"keep"`` keeps any existing ``README.md`` unchanged.

    Raises
    ------
    TypeError
        If `estimator` cannot be saved, or `license`, `repo_id` or `tags` has the wrong type.
    sklearn.exceptions.NotFittedError
        If `estimator` is not fitted.
    ValueError
        If `repo_id` or `card` is invalid, or if `card` is needed because of an existing ``README.md``.
    OSError
        If the folder or a file cannot be written.

    See Also
    --------
    from_pretrained : Load a model from such a folder, or from the Hub.

    Notes
    -----
    **The file of a forecaster contains the series that it was fitted on,** because forecasts continue from them, and
    that of `SlidingWindow` the last rows. Anyone who can download the model can read them. The card contains only
    column names and numbers of rows.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from tsl import LSTMCharModel
    >>> from tsl.interop import from_pretrained, save_pretrained
    >>> model = LSTMCharModel(hidden_size=16, max_iter=40, random_state=0).fit("tick tock " * 50)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_pretrained(model, folder, repo_id="ada/clock", license="mit")
    ...     sorted(path.name for path in pathlib.Path(folder).iterdir())
    ...     from_pretrained(folder).generate("tick ", length=9, temperature=0)
    ['README.md', 'config.json', 'model.tsl']
    'tock tick'
    """
    _check_arguments(repo_id, license, tags, card)
    folder = Path(folder)
    keep = _keeps_card(folder, card)
    is_new = not folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with tempfile.TemporaryDirectory(prefix=".save_pretrained-", dir=folder) as drafts:
            save(estimator, Path(drafts, MODEL))
            name = folder.resolve().name or "model"
            text = model_card(estimator, repo_id or f"OWNER/{name}", license, tags).encode()
            replace_file(Path(drafts, CARD), text)
            written = _written_checksum(folder / CONFIG) if keep else _checksum(text)
            replace_file(Path(drafts, CONFIG), _config(estimator, written))
            for file in (MODEL, CONFIG) if keep else (MODEL, CONFIG, CARD):
                Path(drafts, file).replace(folder / file)
    except BaseException:
        if is_new and not any(folder.iterdir()):
            folder.rmdir()
        raise


def from_pretrained(source: str | os.PathLike[str], *, revision: str | None = None) -> Any:
    """Load a model from a folder of `save_pretrained`, or from the Hugging Face Hub.

    Parameters
    ----------
    source : path-like or str
        A folder, or, if there is no such folder, a repository on the Hub: ``"owner/name"``. The latter needs the
        package huggingface_hub, which caches downloads and uses the user's token, if there is one.
    revision : str, optional
        Branch, tag or commit of the repository. Default: the newest commit of its main branch.

    Returns
    -------
    model : estimator
        The fitted estimator, as `tsl.load` returns it.

    Raises
    ------
    ImportError
        If `source` is a repository and huggingface_hub is not installed.
    FileNotFoundError
        If the folder or repository does not exist, or has no ``model.tsl``.
    OSError
        If the Hub cannot be reached and the repository was not downloaded before, or the file cannot be read.
    TypeError
        If `source` is neither a path nor a str.
    ValueError
        If `revision` is given for a folder, or the file is damaged or was written by a newer version.

    See Also
    --------
    save_pretrained : Write such a folder.

    Notes
    -----
    Reading a model does not run any code from it, so it is safe to load other people's models.

    Examples
    --------
    >>> from tsl.interop import from_pretrained
    >>> model = from_pretrained("ada/tides", revision="v1")  # doctest: +SKIP
    """
    if not isinstance(source, str | os.PathLike):
        raise TypeError(f"source must be a folder or the name of a repository, got {source!r}")
    folder = Path(source)
    if not folder.exists():
        folder = _download(source, revision)
    elif revision is not None:
        raise ValueError(f"revision must be None if source is a folder, got {revision!r}")
    if not (folder / MODEL).is_file():
        given = os.fspath(source)
        raise FileNotFoundError(f"source must be a folder or repository that has a file {MODEL}, got {given!r}")
    return load(folder / MODEL)


def _download(source: str | os.PathLike[str], revision: str | None) -> Path:
    """Download a repository, and return its folder."""
    if not isinstance(source, str) or not _REPO_ID.fullmatch(source):
        given = os.fspath(source)
        raise FileNotFoundError(f"source must be a folder, or a repository as in 'owner/name', got {given!r}")
    try:
        from huggingface_hub import snapshot_download
        from huggingface_hub.errors import HFValidationError, RepositoryNotFoundError, RevisionNotFoundError
    except ImportError:
        raise ImportError(f"there is no folder {source!r}, and a repository needs huggingface_hub: {EXTRA}") from None
    try:
        # the configuration too, since the Hub counts requests for it
        return Path(snapshot_download(source, revision=revision, allow_patterns=[MODEL, CONFIG]))
    except RevisionNotFoundError as error:
        raise FileNotFoundError(f"revision must be one of {source!r} on the Hub, got {revision!r}") from error
    except (HFValidationError, RepositoryNotFoundError) as error:
        raise FileNotFoundError(
            f"source must be a folder, or a repository of the Hub that you may read, got {source!r}: {error}"
        ) from error


def _check_arguments(repo_id: Any, license: Any, tags: Any, card: Any) -> None:
    for name, value in (("repo_id", repo_id), ("license", license)):
        if value is not None and not isinstance(value, str):
            raise TypeError(f"{name} must be a str or None, got {value!r}")
    if repo_id is not None and not _REPO_ID.fullmatch(repo_id):
        raise ValueError(f"repo_id must be the name of a repository as in 'owner/name', got {repo_id!r}")
    if isinstance(tags, str) or not isinstance(tags, Sequence) or not all(isinstance(tag, str) for tag in tags):
        raise TypeError(f"tags must be a list of str, got {tags!r}")
    if card not in ("keep", "replace", None):
        raise ValueError(f"card must be 'keep', 'replace' or None, got {card!r}")


def _keeps_card(folder: Path, card: str | None) -> bool:
    """Return whether to keep an existing card.

    Raises
    ------
    ValueError
        If it was edited and `card` is None.
    """
    path = folder / CARD
    if not path.exists():
        return False
    if card is None and _checksum(path.read_bytes()) != _written_checksum(folder / CONFIG):
        raise ValueError(f"card must be 'keep' or 'replace', as {path} is not as save_pretrained wrote it, got None")
    return card == "keep"


def _written_checksum(config: Path) -> str | None:
    """Return the checksum of the card that was last written to a folder; None if there is none."""
    try:
        return str(json.loads(config.read_bytes())["card_sha256"])
    except (OSError, ValueError, LookupError, TypeError):
        return None


def _config(estimator: Any, card_sha256: str | None) -> bytes:
    config = {
        "library_name": "tsl",
        "model_class": type(estimator).__name__,
        "tsl_version": __version__,
        "format": "tsl",
        "format_version": FORMAT_VERSION,
        "model_file": MODEL,
        "card_sha256": card_sha256,  # to detect an edited card
    }
    return (json.dumps(config, indent=2) + "\n").encode()


def _checksum(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
