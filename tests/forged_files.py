"""Files with everything in order but what they say."""

import json

from safetensors import safe_open
from safetensors.numpy import save_file

from tsl import persistence
from tsl.persistence import save


def stored(path):
    """The tensors of a file, and its metadata."""
    with safe_open(path, framework="numpy") as file:
        return {name: file.get_tensor(name) for name in file.keys()}, file.metadata()  # noqa: SIM118 (no mapping)


def forge(path, tree, tensors):
    """A file with everything in order but what it says."""
    text = tree if isinstance(tree, str) else json.dumps(tree)
    of_format = {"format": "tsl", "format_version": "1", "checksum": persistence.checksum(text, tensors)}
    save_file(tensors, path, of_format | {"model": text})


def forge_changed(model, path, change):
    """Save a model, and change what its file says, with the checksum that then is right."""
    save(model, path)
    tensors, metadata = stored(path)
    tree = json.loads(metadata["model"])
    change(tree, tensors)
    forge(path, tree, tensors)
