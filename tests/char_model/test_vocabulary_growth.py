"""`unknown="grow"`: characters that `partial_fit` adds to the vocabulary."""

import copy

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from text_models import FRENCH, QUESTION

from tsl import LSTMCharModel

SMALL = {"hidden_size": 16, "max_iter": 8, "random_state": 0, "n_threads": 1}
ENCODINGS = ["embedding", "onehot"]


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_new_characters_are_added_and_learned(encoding):
    model = LSTMCharModel(**SMALL, unknown="grow", encoding=encoding).fit(QUESTION)
    contexts, old = ["to b", "the qu"], model.classes_
    before = model.predict_proba(contexts)
    counts = dict(zip(old, model.class_count_))
    with pytest.raises(ValueError, match="grown"):
        model.score("être")

    grown = copy.deepcopy(model)
    grown._prepare_network(grown.vocabulary_.grown("êàz"), 0, resume=True)  # as partial_fit does before it trains
    kept = np.isin(grown.classes_, old)
    assert_array_equal(grown.classes_[~kept], ["z", "à", "ê"])
    # the old ones make room for the new ones, but keep their ratios; float32 has 7 digits
    after = grown.predict_proba(contexts)
    assert_allclose(after[:, kept] / after[:, kept].sum(axis=1, keepdims=True), before, rtol=1e-5)
    assert 0 < after[:, ~kept].sum() < 0.3
    assert dict(zip(grown.classes_[kept], grown.class_count_[kept])) == counts
    assert grown.class_count_[~kept].sum() == 0

    for _ in range(25):
        model.partial_fit(FRENCH)
    assert_array_equal(model.classes_, sorted(set(QUESTION + FRENCH)))
    assert model.score(FRENCH) > -1.2  # 2.6 nats for how often characters come
    assert model._optimizer_state.mean.size == model.network_.params.size


def test_growing_with_nothing_new_changes_nothing():
    model, twin = (LSTMCharModel(**SMALL, unknown=unknown).fit(QUESTION) for unknown in ("grow", "error"))
    assert_array_equal(
        model.partial_fit(QUESTION[:200]).network_.params, twin.partial_fit(QUESTION[:200]).network_.params
    )


def test_codes_read_as_numbers_cannot_grow():
    model = LSTMCharModel(**SMALL | {"max_iter": 1}, unknown="grow", encoding="scalar", window=8).fit(QUESTION)
    before = model.network_.params.copy()
    with pytest.raises(ValueError, match="scalar"):
        model.partial_fit(FRENCH)
    assert_array_equal(model.network_.params, before)
    assert len(model.classes_) == len(model.class_count_) == len(set(QUESTION))
