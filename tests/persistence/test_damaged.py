"""Damaged and foreign files are refused."""

import numpy as np
import pytest
from forged_files import forge, forge_changed, stored
from safetensors.numpy import save_file
from saved_models import fitted

from tsl import LSTMRegressor
from tsl.persistence import load, save


def test_every_truncated_file_is_refused(path):
    save(fitted(hidden_size=2), path)
    content = path.read_bytes()
    places = [*range(0, 200, 9), *range(200, len(content), len(content) // 30), len(content) - 1]
    for size in places:
        path.write_bytes(content[:size])
        with pytest.raises(ValueError, match="is not a tsl file, or is damaged"):
            load(path)


def test_every_flipped_bit_is_found(path):
    save(fitted(hidden_size=2), path)
    content = path.read_bytes()
    for place in [*range(0, 300, 7), *range(300, len(content), len(content) // 150)]:
        changed = bytearray(content)
        changed[place] ^= 1 << place % 8
        path.write_bytes(changed)
        with pytest.raises(ValueError, match=r"model\.tsl"):
            load(path)


def test_a_checkpoint_is_no_model(path):
    LSTMRegressor(hidden_size=2, max_iter=1).fit(np.zeros((4, 3)), np.arange(4.0), checkpoint=path)
    with pytest.raises(ValueError, match="holds no model, but a checkpoint"):
        load(path)
    save(fitted(), path)
    with pytest.raises(ValueError, match="holds no checkpoint, but a model"):
        LSTMRegressor(hidden_size=2, max_iter=1).fit(np.zeros((4, 3)), np.arange(4.0), checkpoint=path)


def infinite_weights(tree, tensors):
    tensors["network_.head.w_out"][0] = np.inf


@pytest.mark.parametrize(
    "content",
    [b"", b"to be or not to be\n", b"\x80\x04\x95" + b"\0" * 90, np.random.RandomState(0).bytes(5000)],
    ids=["empty", "text", "pickle", "noise"],
)
def test_foreign_files_are_refused(path, content):
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"model\.tsl is not a tsl file, or is damaged"):
        load(path)


def test_tensors_of_others_are_refused(path):
    save_file({"weights": np.zeros(3)}, path)
    with pytest.raises(ValueError, match="holds tensors, but no model"):
        load(path)


def test_another_version_is_refused(path):
    save(fitted(), path)
    tensors, metadata = stored(path)
    for version, written_by, needed in [
        ("3", '{"tsl": "7.1.0", "numpy": "3.0"}', "it needs tsl 7.1.0 or a later version"),
        ("3", '{"tsl": "7.1\\nrm", "numpy": "3.0"}', "it needs a newer version of tsl"),
        ("12", "", "it needs a newer version of tsl"),
        ("0", metadata["written_by"], "no version of tsl has written that"),
        ("", metadata["written_by"], "no version of tsl has written that"),
        ("9" * 90, metadata["written_by"], "no version of tsl has written that"),
    ]:
        save_file(tensors, path, metadata | {"format_version": version, "written_by": written_by})
        with pytest.raises(ValueError, match=rf"has format '{version[:15]}.*reads formats up to 2: {needed}$"):
            load(path)


def other_class(tree, tensors):
    tree["$class"] = "Popen"


def other_parameter(tree, tensors):
    tree["parameters"]["colour"] = "red"


def no_network(tree, tensors):
    del tree["state"]["network_"]


def wider_network(tree, tensors):
    tree["state"]["network_"]["state"]["architecture"]["state"]["hidden_sizes"] = {"$tuple": [4096]}


def sizes_of_text(tree, tensors):
    tree["state"]["network_"]["state"]["architecture"]["state"]["hidden_sizes"] = "many"


def larger_vocabulary(tree, tensors):
    tree["state"]["vocabulary_"]["state"]["characters_"] += "\U0010ffff"


def fewer_moments(tree, tensors):
    tensors["_optimizer_state.mean.head.b_out"] = tensors["_optimizer_state.mean.head.b_out"][1:]


def moments_of_one_parameter_gone(tree, tensors):
    del tree["state"]["_optimizer_state"]["state"]["mean_sq"]["lstm_0.w_rec"]


def moments_that_are_no_array(tree, tensors):
    tree["state"]["_optimizer_state"]["state"]["mean"] = 0.0


def other_precision(tree, tensors):
    tensors["network_.lstm_0.bias"] = tensors["network_.lstm_0.bias"].astype(np.float64)


def transposed_weights(tree, tensors):
    tensors["network_.head.w_out"] = np.ascontiguousarray(tensors["network_.head.w_out"].T)


def parameter_gone(tree, tensors):
    del params(tree)["lstm_0.w_in"]


def parameter_too_many(tree, tensors):
    params(tree)["lstm_1.bias"] = {"$array": "network_.lstm_0.bias"}


def parameter_of_no_array(tree, tensors):
    params(tree)["head.b_out"] = [0.0] * len(tensors["network_.head.b_out"])


def params(tree):
    return tree["state"]["network_"]["state"]["params"]


def tensor_gone(tree, tensors):
    del tensors["class_count_"]


@pytest.mark.parametrize(
    "damage",
    [
        other_class,
        other_parameter,
        no_network,
        wider_network,
        sizes_of_text,
        larger_vocabulary,
        fewer_moments,
        moments_of_one_parameter_gone,
        moments_that_are_no_array,
        other_precision,
        transposed_weights,
        parameter_gone,
        parameter_too_many,
        parameter_of_no_array,
        tensor_gone,
        infinite_weights,
    ],
    ids=lambda damage: damage.__name__,
)
def test_what_does_not_fit_together_is_refused(path, damage):
    forge_changed(fitted(), path, damage)
    with pytest.raises(ValueError, match=r"model\.tsl is damaged, or from another version of tsl"):
        load(path)


@pytest.mark.parametrize("model", ["", "{", "[]", "3", "[" * 100_000])
def test_broken_json_is_refused(path, model):
    forge(path, model, {"x": np.zeros(1)})
    with pytest.raises(ValueError, match="is damaged"):
        load(path)
