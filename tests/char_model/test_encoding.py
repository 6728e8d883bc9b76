"""Texts to codes, and codes to the inputs of a network."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal

from tsl.char_model.encoding import TextEncoder, network_inputs
from tsl.char_model.samples import Contexts, Documents
from tsl.network import Architecture
from tsl.text import CharVocabulary

ENCODER = TextEncoder(CharVocabulary().fit("abcd"), lowercase=True)
BYTES = TextEncoder(CharVocabulary(tokens="byte").fit("abcd"), lowercase=False)


def test_texts_are_lowered_before_they_are_encoded():
    assert_array_equal(ENCODER.encode("DAb"), [3, 0, 1])
    assert_array_equal(ENCODER._replace(lowercase=False).encode("dab"), [3, 0, 1])


@pytest.mark.parametrize("texts", [["ab", "C"], ("ab", "C"), np.array(["ab", "C"]), pd.Series(["ab", "C"])])
def test_one_text_or_several(texts):
    assert [codes.tolist() for codes in ENCODER.encode_all(texts)] == [[0, 1], [2]]
    assert [codes.tolist() for codes in ENCODER.encode_all("ab")] == [[0, 1]]


def test_examples_are_documents_or_contexts():
    documents = ENCODER.examples(["abc", "d"], None, window=2)
    assert isinstance(documents, Documents)
    assert (documents.window, documents.targets.tolist()) == (2, [0, 1, 2, 3])
    contexts = ENCODER.examples(["abc", "d"], "aB", window=2)
    assert isinstance(contexts, Contexts)
    assert (contexts.window, contexts.targets.tolist()) == (3, [0, 1])


@pytest.mark.parametrize(
    ("encoder", "y", "message"),
    [
        (ENCODER, "a", "y must be 2 characters, one after each context, got 1 entries"),
        (ENCODER, ["a", "bc"], "y must be 2 characters"),
        (BYTES, "ab", "without y"),
        (TextEncoder(CharVocabulary("ignore").fit("abcd"), False), "ax", "y must be known characters"),
    ],
)
def test_targets_that_do_not_fit(encoder, y, message):
    with pytest.raises(ValueError, match=message):
        encoder.examples(["abc", "d"], y, window=2)


def test_a_character_starts_with_its_first_byte():
    assert_array_equal(BYTES.starts_character(BYTES.encode("aé日")), [True, True, False, True, False, False])
    assert ENCODER.starts_character(ENCODER.encode("abcd")).all()


def test_a_network_reads_codes_or_shares_of_the_vocabulary():
    codes = np.array([0, 3], np.int32)
    assert network_inputs(Architecture(4, (2,), 4, one_hot=True), codes) is codes
    inputs = network_inputs(Architecture(1, (2,), 4), codes)
    assert inputs.dtype == np.float32
    assert_array_equal(inputs, [[0.0], [0.75]])
