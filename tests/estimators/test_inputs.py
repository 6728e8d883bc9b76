"""Every form in which numbers, labels, times and texts come: what a plain array would give, or a clear error."""

import decimal
import re

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from regressor_problem import small

from tsl import LSTMCharModel, LSTMClassifier, LSTMForecaster
from tsl.baselines import SeasonalNaive
from tsl.forecasting import IrregularTimesWarning
from tsl.text import CharVocabulary, CharWindow
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
WANTED = {name: use(BITS) for name, use in USES.items()}


def read_only(array):
    array = array.copy()
    array.flags.writeable = False
    return array


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
    assert_array_equal(USES[use](X), WANTED[use])


@pytest.mark.parametrize("use", USES)
def test_a_memory_map_is_read_in_place(tmp_path, use):
    assert_array_equal(USES[use](memory_map(tmp_path, BITS)), WANTED[use])


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
    assert_array_equal(small().fit(BITS, y).predict(BITS), WANTED["LSTMRegressor"])
    wanted = small().fit(BITS, Y, sample_weight=Y).predict(BITS)
    assert_array_equal(small().fit(BITS, Y, sample_weight=y).predict(BITS), wanted)


@pytest.mark.parametrize("y", COLUMNS.values(), ids=COLUMNS)
def test_numbers_as_labels_of_any_form(y):
    model = classifier().fit(BITS, y)
    assert_array_equal(model.predict_proba(BITS), WANTED["LSTMClassifier"])
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
    assert_array_equal(model.predict_proba(BITS), WANTED["LSTMClassifier"])


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


# --- series ---------------------------------------------------------------------------------------------------------

DAYS = pd.date_range("2024-03-01", periods=48, freq="D")
VALUES = np.tile([0.0, 1, 1, 0, 1, 0], 8)


def forecaster():
    small = {"window": 12, "segment": 6, "season": 6, "differences": None, "scaling": "window", "calendar": None}
    return LSTMForecaster(3, **small, hidden_size=4, embedding_size=None, max_iter=3, random_state=0)


FORECASTERS = {"LSTMForecaster": forecaster, "SeasonalNaive": lambda: SeasonalNaive(3, season=6)}
FORECASTS = {name: make().fit(pd.Series(VALUES, DAYS)).predict().to_numpy() for name, make in FORECASTERS.items()}

SERIES = {
    **{kind: pd.Series(VALUES.astype(kind), DAYS) for kind in ("f2", "f4", ">f8", "i1", "u8", "?")},
    "objects": pd.Series(VALUES.astype(object), DAYS),
    "strides": pd.Series(np.repeat(VALUES, 3)[::3], DAYS),
    "read-only": pd.Series(read_only(VALUES), DAYS, copy=False),
    "sparse": pd.Series(pd.arrays.SparseArray(VALUES), DAYS),
    **{
        kind: pd.Series(VALUES, DAYS).astype(kind)
        for kind in ("Int64", "Float32", "boolean", "int64[pyarrow]", "double[pyarrow]", "bool[pyarrow]")
    },
    "Arrow decimal": pd.Series(VALUES, DAYS).astype(pd.ArrowDtype(pyarrow.decimal128(5, 2))),
    "polars": polars.Series("y", VALUES),
    "polars int": polars.Series("y", VALUES).cast(polars.Int8),
    "polars bool": polars.Series("y", VALUES).cast(polars.Boolean),
    "polars decimal": polars.Series("y", VALUES).cast(polars.Decimal(5, 2)),
}


@pytest.mark.parametrize("name", FORECASTERS)
@pytest.mark.parametrize("series", SERIES.values(), ids=SERIES)
def test_series_of_any_type_are_the_same_series(series, name):
    assert_array_equal(FORECASTERS[name]().fit(series).predict().to_numpy(), FORECASTS[name])


@pytest.mark.parametrize(
    ("series", "message"),
    [
        (pd.Series(VALUES, DAYS).astype(str), "data must hold numbers, got (str|object) such as '0.0'"),
        (pd.Series(VALUES, DAYS).astype("category"), "data must hold numbers, got category such as"),
        (pd.Series(VALUES, DAYS).astype(complex), "data must hold numbers, got complex128"),
        (pd.Series(DAYS, DAYS), "data must hold numbers, got datetime64"),
        (pd.Series([None, *VALUES[1:]], DAYS, dtype="Int64"), "the target must have no missing values"),
        (polars.Series("y", [None, *VALUES[1:]]), "the target must have no missing values"),
        (polars.Series("y", VALUES).cast(polars.String), "data must hold numbers"),
    ],
)
def test_series_that_are_no_numbers_are_named(series, message):
    for make in FORECASTERS.values():
        with pytest.raises(ValueError, match=message):
            make().fit(series)


@pytest.mark.parametrize("data", [VALUES, VALUES.tolist(), {"y": VALUES}, pyarrow.array(VALUES), None, 3])
def test_a_forecaster_needs_a_frame(data):
    with pytest.raises(TypeError, match="data must be a Series or DataFrame of pandas or polars, got"):
        forecaster().fit(data)


TIMES = {
    "days": (DAYS, pd.Timestamp("2024-04-18")),
    "seconds": (DAYS.as_unit("s"), pd.Timestamp("2024-04-18")),
    "nanoseconds": (DAYS.as_unit("ns"), pd.Timestamp("2024-04-18")),
    "a zone whose clock changes on 31 March": (
        DAYS.tz_localize("Europe/Berlin"),
        pd.Timestamp("2024-04-18", tz="Europe/Berlin"),
    ),
    "hours over the change of the clock": (
        pd.date_range("2024-03-30", periods=48, freq="h", tz="Europe/Berlin"),
        pd.Timestamp("2024-04-01 01:00", tz="Europe/Berlin"),
    ),
    "hours over the change back": (
        pd.date_range("2024-10-26", periods=48, freq="h", tz="Europe/Berlin"),
        pd.Timestamp("2024-10-27 23:00", tz="Europe/Berlin"),
    ),
    "Arrow": (pd.Index(pd.Series(DAYS).astype("timestamp[ns][pyarrow]")), pd.Timestamp("2024-04-18")),
    "strings": (DAYS.strftime("%Y-%m-%d"), pd.Timestamp("2024-04-18")),
    "dates": (pd.Index([day.date() for day in DAYS]), pd.Timestamp("2024-04-18")),
    "periods": (DAYS.to_period("D"), pd.Period("2024-04-18", "D")),
    "months": (pd.period_range("2000-01", periods=48, freq="M"), pd.Period("2004-01", "M")),
    "integers": (pd.RangeIndex(48), 48),
    "integers by five": (pd.Index(np.arange(48) * 5 - 100), 140),
    "small integers": (pd.Index(np.arange(48, dtype=np.uint8)), 48),
    "nullable integers": (pd.Index(pd.array(np.arange(48), dtype="Int64")), 48),
    "whole numbers": (pd.Index(np.arange(48.0)), 48),
    "very large integers": (pd.Index(np.arange(48) + 2**62), 2**62 + 48),
}


@pytest.mark.parametrize("name", FORECASTERS)
@pytest.mark.parametrize(("times", "following"), TIMES.values(), ids=TIMES)
def test_times_of_any_kind_go_on(times, following, name):
    forecast = FORECASTERS[name]().fit(pd.Series(VALUES, times)).predict()
    assert_array_equal(forecast.to_numpy(), FORECASTS[name])
    assert forecast.index[0] == following


@pytest.mark.parametrize("name", FORECASTERS)
@pytest.mark.parametrize("times", [entry[0] for entry in TIMES.values()], ids=TIMES)
def test_rows_in_any_order_are_put_in_order_of_time(times, name):
    shuffled = pd.Series(VALUES, times).iloc[np.random.default_rng(0).permutation(48)]
    assert_array_equal(FORECASTERS[name]().fit(shuffled).predict().to_numpy(), FORECASTS[name])


@pytest.mark.parametrize(
    ("times", "message"),
    [
        (
            DAYS[[0, 0, *range(2, 48)]],
            "data must have one row for each time of a series, got 1 too many: .* 2024-03-01",
        ),
        (DAYS[:-1].append(pd.DatetimeIndex([pd.NaT])), "must hold a time in every row, got a missing one in row 47"),
        (pd.timedelta_range(0, periods=48, freq="D"), "must hold datetimes, periods or integers, got timedelta64"),
        (
            pd.Index([f"day {k}" for k in range(48)]),
            "must hold dates, all written alike and with their year, got 'day 0'",
        ),
        (pd.Index(np.arange(48) > 5), "must hold datetimes, periods or integers, got boolean"),
        (pd.Index(np.arange(48) + 0.5), "must hold whole numbers or datetimes, got 0.5"),
        (pd.MultiIndex.from_product([["a"], DAYS]), "must hold datetimes, periods or integers"),
    ],
)
def test_times_that_cannot_be_read_are_named(times, message):
    for make in FORECASTERS.values():
        with pytest.raises(ValueError, match=message):
            make().fit(pd.Series(VALUES, times))


def test_gaps_are_told():
    times = DAYS[:-1].append(DAYS[-1:] + pd.Timedelta("3D"))
    with pytest.warns(IrregularTimesWarning, match="the times have gaps"):
        forecaster().fit(pd.Series(VALUES, times))


@pytest.mark.parametrize("times", [entry[0] for entry in TIMES.values()], ids=TIMES)
def test_windows_go_on_from_the_fitted_block_whatever_its_times(times):
    frame = pd.DataFrame({"x": np.arange(48.0)}, times)
    windows = SlidingWindow(3).fit(frame[:40]).transform(frame[40:])
    # Times that are known as such have a history; what only reads like one, as strings do, is padded.
    known = isinstance(times, pd.DatetimeIndex | pd.PeriodIndex) or times.dtype.kind in "iu"
    assert_array_equal(windows[0, :, 0], [38, 39, 40] if known and times.dtype != object else [40, 40, 40])


def test_windows_refuse_times_that_go_back_and_take_those_that_stand_still():
    frame = pd.DataFrame({"x": np.arange(48.0)}, DAYS)
    with pytest.raises(ValueError, match="X must be in time order"):
        SlidingWindow(3).fit(frame[::-1])
    assert_array_equal(SlidingWindow(3).fit_transform(frame.iloc[[0, 1, 1, 2]])[3, :, 0], [1, 1, 2])


# --- texts ----------------------------------------------------------------------------------------------------------

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
