"""Checkpoints of fits: fingerprints, and training runs in their order."""

import numpy as np
import pytest

from tsl.training.checkpoint import Checkpoint, fingerprint, put_into


@pytest.mark.parametrize(
    "other", [np.zeros(3), np.zeros(4, np.float32), np.zeros((1, 4)), np.ones(4), ["0"], [0, 0], None, {"a": 0.0}]
)
def test_fingerprints_tell_arrays_apart(other):
    assert fingerprint(np.zeros(4)) != fingerprint(other)
    assert fingerprint(other) == fingerprint(other)


class Store:
    """What was written last."""

    tree = None

    def begin(self, *about, seed=0, seconds=0.0):
        checkpoint = Checkpoint("fit.tsl", self.tree, lambda tree: setattr(self, "tree", tree), seconds)
        random_state = np.random.RandomState(seed)
        checkpoint.begin(random_state, *about, seeded=True)
        return checkpoint, random_state


def test_trainings_are_found_again_in_their_order():
    store = Store()
    checkpoint, _ = store.begin("fit")
    for name, state in [("first", {"step": 1}), ("second", {"step": 2})]:
        assert checkpoint.open(name) is None
        checkpoint.keep(state)
    again, _ = store.begin("fit")
    assert again.open("first") == {"step": 1}
    assert again.open("second") == {"step": 2}
    assert again.open("third") is None


def test_a_fit_begins_again_with_its_random_state():
    store = Store()
    _, random_state = store.begin("fit")
    drawn = random_state.random()
    _, random_state = store.begin("fit")
    assert random_state.random() == drawn


def test_another_fit_or_training_is_refused():
    store = Store()
    checkpoint, _ = store.begin("fit")
    checkpoint.open("first")
    checkpoint.keep({})
    with pytest.raises(ValueError, match=r"fit\.tsl belongs to another fit"):
        store.begin("other")
    with pytest.raises(ValueError, match=r"fit\.tsl belongs to another fit"):
        store.begin("fit")[0].open("second")


def test_the_clock_is_read_as_it_was_read_first():
    store = Store()
    checkpoint, _ = store.begin("fit")
    assert [checkpoint.clock_reading(seconds) for seconds in (1.0, 3.0)] == [1.0, 3.0]
    checkpoint.write()
    checkpoint.freeze()
    assert checkpoint.clock_reading(4.0) == 4.0
    again, _ = store.begin("fit")
    assert [again.clock_reading(seconds) for seconds in (7.0, 8.0, 9.0)] == [1.0, 3.0, 9.0]


def test_a_frozen_checkpoint_stays_as_it_is():
    store = Store()
    checkpoint, _ = store.begin("fit")
    checkpoint.open("first")
    checkpoint.freeze()
    checkpoint.keep({"step": 1})
    checkpoint.write()
    assert store.tree["trainings"] == []
    assert not checkpoint.due


def test_damage_is_named():
    store = Store()
    store.begin("fit")
    del store.tree["trainings"]
    with pytest.raises(ValueError, match=r"fit\.tsl is damaged, or from another version of tsl: KeyError"):
        store.begin("fit")


def test_an_array_of_another_shape_or_type_is_not_copied():
    array = np.zeros(3)
    put_into(array, np.arange(3.0))
    assert array.tolist() == [0, 1, 2]
    for other in (np.zeros(4), np.zeros(3, np.float32)):
        with pytest.raises(ValueError, match="instead of float64"):
            put_into(array, other)
