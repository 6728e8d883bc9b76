"""Files of the command line: reading, guessing, writing."""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

pytest.importorskip("typer", reason="the command line is an extra")

from tsl.cli.tables import Columns, as_written, check_outputs, guess_columns, read_table, with_stamps, write_table

DAYS = pd.date_range("2024-01-01", periods=3)
ONE = pd.DataFrame({"when": DAYS.astype(str), "price": [1.0, 2.0, 3.0]})
MANY = pd.concat([ONE.assign(shop=name) for name in ("north", "south")], ignore_index=True)
YEARS = pd.DataFrame({"year": [2000, 2001], "spots": [1, 2]})
USUAL = pd.DataFrame({"unique_id": ["a", "b"], "ds": [1, 1], "y": [1.0, 2.0], "x": [1.0, 2.0]})


@pytest.mark.parametrize("name", ["table.csv", "table.csv.gz", "table.parquet"])
def test_what_is_written_is_read(tmp_path, name):
    if name.endswith("parquet"):
        pytest.importorskip("pyarrow", reason="Parquet files need it")
    write_table(MANY, tmp_path / name)
    assert_frame_equal(read_table(tmp_path / name), MANY)


def test_index_of_a_parquet_file_is_a_column(tmp_path):
    pytest.importorskip("pyarrow", reason="Parquet files need it")
    ONE.set_index("when").to_parquet(tmp_path / "table.parquet")
    assert_frame_equal(read_table(tmp_path / "table.parquet"), ONE)


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        (ONE, Columns("when", "price", None)),
        (ONE.assign(when=DAYS), Columns("when", "price", None)),
        (MANY, Columns("when", "price", "shop")),
        (MANY.assign(shop=MANY["shop"].astype("category")), Columns("when", "price", "shop")),
        (YEARS, Columns("year", "spots", None)),
        (USUAL, Columns("ds", "y", "unique_id")),
    ],
)
def test_the_only_choice_is_taken(table, expected):
    assert guess_columns(table) == expected


def test_what_is_named_is_no_longer_a_choice():
    table = MANY.assign(volume=1.0, born="1999-01-01", city="Bern")
    assert guess_columns(table, time="when", id_col="shop", target="volume") == Columns("when", "volume", "shop")
    assert guess_columns(table, time="when", id_col="shop", past=("volume",)) == Columns("when", "price", "shop")
    future = pd.DataFrame({"when": ["2024-01-04"], "shop": "north", "volume": 2.0})
    found = guess_columns(table, time="when", id_col="shop", future=future)
    assert found == Columns("when", "price", "shop", ("volume",))


@pytest.mark.parametrize(
    ("table", "options", "message"),
    [
        (ONE.assign(born="1999-01-01"), {}, "--time must name the column of times: choose from when, born"),
        (YEARS.rename(columns={"year": "k"}), {}, "--time must name the column of times: choose from k, spots"),
        (ONE.assign(volume=1.0), {}, "--target must name the column to forecast: choose from price, volume"),
        (ONE.assign(price="dear"), {}, "--target must name the column to forecast: choose from none"),
        (
            MANY.assign(city="Bern"),
            {},
            "--id must name the column of series, since times repeat: choose from shop, city",
        ),
        (MANY.drop(columns="shop"), {}, "--id must name the column of series, since times repeat: choose from price"),
        (ONE, {"target": "cost"}, "--target must be a column of the file, which has when, price, got 'cost'"),
        (ONE, {"past": ("cost",)}, "--past must be a column of the file"),
        (ONE, {"future": ONE.assign(x=1)}, "known ahead must be known before, too: the file has no column x"),
    ],
)
def test_what_cannot_be_guessed_is_asked_for(table, options, message):
    with pytest.raises(ValueError, match=message):
        guess_columns(table, **options)


def test_texts_become_stamps_and_numbers_stay():
    assert with_stamps(ONE, "when")["when"].tolist() == DAYS.tolist()
    assert_frame_equal(with_stamps(YEARS, "year"), YEARS)
    summer = pd.DataFrame({"t": ["2024-03-31 00:00+01:00", "2024-03-31 03:00+02:00"], "y": 1.0})  # two hours later
    assert np.diff(with_stamps(summer, "t")["t"]) == pd.Timedelta("2h")
    with pytest.raises(
        ValueError, match="column 'when' must hold dates, all written alike .* got 'soon': say which with"
    ):
        with_stamps(ONE.assign(when="soon"), "when")
    with pytest.raises(ValueError, match="the times in 'when' must be dates in the format '%d.%m.%Y', got 2024-01-01"):
        with_stamps(ONE, "when", "%d.%m.%Y")


def test_dates_that_can_be_read_in_two_ways_are_still_those_of_the_time_column():
    table = ONE.assign(when=["01.02.2024", "02.02.2024", "03.02.2024"], note=["a", "b-1", "c"])
    assert guess_columns(table) == Columns("when", "price", None)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("table.txt", "a,b", "files must end in .csv, .csv.gz, .parquet, got table.txt"),
        ("none.csv", None, "there is no file .*none.csv"),
        ("empty.csv", "", "empty.csv cannot be read as a .csv file: No columns to parse"),
        ("headers.csv", "a,b\n", r"must have rows, with columns separated by commas .* got 0 rows of \['a', 'b'\]"),
        ("semicolons.csv", "a;b\n1;2\n", r"columns separated by commas .* got 1 rows of \['a;b'\]"),
        ("ragged.csv", "a,b\n1,2\n1,2,3\n", "ragged.csv cannot be read as a .csv file: .*Expected 2 fields in line 3"),
        ("longer.csv", "a,b\n1,2,3\n4,5,6\n", "longer.csv cannot be read as a .csv file: Length of header or names"),
        ("latin.csv", b"a,\xe9\n1,2\n", "latin.csv cannot be read as a .csv file: .*utf-8"),
    ],
)
def test_unreadable_files_are_one_clear_error(tmp_path, name, content, message):
    if content is not None:
        (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ValueError, match=message):
        read_table(tmp_path / name)


def test_outputs_are_checked_before_anything_takes_long(tmp_path):
    check_outputs(None, None)
    check_outputs(tmp_path / "a.csv", tmp_path / "b.png")
    with pytest.raises(ValueError, match=r"files must end in .csv, .csv.gz, .parquet, got a.xlsx"):
        check_outputs(tmp_path / "a.xlsx", None)
    with pytest.raises(ValueError, match=r"there is no folder .*nowhere to write b.png to"):
        check_outputs(None, tmp_path / "nowhere" / "b.png")
    with pytest.raises(ValueError, match=r"is a folder: name a file"):
        check_outputs(None, tmp_path)


IDS = st.lists(
    st.one_of(
        st.sampled_from(
            ["007", "7", "12E3", "NA", "None", "null", "nan", "True", "1.50", "-0", "+1", "1_0", " a ", "é"]
        ),
        st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=4),
    ),
    min_size=1,
    max_size=5,
    unique=True,
)


@given(IDS)
def test_ids_are_text_as_written(ids):
    table = pd.concat([ONE.assign(shop=name, cost=1) for name in ids])
    with TemporaryDirectory() as folder:
        path = Path(folder) / "table.csv"
        table.to_csv(path, index=False)
        read = read_table(path)
        found = as_written(read, path, ["shop"])
    assert found["shop"].tolist() == table["shop"].tolist()
    assert_frame_equal(found.drop(columns="shop"), read.drop(columns="shop"))


def test_only_what_is_empty_is_a_missing_text(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text('shop,price,shop\n007,1,NA,\n,2,"007",\n"",3,n/a,\n', encoding="utf-8")
    found = as_written(read_table(path), path, ["shop.1", "shop"])
    assert found["shop.1"].tolist() == ["NA", "007", "n/a"]
    assert found["shop"].fillna("-").tolist() == ["007", "-", "-"]
    assert found["price"].tolist() == [1, 2, 3]
    assert as_written(found, path, []) is found
