import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from sklearn.base import BaseEstimator, clone
from sklearn.exceptions import NotFittedError
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline

from tsl.datasets import load_macbeth
from tsl.text import CharWindow

# Any character at all, lone surrogates included: a text read with errors="surrogateescape" has them.
TEXTS = st.text(st.characters(exclude_categories=[]), min_size=1)

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def base_array(view):
    """The array that owns the memory of a view."""
    while view.base is not None and not isinstance(view.base, bytes):
        view = view.base
    return view


@given(text=st.text("abcd", min_size=2, max_size=40), window=st.integers(1, 12), stride=st.integers(1, 6))
def test_windows_are_those_of_a_plain_loop(text, window, stride):
    assume(len(text) > window)
    cut = CharWindow(window, stride).fit(text)
    starts = range(0, len(text) - window + 1, stride)
    assert cut.inverse_transform(cut.transform(text)) == [text[start : start + window] for start in starts]
    windows, targets = cut.windows_and_targets(text)
    followed = [start for start in starts if start + window < len(text)]
    assert cut.inverse_transform(windows) == [text[start : start + window] for start in followed]
    assert cut.vocabulary_.decode(targets) == "".join(text[start + window] for start in followed)
    assert_array_equal(cut.transform(text[:-1]), windows)


@pytest.mark.parametrize("output", ["codes", "scalar"])
def test_windows_share_memory(output):
    text = load_macbeth()
    cut = CharWindow(50, output=output).fit(text)
    windows = cut.transform(text)
    assert windows.shape == (len(text) - 49, 50)
    assert base_array(windows).nbytes == 4 * len(text)  # int32 codes or float32 scalars
    assert not windows.flags.writeable
    pairs, targets = cut.windows_and_targets(text)
    assert base_array(pairs).nbytes <= 4 * len(text)
    assert pairs.shape == (len(targets), 50)


def test_scalars_are_shares_of_the_vocabulary():
    cut = CharWindow(3, output="scalar").fit("abcda")
    windows = cut.transform("abcda")
    assert windows.dtype == np.float32
    assert_array_equal(windows, [[0, 0.25, 0.5], [0.25, 0.5, 0.75], [0.5, 0.75, 0]])
    assert cut.inverse_transform(windows) == ["abc", "bcd", "cda"]
    assert cut.windows_and_targets("abcda")[1].dtype == np.int32


@given(TEXTS)
def test_scalars_decode_whatever_the_size_of_the_vocabulary(text):
    cut = CharWindow(1, output="scalar").fit(text + "ab")
    assert "".join(cut.inverse_transform(cut.transform(text))) == text


def test_no_window_crosses_from_one_text_to_the_next():
    cut = CharWindow(2).fit(["abc", "d", "ef", "gh"])
    texts = ["abc", "d", "ef"]
    assert cut.inverse_transform(cut.transform(texts)) == ["ab", "bc", "ef"]
    windows, targets = cut.windows_and_targets(["abc", "d", "ef", "ghad"])
    assert cut.inverse_transform(windows) == ["ab", "gh", "ha"]
    assert cut.vocabulary_.decode(targets) == "cad"


def test_lower_case():
    cut = CharWindow(3, lowercase=True).fit("ABCabc")
    assert cut.vocabulary_.characters_ == "abc"
    assert cut.inverse_transform(cut.transform("CAB")) == ["cab"]


def test_unknown_characters_follow_the_policy():
    with pytest.raises(ValueError, match="'x' at position 1"):
        CharWindow(2).fit("abc").transform("axb")
    ignoring = CharWindow(2, unknown="ignore").fit("abc")
    assert ignoring.inverse_transform(ignoring.transform("axb")) == ["ab"]
    with pytest.raises(ValueError, match="text must have at least 2 characters for window=2, got 1"):
        ignoring.transform("axx")
    replacing = CharWindow(2, unknown="replace").fit("abc")
    assert replacing.inverse_transform(replacing.transform("axb")) == ["a" + REPLACEMENT, REPLACEMENT + "b"]


def test_a_text_of_one_character_repeated():
    windows, targets = CharWindow(2).fit("aaaa").windows_and_targets("aaaa")
    assert_array_equal(windows, np.zeros((2, 2)))
    assert_array_equal(targets, [0, 0])


def test_a_pipeline_reads_text_and_predicts_characters():
    text = "to be or not to be, that is the question. " * 3
    window = 7  # enough to tell "not to be," from ". to be or"
    pipeline = make_pipeline(CharWindow(window), KNeighborsClassifier(1))
    pipeline.fit(text[:-1], list(text[window:]))
    assert pipeline.predict("he ques").tolist() == ["t"]
    assert pipeline.score(text[:-1], list(text[window:])) == 1.0


def test_a_window_step_is_an_estimator():
    cut = CharWindow(7, lowercase=True)
    assert clone(cut).get_params() == cut.get_params()
    with pytest.raises(NotFittedError):
        cut.transform("abc")
    with pytest.raises(NotFittedError):
        cut.windows_and_targets("abc")
    with pytest.raises(NotFittedError):
        cut.inverse_transform([[0]])


@pytest.mark.parametrize(
    ("parameters", "error", "message"),
    [
        ({"window": 0}, ValueError, "window must be at least 1, got 0"),
        ({"window": 2.0}, TypeError, "window must be an integer of at least 1, got 2.0"),
        ({"stride": True}, TypeError, "stride must be an integer of at least 1, got True"),
        ({"lowercase": "yes"}, TypeError, "lowercase must be True or False, got 'yes'"),
        ({"unknown": "drop"}, ValueError, "unknown must be one of 'error', 'ignore', 'replace', got 'drop'"),
        ({"unknown": "grow"}, ValueError, "unknown must be one of 'error', 'ignore', 'replace', got 'grow'"),
        ({"output": "onehot"}, ValueError, "output must be one of 'codes', 'scalar', 'text', got 'onehot'"),
    ],
)
def test_wrong_parameters(parameters, error, message):
    cut = CharWindow(**{"window": 2, **parameters})
    with pytest.raises(error, match=message):
        cut.fit("abcdef")


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("", ValueError, "text must have at least 4 characters for window=3 and the next character, got 0"),
        ("a", ValueError, "text must have at least 4 characters .*, got 1"),
        ("abc", ValueError, "text must have at least 4 characters .*, got 3"),
        (["abc", "ab"], ValueError, "text must have at least 4 characters .*, got 3"),
        ([], ValueError, "text must have at least 4 characters .*, got 0"),
        (b"abcdef", TypeError, "text must be a str, got bytes: decode it first"),
        (np.zeros((4, 2)), TypeError, "text must be a str, got ndarray"),
    ],
)
def test_texts_that_cannot_be_cut(text, error, message):
    with pytest.raises(error, match=message):
        CharWindow(3).fit(text)
    with pytest.raises(error, match=message):
        CharWindow(3).fit("abcdef").windows_and_targets(text)


@pytest.mark.parametrize("windows", [[0, 1], [[[0]]]])
def test_windows_to_decode_have_two_dimensions(windows):
    with pytest.raises(ValueError, match=r"windows must have shape \(n_windows, window\)"):
        CharWindow(2).fit("abc").inverse_transform(windows)


# Windows as text


@given(text=TEXTS, window=st.integers(1, 12), stride=st.integers(1, 6))
def test_windows_as_text_are_slices(text, window, stride):
    assume(len(text) > window)
    cut = CharWindow(window, stride, output="text").fit(text)
    starts = range(0, len(text) - window + 1, stride)
    assert cut.transform(text).tolist() == [text[start : start + window] for start in starts]
    windows, targets = cut.windows_and_targets(text)
    followed = [start for start in starts if start + window < len(text)]
    assert windows.tolist() == [text[start : start + window] for start in followed]
    assert targets.tolist() == [text[start + window] for start in followed]


def test_windows_as_text_share_memory():
    text = load_macbeth()
    windows = CharWindow(50, output="text").fit(text).transform(text)
    assert windows.dtype == np.dtype("<U50")
    assert windows.shape == (len(text) - 49,)
    assert base_array(windows).nbytes == 4 * len(text)  # what NumPy takes for a character
    assert not windows.flags.writeable
    assert windows[[7, -1]].tolist() == [text[7:57], text[-50:]]


def test_windows_as_text_with_the_character_that_ends_text_for_numpy():
    cut = CharWindow(2, output="text").fit("a\0b\0\0")
    assert cut.transform("a\0b\0\0").dtype == object
    assert cut.transform(["ab", "a\0b"]).tolist() == ["ab", "a\0", "\0b"]
    windows, targets = cut.windows_and_targets("ab\0")
    assert (windows.tolist(), targets.tolist()) == (["ab"], ["\0"])


def test_windows_as_text_follow_the_other_parameters():
    cut = CharWindow(2, lowercase=True, unknown="ignore", output="text").fit("abc")
    assert cut.transform(["AxB!C", "x", "BA"]).tolist() == ["ab", "bc", "ba"]
    assert CharWindow(2, unknown="replace", output="text").fit("abc").transform("axb").tolist() == [
        "a\ufffd",
        "\ufffdb",
    ]
    assert cut.inverse_transform(cut.transform("abc")) == ["ab", "bc"]
    with pytest.raises(ValueError, match=r"windows must have shape \(n_windows,\), got \(1, 2\)"):
        cut.inverse_transform([["a", "b"]])
    with pytest.raises(TypeError, match="text must be a str, got int"):
        cut.inverse_transform([1])


class Last(BaseEstimator):
    """A model of text that predicts the last character of each context once more."""

    def fit(self, contexts, y):
        self.n_contexts_ = len(contexts)
        assert [context[1:] + character for context, character in zip(contexts, y)][:-1] == list(contexts[1:])
        return self

    def predict(self, contexts):
        return [context[-1] for context in contexts]


def test_a_pipeline_hands_text_to_what_reads_text():
    text = "to be or not to be"
    pipeline = make_pipeline(CharWindow(4, output="text"), Last()).fit(text[:-1], list(text[4:]))
    assert pipeline.predict("not to") == [" ", "t", "o"]
