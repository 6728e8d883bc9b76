import pickle
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline

from tsl.datasets import load_macbeth
from tsl.text import CharVocabulary, CharWindow, read_text

# Any character at all, lone surrogates included: a text read with errors="surrogateescape" has them.
TEXTS = st.text(st.characters(exclude_categories=[]), min_size=1)

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def base_array(view):
    """The array that owns the memory of a view."""
    while view.base is not None:
        view = view.base
    return view


# CharVocabulary


@given(TEXTS)
def test_decoding_undoes_encoding(text):
    vocabulary = CharVocabulary().fit(text)
    codes = vocabulary.encode(text)
    assert codes.dtype == np.int32
    assert vocabulary.decode(codes) == text
    assert [vocabulary.characters_[code] for code in codes] == list(text)


@given(TEXTS)
def test_every_character_has_one_code_in_sorted_order(text):
    vocabulary = CharVocabulary().fit(text)
    assert list(vocabulary.characters_) == sorted(set(text))
    assert len(vocabulary) == len(set(text))
    assert_array_equal(vocabulary.encode(vocabulary.characters_), np.arange(len(vocabulary)))


@given(fitted=TEXTS, other=st.text())
def test_what_becomes_of_unknown_characters(fitted, other):
    ignoring = CharVocabulary("ignore").fit(fitted)
    assert ignoring.decode(ignoring.encode(other)) == "".join(c for c in other if c in fitted)
    replacing = CharVocabulary("replace").fit(fitted)
    replaced = "".join(c if c in fitted else REPLACEMENT for c in other)
    assert replacing.decode(replacing.encode(other)) == replaced
    assert len(replacing) == len({*fitted, REPLACEMENT})


def test_an_error_names_the_characters_and_their_positions():
    vocabulary = CharVocabulary().fit("abc")
    with pytest.raises(ValueError, match=r"not in the vocabulary: 'é' at position 2, 'x' at position 4; unknown='ig"):
        vocabulary.encode("abécxxé")
    with pytest.raises(ValueError, match=r"'M' at position 9 and 3 others;"):
        vocabulary.encode("DEFGHIJKLMNOP")
    with pytest.raises(ValueError, match=r"'\\n' at position 0"):  # shown, not printed
        vocabulary.encode("\n")


def test_several_texts_are_one_vocabulary():
    for texts in (["ab", "bc"], ("ab", "bc"), np.array(["ab", "bc"]), pd.Series(["ab", "bc"])):
        assert CharVocabulary().fit(texts).characters_ == "abc"


def test_nothing_to_encode():
    vocabulary = CharVocabulary().fit("abc")
    assert vocabulary.encode("").shape == (0,)
    assert vocabulary.decode([]) == ""
    assert CharVocabulary().fit("a").decode([0, 0]) == "aa"


def test_macbeth_has_67_characters():
    text = load_macbeth()
    vocabulary = CharVocabulary().fit(text)
    assert len(vocabulary) == 67  # as counted when the file was chosen; 42 in lower case
    assert len(CharVocabulary().fit(text.lower())) == 42
    assert vocabulary.decode(vocabulary.encode(text)) == text


def test_a_vocabulary_is_an_estimator():
    vocabulary = CharVocabulary(unknown="replace")
    assert clone(vocabulary).get_params() == {"unknown": "replace"}
    assert vocabulary  # before fit too, where it has no length
    with pytest.raises(NotFittedError):
        len(vocabulary)
    for method in (vocabulary.encode, vocabulary.decode):
        with pytest.raises(NotFittedError):
            method("")
    assert pickle.loads(pickle.dumps(vocabulary.fit("ab"))).decode([0, 1]) == "ab"


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("", ValueError, "text must have at least one character, got none"),
        ([], ValueError, "text must have at least one character"),
        (["", ""], ValueError, "text must have at least one character"),
        (b"abc", TypeError, r"text must be a str, got bytes: decode it first, as in text.decode\('utf-8'\)"),
        (["abc", b"abc"], TypeError, "text must be a str, got bytes"),
        (Path("macbeth.txt"), TypeError, r"got \w*Path: read it first, as in text.read_text\(encoding='utf-8'\)"),
        (None, TypeError, "text must be a str, got NoneType"),
        (pd.Series(["a", None], dtype=object), TypeError, "text must be a str, got NoneType"),
        (np.array([[1.0]]), TypeError, "text must be a str, got ndarray"),
    ],
)
def test_what_is_not_a_text(text, error, message):
    with pytest.raises(error, match=message):
        CharVocabulary().fit(text)


@pytest.mark.parametrize(
    ("codes", "message"),
    [
        ([0, 3], "codes must be from 0 to 2, got 3"),
        ([-1], "codes must be from 0 to 2, got -1"),
        ([0.0], "codes must be integers, got dtype float64"),
        (["a"], "codes must be integers, got dtype <U1"),
        ([[0]], r"codes must have one dimension, got shape \(1, 1\)"),
        (0, r"codes must have one dimension, got shape \(\)"),
    ],
)
def test_what_is_not_a_code(codes, message):
    with pytest.raises(ValueError, match=message):
        CharVocabulary().fit("abc").decode(codes)


def test_wrong_policies():
    with pytest.raises(ValueError, match="unknown must be one of 'error', 'ignore', 'replace', got 'skip'"):
        CharVocabulary("skip").fit("abc")
    with pytest.raises(ValueError, match="unknown must be one of"):
        CharVocabulary().fit("abc").set_params(unknown=None).encode("a")
    with pytest.raises(ValueError, match="unknown='replace' was set after fit"):
        CharVocabulary().fit("abc").set_params(unknown="replace").encode("x")


# CharWindow


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
        ({"output": "onehot"}, ValueError, "output must be 'codes' or 'scalar', got 'onehot'"),
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


# --- files --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_a_file_is_read_with_or_without_a_mark_and_with_any_line_ends(tmp_path, encoding, line_end):
    path = tmp_path / "play.txt"
    path.write_bytes(f"Ægeon.{line_end}{line_end}Proceed".encode(encoding))
    assert read_text(path) == read_text(str(path)) == "Ægeon.\n\nProceed"


def test_a_file_that_is_not_utf_8_is_named_with_the_place(tmp_path):
    path = tmp_path / "latin.txt"
    path.write_bytes("caf\u00e9 society".encode("latin-1"))
    with pytest.raises(ValueError, match=r"latin\.txt is not UTF-8: byte 0xe9 at position 3; .*encoding="):
        read_text(path)


def test_a_missing_file_is_an_os_error(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        read_text(tmp_path / "nowhere")
