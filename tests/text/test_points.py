"""Every form of text input."""

import re

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal

from tsl import LSTMCharModel
from tsl.text import CharVocabulary, CharWindow

LINES = ["to be, or not to be:", "that is the question"] * 4
TEXTS = {
    "a tuple": tuple(LINES),
    "an array": np.array(LINES),
    "objects": np.array(LINES, object),
    "pandas": pd.Series(LINES),
    "string": pd.Series(LINES, dtype="string"),
    "Arrow": pd.Series(LINES, dtype="string[pyarrow]"),
    "a category": pd.Series(LINES, dtype="category"),
    "strings of NumPy": [np.str_(line) for line in LINES],
}


@pytest.mark.parametrize("texts", TEXTS.values(), ids=TEXTS)
def test_texts_of_any_form(texts):
    assert_array_equal(CharWindow(4).fit(texts).transform(texts), CharWindow(4).fit(LINES).transform(LINES))
    assert CharVocabulary().fit(texts).characters_ == CharVocabulary().fit(LINES).characters_
    options = {"hidden_size": 4, "max_iter": 1, "random_state": 0}
    found, wanted = (LSTMCharModel(**options).fit(each) for each in (texts, LINES))
    assert_array_equal(found.network_.params, wanted.network_.params)
    assert found.score(texts) == wanted.score(LINES)


@pytest.mark.parametrize(
    "texts",
    [b"bytes", 3, None, {"a": "b"}, {"a", "b"}, [["nested"]], pd.Series(["a", None]), pd.DataFrame({"a": ["b"]})],
)
def test_what_is_no_text_is_named(texts):
    for kind in (CharVocabulary(), CharWindow(1), LSTMCharModel()):
        with pytest.raises(TypeError, match=re.escape("text must be a str, got ")):
            kind.fit(texts)
