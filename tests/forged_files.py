"""Forged files: the checksum is right, but the content is not."""

import json

from safetensors import safe_open
from safetensors.numpy import save_file

from tsl import persistence
from tsl.persistence import save


def stored(path):
    """Return the tensors of a file, and its metadata."""
    with safe_open(path, framework="numpy") as file:
        return {name: file.get_tensor(name) for name in file.keys()}, file.metadata()  # noqa: SIM118 (no mapping)


def forge(path, tree, tensors):
    """Write a model file with this content, and a checksum that is right."""
    text = tree if isinstance(tree, str) else json.dumps(tree)
    of_format = {"format": "tsl", "format_version": str(persistence.FORMAT_VERSION)}
    save_file(tensors, path, of_format | {"checksum": persistence.checksum(text, tensors), "model": text})


def forge_changed(model, path, change):
    """Save a model, and change the content of its file, with a checksum that is right."""
    save(model, path)
    tensors, metadata = stored(path)
    tree = json.loads(metadata["model"])
    change(tree, tensors)
    forge(path, tree, tensors)
