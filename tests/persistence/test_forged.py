"""Files made by someone who knows the format: each once led compiled code beyond an array, or executed code."""

import numpy as np
import pytest
from forged_files import forge_changed
from numpy.testing import assert_array_equal
from persistence_kinds import KINDS, SMALL, X, Y

import tsl
from tsl.network import Architecture, Network, Sequences


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.tsl"


def forged(kind, path, change):
    forge_changed(KINDS[kind][0](), path, change)
    return tsl.load(path)


def architecture(tree):
    return tree["state"]["network_"]["state"]["architecture"]["state"]


def with_params(tree, tensors):
    """Weights and moments for the architecture that the file now says there is."""
    said = {name: tuple(v["$tuple"]) if isinstance(v, dict) else v for name, v in architecture(tree).items()}
    for name, array in Network(Architecture(**said)).named().items():
        for path in ("network_", "_optimizer_state.mean", "_optimizer_state.mean_sq"):
            tensors[f"{path}.{name}"] = array.copy()


def reads_rows_beyond(tree, tensors):
    architecture(tree)["segment"] = 1000
    with_params(tree, tensors)


def knows_more_than_there_is(tree, tensors):
    architecture(tree)["n_known"] = 1000


def reads_codes(tree, tensors):
    architecture(tree)["one_hot"] = True
    with_params(tree, tensors)


def reads_static_numbers(tree, tensors):
    architecture(tree)["n_static"] = 1000
    with_params(tree, tensors)


def no_layers(tree, tensors):
    architecture(tree)["hidden_sizes"] = {"$tuple": []}


def true_layers(tree, tensors):
    architecture(tree)["hidden_sizes"] = {"$tuple": [True]}


def many_layers_in_one_tensor(tree, tensors):
    """So a file of a few kilobytes would ask for the memory of a large network."""
    architecture(tree)["hidden_sizes"] = {"$tuple": [3] * 1000}
    architecture(tree)["n_inputs"] = 3
    params = tree["state"]["network_"]["state"]["params"]
    tensors["network_.lstm_0.w_in"] = tensors["network_.lstm_0.w_rec"].copy()
    for name in ("w_in", "w_rec", "bias"):
        params |= {f"lstm_{layer}.{name}": params[f"lstm_0.{name}"] for layer in range(1000)}


def random_state_beyond_its_key(tree, tensors):
    tree["state"]["_random_state"]["$random_state"]["state"]["pos"] = 10**9


def random_state_before_its_key(tree, tensors):
    tree["state"]["_random_state"]["$random_state"]["state"]["pos"] = -(10**9)


def method_replaced(tree, tensors):
    tree["state"]["predict"] = "now"


def object_of_its_own(tree, tensors):
    tree["state"]["__class__"] = {"$dtype": "float32"}


@pytest.mark.parametrize(
    "change",
    [
        reads_rows_beyond,
        knows_more_than_there_is,
        reads_codes,
        reads_static_numbers,
        no_layers,
        true_layers,
        many_layers_in_one_tensor,
        random_state_beyond_its_key,
        random_state_before_its_key,
        method_replaced,
        object_of_its_own,
    ],
    ids=lambda change: change.__name__,
)
def test_a_forged_regressor_is_refused(change, path):
    with pytest.raises(ValueError, match="is damaged, or from another version"):
        forged("regressor", path, change)


def one_label(tree, tensors):
    tensors["labels_"] = tensors["labels_"][:1].copy()


def labels_that_are_numbers_of_floating_point(tree, tensors):
    tree["state"]["labels_"] = {"$array": "class_count_"}
    tensors["class_count_"] = np.array([0.0, 1.0])


def no_labels(tree, tensors):
    tree["state"]["labels_"] = None


def labels_beside_numbers(tree, tensors):
    architecture(tree)["one_hot"] = False


@pytest.mark.parametrize(
    "change",
    [one_label, labels_that_are_numbers_of_floating_point, no_labels, labels_beside_numbers],
    ids=lambda change: change.__name__,
)
def test_a_forged_model_of_labelled_texts_is_refused(change, path):
    with pytest.raises(ValueError, match="is damaged, or from another version"):
        forged("text with labels", path, change)


def test_segments_longer_than_all_rows_read_zeros(path):
    def change(tree, tensors):
        reads_rows_beyond(tree, tensors)
        tensors["network_.lstm_0.w_in"][:] = tensors["network_.head.w_out"][:, 1:] = 0.1

    model = forged("labels", path, change)
    together = model.predict_proba(X)  # where other windows lie beyond
    assert_array_equal([model.predict_proba(window[None])[0] for window in X], together)
    assert np.ptp(together[:, 0]) > 0


def fewer_columns(state):
    state["_n_features_outs"] = [1, 2]


def categories_in_no_order(state):
    state["categories_"] = [{"$objects": []}, {"$objects": ["x", "y"]}]


def rare_ones_elsewhere(state):
    state["_default_to_infrequent_mappings"] = [{"$tuple": [0, 9, 9]}, None]


def dropped_before_the_first(state):
    state["_drop_idx_after_grouping"] = {"$objects": [-1, None]}


@pytest.mark.parametrize(
    "change",
    [fewer_columns, categories_in_no_order, rare_ones_elsewhere, dropped_before_the_first],
    ids=lambda change: change.__name__,
)
def test_a_forged_encoder_is_refused(change, path):
    with pytest.raises(ValueError, match="is damaged, or from another version"):
        forged("rare and unknown kinds", path, lambda tree, tensors: change(tree["state"]))


def test_text_that_is_none_is_refused(path):
    def change(tree, tensors):
        tensors["classes_"] = np.full((2, 4), np.nan, np.float32)

    with pytest.raises(ValueError, match="is damaged, or from another version"):
        forged("labels", path, change)


def test_no_folder_of_pickles_is_opened(path):
    def change(tree, tensors):
        tree["parameters"]["memory"] = "/somewhere"

    with pytest.raises(ValueError, match="is damaged, or from another version"):
        forged("pipeline", path, change)


@pytest.mark.parametrize("name", ["os.system", "eval", "load", "frompyfunc", 3])
def test_functions_are_of_a_fixed_list(name, path):
    def change(tree, tensors):
        tree["parameters"]["func"] = {"$function": name}

    with pytest.raises(ValueError, match="is damaged, or from another version"):
        forged("logarithm of the target", path, change)


@pytest.mark.parametrize(("starts", "lengths"), [([0, 5], [3, 3]), ([-1, 0], [2, 2]), ([0, 1], [3, 0])])
def test_windows_beyond_the_rows_are_refused(starts, lengths):
    network = Network(Architecture(1, (2,), 1))
    sequences = Sequences(np.zeros((7, 1), np.float32), np.array(starts), np.array(lengths))
    for read in (network.forward, network.states):
        with pytest.raises(ValueError, match="windows must lie within the 7 rows"):
            read(sequences)


def test_a_parameter_that_was_changed_after_fit_does_not_keep_a_model_from_being_read(path):
    model = tsl.LSTMRegressor(**SMALL).fit(X, Y).set_params(hidden_size=50, loss="quantile", quantiles=[0.1, 0.9])
    tsl.save(model, path)
    assert tsl.load(path).get_params() == model.get_params()
