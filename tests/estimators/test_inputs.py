"""Every form of numbers, labels and weights: same result as with a plain array, or a clear error."""

import decimal
import functools

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from regressor_problem import small
from small_models import read_only

from tsl import LSTMClassifier
from tsl.windows import SlidingWindow, make_windows

polars = pytest.importorskip("polars", reason="extra 'test'")
pyarrow = pytest.importorskip("pyarrow", reason="extra 'test'")

# Zeros and ones, so that every type holds them exactly.
BITS = np.random.default_rng(0).integers(0, 2, size=(24, 6)).astype(np.float64)
Y = np.random.default_rng(1).integers(0, 3, size=24)
FRAME = pd.DataFrame(BITS, columns=list("abcdef"))
POLARS = polars.DataFrame({name: FRAME[name].to_numpy() for name in FRAME})


def classifier():
    return LSTMClassifier(hidden_size=4, max_iter=3, random_state=0)


USES = {
    "LSTMRegressor": lambda X: small().fit(X, Y).predict(X),
    "LSTMClassifier": lambda X: classifier().fit(X, Y).predict_proba(X),
    "SlidingWindow": lambda X: SlidingWindow(4).fit(X).transform(X),
    "make_windows": lambda X: make_windows(X, window=4)[0],
}


@functools.cache
def wanted_of(use):
    """What a use gives for the plain array; computed in a test, as every process that collects imports this file."""
    return USES[use](BITS)


def unaligned(array):
    raw = np.zeros(array.nbytes + 1, np.uint8)
    view = raw[1:].view(array.dtype).reshape(array.shape)
    view[...] = array
    return view


def memory_map(tmp_path, array):
    np.save(tmp_path / "X.npy", array)
    return np.load(tmp_path / "X.npy", mmap_mode="r")


# --- numbers --------------------------------------------------------------------------------------------------------

ARRAYS = {
    "Fortran order": np.asfortranarray(BITS),
    "strides": np.repeat(np.repeat(BITS, 2, 0), 3, 1)[::2, ::3],
    "backwards": BITS[::-1, ::-1].copy()[::-1, ::-1],
    "read-only": read_only(BITS),
    "unaligned": unaligned(BITS),
    "big-endian": BITS.astype(">f8"),
    "big-endian float32": BITS.astype(">f4"),
    "big-endian integers": BITS.astype(">i2"),
    **{kind: BITS.astype(kind) for kind in ("f2", "f4", "g", "i1", "i4", "i8", "u1", "u2", "u8", "?")},
    "objects": BITS.astype(object),
    "a mask that hides nothing": np.ma.array(BITS, mask=np.zeros(BITS.shape, bool)),
    "lists": BITS.tolist(),
    "tuples": tuple(map(tuple, BITS.tolist())),
}
FRAMES = {
    "pandas": FRAME,
    "Int64": FRAME.astype("Int64"),
    "UInt8": FRAME.astype("UInt8"),
    "Float32": FRAME.astype("Float32"),
    "boolean": FRAME.astype("boolean"),
    "of several types": FRAME.astype({"a": "Int64", "b": "Float32", "c": "boolean", "d": bool, "e": "int8"}),
    "Arrow float": FRAME.astype("double[pyarrow]"),
    "Arrow int": FRAME.astype("int64[pyarrow]"),
    "Arrow bool": FRAME.astype("bool[pyarrow]"),
    "Arrow decimal": FRAME.astype(pd.ArrowDtype(pyarrow.decimal128(5, 2))),
    "columns in two levels": pd.DataFrame(BITS, columns=pd.MultiIndex.from_product([["a", "b"], [1, 2, 3]])),
    "columns by number": pd.DataFrame(BITS),
    "an index in two levels": FRAME.set_axis(pd.MultiIndex.from_product([range(2), range(12)])),
    "polars": POLARS,
    "polars float32": POLARS.cast(polars.Float32),
    "polars int": POLARS.cast(polars.Int8),
    "polars bool": POLARS.cast(polars.Boolean),
    "polars decimal": POLARS.cast(polars.Decimal(5, 2)),
    "polars in chunks": polars.concat([POLARS[:5], POLARS[5:]], rechunk=False),
    "Arrow table": pyarrow.Table.from_pandas(FRAME),
}


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("X", [*ARRAYS.values(), *FRAMES.values()], ids=[*ARRAYS, *FRAMES])
def test_numbers_of_any_form_are_the_same_numbers(X, use):
    assert_array_equal(USES[use](X), wanted_of(use))


@pytest.mark.parametrize("use", USES)
def test_a_memory_map_is_read_in_place(tmp_path, use):
    assert_array_equal(USES[use](memory_map(tmp_path, BITS)), wanted_of(use))


@pytest.mark.parametrize("kind", ["f2", "f4", ">f8", "i1", ">i4", "u8", "?"])
def test_windows_of_any_type_in_three_dimensions_and_in_lists(kind):
    X = BITS.reshape(24, 3, 2)
    wanted = small().fit(X, Y).predict(X)
    other = np.asfortranarray(X.astype(kind))
    assert_array_equal(small().fit(other, Y).predict(other), wanted)
    assert_array_equal(small().fit(X, Y).predict([*other, other[0, :2]])[:24], wanted)


@pytest.mark.parametrize("kind", [">f8", ">f4", "f2", "i2"])
def test_overlapping_windows_of_any_type_are_read_in_place(kind):
    series = np.random.default_rng(0).integers(0, 50, size=60).astype(np.float64)
    X, y = make_windows(series, window=8)
    view = np.lib.stride_tricks.sliding_window_view(series.astype(kind), 8)[:-1]
    assert_array_equal(small().fit(view, y).predict(view), small().fit(X, y).predict(X))


def with_column(**column):
    return FRAME.assign(**column)


NO_NUMBERS = {
    "a category": (with_column(c=FRAME["c"].astype("category")), "column 'c' of dtype category"),
    "strings": (with_column(c=FRAME["c"].astype(str)), "column 'c' of dtype (str|object)"),
    "objects": (with_column(c=FRAME["c"].map(decimal.Decimal)), "column 'c' of dtype object"),
    "times": (with_column(c=pd.Timestamp("2024-01-01")), "column 'c' of dtype datetime64"),
    "zones": (with_column(c=pd.Timestamp("2024-01-01", tz="Asia/Tokyo")), r"column 'c' of dtype datetime64\[.*Tokyo"),
    "lengths of time": (with_column(c=pd.Timedelta("1h")), "column 'c' of dtype timedelta64"),
    "periods": (with_column(c=pd.Period("2024-01")), r"column 'c' of dtype period\[M\]"),
    "intervals": (with_column(c=pd.Interval(0, 1)), r"column 'c' of dtype interval"),
    "two columns": (with_column(c="x", e="y"), "column 'c' of dtype (str|object), column 'e' of dtype"),
    "Arrow strings": (FRAME.astype({"c": "string[pyarrow]"}), "column 'c' of dtype string"),
    "Arrow times": (with_column(c=pd.Timestamp(0)).astype({"c": "date32[pyarrow]"}), "column 'c' of dtype date32"),
    "polars strings": (POLARS.with_columns(c=polars.lit("1")), "column 'c' of dtype String"),
    "polars categories": (POLARS.with_columns(c=polars.lit("1").cast(polars.Categorical)), "column 'c' of dtype Cat"),
    "polars times": (POLARS.with_columns(c=polars.lit(pd.Timestamp(0))), "column 'c' of dtype Datetime"),
    "polars lists": (POLARS.with_columns(c=polars.lit([1.0])), "column 'c' of dtype List"),
    "Arrow table": (pyarrow.table({"a": [1.0], "c": ["x"]}), "column 'c' of dtype string"),
    "an array of strings": (BITS.astype(str), "dtype <U"),
    "an array of bytes": (BITS.astype("S3"), r"dtype \|S3"),
    "strings as objects": (BITS.astype(str).astype(object), "text"),
    "a list of strings": (BITS.astype(str).tolist(), "text"),
    "an array of times": (BITS.astype("M8[s]"), r"dtype datetime64\[s\]"),
    "records": (np.zeros(24, [("a", float)]), r"dtype \[\('a', '<f8'\)\]"),
}  # fmt: skip


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize(("X", "got"), NO_NUMBERS.values(), ids=NO_NUMBERS)
def test_what_is_no_number_is_named(X, got, use):
    with pytest.raises(ValueError, match=f"X must hold numbers, got {got}.*: convert or drop it"):
        USES[use](X)


@pytest.mark.parametrize("use", USES)
def test_what_cannot_be_read_at_all(use):
    for X, message in [
        (np.ma.array(BITS, mask=np.eye(24, 6, dtype=bool)), "X must have no masked values: fill them first"),
        (POLARS.lazy(), "a polars LazyFrame must be collected first"),
        (BITS.astype(complex), "Complex data not supported"),
    ]:
        with pytest.raises(ValueError, match=message):
            USES[use](X)


@pytest.mark.parametrize(
    "X",
    [FRAME.astype("Int64").mask(FRAME.index.to_series() == 3), POLARS.with_columns(c=polars.lit(None, polars.Float64))],
    ids=["pandas", "polars"],
)
def test_missing_numbers_of_nullable_columns_are_missing(X):
    for use in ("LSTMRegressor", "LSTMClassifier"):
        with pytest.raises(ValueError, match="Input X contains NaN"):
            USES[use](X)
    assert np.isnan(SlidingWindow(4).fit_transform(X)).any()


def test_names_of_columns_are_learned_from_any_frame_and_compared():
    for frame in (FRAME, POLARS, FRAME.astype("double[pyarrow]"), FRAMES["Arrow table"]):
        model = small().fit(frame, Y)
        assert_array_equal(model.feature_names_in_, list("abcdef"))
        for other in (FRAME[list("fedcba")], POLARS.select(list("fedcba"))):
            with pytest.raises(ValueError, match="The feature names should match those that were passed during fit"):
                model.predict(other)


# --- targets, labels and weights ------------------------------------------------------------------------------------

COLUMNS = {
    "a list": Y.tolist(),
    **{kind: Y.astype(kind) for kind in ("i1", "u1", ">i4", ">f8", "f2", "f4")},
    "strides": np.repeat(Y, 2)[::2],
    "read-only": read_only(Y),
    "pandas": pd.Series(Y, index=np.arange(24)[::-1]),
    "Int64": pd.Series(Y, dtype="Int64"),
    "Float32": pd.Series(Y, dtype="Float32"),
    "Arrow": pd.Series(Y, dtype="int64[pyarrow]"),
    "Arrow array": pyarrow.array(Y),
    "polars": polars.Series(Y),
}


@pytest.mark.parametrize("y", COLUMNS.values(), ids=COLUMNS)
def test_targets_and_weights_of_any_form(y):
    assert_array_equal(small().fit(BITS, y).predict(BITS), wanted_of("LSTMRegressor"))
    wanted = small().fit(BITS, Y, sample_weight=Y).predict(BITS)
    assert_array_equal(small().fit(BITS, Y, sample_weight=y).predict(BITS), wanted)


@pytest.mark.parametrize("y", COLUMNS.values(), ids=COLUMNS)
def test_numbers_as_labels_of_any_form(y):
    model = classifier().fit(BITS, y)
    assert_array_equal(model.predict_proba(BITS), wanted_of("LSTMClassifier"))
    assert_array_equal(model.classes_, [0, 1, 2])
    assert model.score(BITS, y) == classifier().fit(BITS, Y).score(BITS, Y)


@pytest.mark.parametrize("kind", ["Int64", "UInt8", "boolean", "int64[pyarrow]", "bool[pyarrow]"])
def test_labels_of_nullable_columns_stay_whole(kind):
    y = pd.Series(Y > 0).astype(kind)
    assert classifier().fit(BITS, y).predict(BITS).dtype == y.dtype.numpy_dtype


WORDS = np.array(["no", "so-so", "yes"])[Y]
LABELS = {
    "a list": WORDS.tolist(),
    "objects": WORDS.astype(object),
    "pandas": pd.Series(WORDS),
    "a category": pd.Series(WORDS, dtype="category"),
    "ordered": pd.Series(pd.Categorical(WORDS, ["yes", "so-so", "no", "never"], ordered=True)),
    "string": pd.Series(WORDS, dtype="string"),
    "Arrow": pd.Series(WORDS, dtype="string[pyarrow]"),
    "polars": polars.Series(WORDS),
    "polars category": polars.Series(WORDS).cast(polars.Categorical),
}


@pytest.mark.parametrize("y", LABELS.values(), ids=LABELS)
def test_words_as_labels_of_any_form(y):
    model = classifier().fit(BITS, y)
    assert model.classes_.tolist() == ["no", "so-so", "yes"]
    assert_array_equal(model.predict_proba(BITS), wanted_of("LSTMClassifier"))


@pytest.mark.parametrize(
    ("y", "kind"),
    [
        (WORDS, "dtype <U5"),
        (WORDS.tolist(), "text"),
        (WORDS.astype(object), "text"),
        (pd.Series(Y, dtype="category"), "dtype category"),
        (pd.Series(Y.astype(str)), "(dtype str|text)"),
        (polars.Series(Y.astype(str)), "dtype String"),
        (Y.astype("M8[D]"), r"dtype datetime64\[D\]"),
    ],
)
def test_targets_and_weights_that_are_no_numbers_are_named(y, kind):
    with pytest.raises(ValueError, match=f"^y must hold numbers, got {kind}: convert it"):
        small().fit(BITS, y)
    with pytest.raises(ValueError, match=f"^sample_weight must hold numbers, got {kind}: convert it"):
        small().fit(BITS, Y, sample_weight=y)
