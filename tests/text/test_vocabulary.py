import json
import pickle
import unicodedata
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from tsl.datasets import load_macbeth
from tsl.text import CharVocabulary

# Any character at all, lone surrogates included: a text read with errors="surrogateescape" has them.
TEXTS = st.text(st.characters(exclude_categories=[]), min_size=1)

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


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
    assert clone(vocabulary).get_params() == {"unknown": "replace", "tokens": "char", "min_frequency": 1}
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
    with pytest.raises(ValueError, match="unknown must be one of 'error', 'ignore', 'replace', 'grow', got 'skip'"):
        CharVocabulary("skip").fit("abc")
    with pytest.raises(ValueError, match="unknown must be one of"):
        CharVocabulary().fit("abc").set_params(unknown=None).encode("a")
    with pytest.raises(ValueError, match="unknown='replace' was set after fit"):
        CharVocabulary().fit("abc").set_params(unknown="replace").encode("x")


# Characters of every kind


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("a\0b", ["\0", "a", "b"]),
        ("e\u0301é", ["e", "é", "\u0301"]),  # a combining mark is a character of its own, and nothing is composed
        ("\N{GRINNING FACE}z", ["z", "\N{GRINNING FACE}"]),
        ("x\udc80\ud800", ["x", "\ud800", "\udc80"]),
        ("\U0010ffff\0", ["\0", "\U0010ffff"]),  # the first and the last there are
    ],
)
def test_every_kind_of_character_is_one_token(text, tokens):
    vocabulary = CharVocabulary().fit(text)
    assert vocabulary.tokens_.tolist() == tokens
    assert vocabulary.tokens_[vocabulary.encode(text)].tolist() == list(text)
    assert vocabulary.decode(vocabulary.encode(text)) == text
    assert vocabulary.decode(vocabulary.encode(unicodedata.normalize("NFD", text))) == unicodedata.normalize(
        "NFD", text
    )


def test_tokens_are_an_array_of_characters():
    assert CharVocabulary().fit("bca").tokens_.dtype == np.dtype("<U1")
    assert CharVocabulary().fit("\0").tokens_.dtype == object  # "<U1" would say that it is empty


def test_a_vocabulary_of_thousands():
    text = "".join(map(chr, range(0x4E00, 0x4E00 + 6000))) * 2
    vocabulary = CharVocabulary().fit(text)
    assert len(vocabulary) == 6000
    assert_array_equal(vocabulary.encode(text), np.tile(np.arange(6000), 2))
    assert vocabulary.decode(np.arange(6000)) == text[:6000]
    with pytest.raises(ValueError, match=r"'a' at position 0, '\\U0010ffff' at position 1;"):
        vocabulary.encode("a\U0010ffff")  # below and above all that are known


# Bytes


@given(TEXTS)
def test_bytes_are_those_of_utf_8(text):
    vocabulary = CharVocabulary(tokens="byte").fit("any")
    codes = vocabulary.encode(text)
    assert codes.dtype == np.int32
    assert codes.astype(np.uint8).tobytes() == text.encode("utf-8", "surrogatepass")
    assert vocabulary.decode(codes) == text


def test_all_256_bytes_are_known_whatever_was_fitted():
    vocabulary = CharVocabulary(tokens="byte").fit(["a", "b"])
    assert len(vocabulary) == 256
    assert vocabulary.characters_ == ""
    assert vocabulary.tokens_.dtype == np.uint8
    assert_array_equal(vocabulary.tokens_, np.arange(256))
    assert vocabulary.encode("").dtype == np.int32
    with pytest.raises(ValueError, match="codes must be from 0 to 255, got 256"):
        vocabulary.decode([256])
    with pytest.raises(ValueError, match="text must have at least one character, got none"):
        CharVocabulary(tokens="byte").fit("")


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("né".encode()[:-1], "n" + REPLACEMENT),  # a character cut in two
        (b"\xff\xfe", 2 * REPLACEMENT),
        ("\ud800".encode("utf-8", "surrogatepass") + b"\xff", 4 * REPLACEMENT),  # no byte of it is then UTF-8
    ],
)
def test_bytes_that_are_no_text_are_replaced(content, text):
    assert CharVocabulary(tokens="byte").fit("a").decode(list(content)) == text


# Rare characters


def test_rare_characters_count_as_unknown():
    texts = ["aab", "bcc", "dc"]  # a and b twice, c thrice, d once
    ignoring = CharVocabulary("ignore", min_frequency=2).fit(texts)
    assert ignoring.characters_ == "abc"
    assert ignoring.decode(ignoring.encode("dabcd")) == "abc"
    replacing = CharVocabulary("replace", min_frequency=3).fit(texts)
    assert replacing.characters_ == "c" + REPLACEMENT
    assert replacing.decode(replacing.encode("dcb")) == REPLACEMENT + "c" + REPLACEMENT


@given(TEXTS, st.integers(1, 4))
def test_frequencies_are_those_of_a_plain_count(text, min_frequency):
    text += "abcd" * 4  # something is left
    vocabulary = CharVocabulary("ignore", min_frequency=min_frequency).fit(text)
    assert set(vocabulary.characters_) == {c for c in text if text.count(c) >= min_frequency}


@pytest.mark.parametrize("unknown", ["ignore", "replace"])
def test_a_frequency_that_no_character_has(unknown):
    with pytest.raises(ValueError, match="min_frequency=3 leaves no character: none occurs so often in text"):
        CharVocabulary(unknown, min_frequency=3).fit("aabbc")


# Growing


@given(fitted=TEXTS, more=TEXTS)
def test_a_grown_vocabulary_is_that_of_both_texts(fitted, more):
    small = CharVocabulary("grow").fit(fitted)
    large = small.grown(more)
    assert large.characters_ == CharVocabulary("grow").fit([fitted, more]).characters_
    assert large.get_params() == small.get_params()
    assert small.characters_ == "".join(sorted(set(fitted)))  # still
    moved = large.encode(small.characters_)
    assert large.decode(moved[small.encode(fitted)]) == fitted


def test_new_characters_are_refused_until_the_vocabulary_grows():
    vocabulary = CharVocabulary("grow").fit("ab")
    with pytest.raises(ValueError, match=r"'c' at position 1; grown\(text\) makes a vocabulary that has them too"):
        vocabulary.encode("ac")
    assert vocabulary.grown(["c", "d"]).characters_ == "abcd"
    assert vocabulary.grown([]).characters_ == vocabulary.grown("").characters_ == "ab"
    with pytest.raises(TypeError, match="text must be a str, got bytes"):
        vocabulary.grown(b"c")


def test_other_vocabularies_grow_too():
    assert CharVocabulary("ignore", min_frequency=2).fit("aab").grown("bccdd").characters_ == "acd"
    assert CharVocabulary("replace").fit("b").grown("a").characters_ == "ab" + REPLACEMENT
    assert len(CharVocabulary(tokens="byte").fit("b").grown("é")) == 256


# Parameters


@pytest.mark.parametrize(
    ("parameters", "error", "message"),
    [
        ({"tokens": "word"}, ValueError, "tokens must be 'char' or 'byte', got 'word'"),
        ({"min_frequency": 0}, ValueError, "min_frequency must be at least 1, got 0"),
        ({"min_frequency": 2.0}, TypeError, "min_frequency must be an integer of at least 1, got 2.0"),
        ({"min_frequency": True}, TypeError, "min_frequency must be an integer of at least 1, got True"),
        (
            {"min_frequency": 2},
            ValueError,
            "min_frequency=2 .* needs unknown='ignore' or 'replace', got unknown='error'",
        ),
        (
            {"min_frequency": 2, "unknown": "grow"},
            ValueError,
            "needs unknown='ignore' or 'replace', got unknown='grow'",
        ),
        ({"min_frequency": 2, "tokens": "byte"}, ValueError, "min_frequency must be 1 for tokens='byte', .*, got 2"),
    ],
)
def test_parameters_that_do_not_go(parameters, error, message):
    with pytest.raises(error, match=message):
        CharVocabulary(**parameters).fit("aabb")


@pytest.mark.parametrize(("first", "then"), [("char", "byte"), ("byte", "char")])
def test_another_kind_of_token_needs_another_fit(first, then):
    vocabulary = CharVocabulary(tokens=first).fit("abc").set_params(tokens=then)
    for use in (lambda: vocabulary.encode("a"), lambda: vocabulary.decode([0]), lambda: vocabulary.tokens_):
        with pytest.raises(ValueError, match=f"tokens='{then}' was set after fit: call fit again"):
            use()


@pytest.mark.parametrize("parameters", [{}, {"tokens": "byte"}, {"unknown": "ignore", "min_frequency": 2}])
def test_parameters_and_characters_are_all_there_is_to_keep(parameters):
    vocabulary = CharVocabulary(**parameters).fit("a\0\udc80a\0\udc80b")
    again = CharVocabulary(**json.loads(json.dumps(vocabulary.get_params())))
    again.characters_ = json.loads(json.dumps(vocabulary.characters_))
    assert_array_equal(again.encode("a\0\udc80"), vocabulary.encode("a\0\udc80"))
    assert_array_equal(again.tokens_, vocabulary.tokens_)
