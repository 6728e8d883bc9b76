"""Files of the command line: reading and writing tables."""

import gzip
import sys
from io import BytesIO, TextIOWrapper
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

pytest.importorskip("typer", reason="the command line is an extra")

from tsl.cli.files import check_outputs
from tsl.cli.table_files import TableFile, guess_separator, write_table

DAYS = pd.date_range("2024-01-01", periods=3)
ONE = pd.DataFrame({"when": DAYS.astype(str), "price": [1.0, 2.0, 3.0]})
MANY = pd.concat([ONE.assign(shop=name) for name in ("north", "south")], ignore_index=True)


def table_of(path, content=None, **options):
    """What is read from a file of this content."""
    if content is not None:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return TableFile(path, **options).read()


@pytest.mark.parametrize("name", ["table.csv", "table.csv.gz", "table.parquet"])
def test_what_is_written_is_read(tmp_path, name):
    if name.endswith("parquet"):
        pytest.importorskip("pyarrow", reason="Parquet files need it")
    write_table(MANY, tmp_path / name)
    assert_frame_equal(table_of(tmp_path / name), MANY)


def test_index_of_a_parquet_file_is_a_column(tmp_path):
    pytest.importorskip("pyarrow", reason="Parquet files need it")
    ONE.set_index("when").to_parquet(tmp_path / "table.parquet")
    assert_frame_equal(table_of(tmp_path / "table.parquet"), ONE)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("table.txt", "a,b", "files must end in .csv, .csv.gz, .parquet, got table.txt"),
        ("none.csv", None, "there is no file .*none.csv"),
        ("empty.csv", "", "empty.csv is empty"),
        ("blank.csv", "\n \n", "blank.csv is empty"),
        ("damaged.csv.gz", gzip.compress(b"a,b", mtime=0)[:-3], "damaged.csv.gz is damaged: Compressed file ended"),
        ("text.parquet", "PAR", "text.parquet cannot be read as a .parquet file: "),
        ("headers.csv", "a,b\n", "headers.csv has no rows below its header a, b"),
        ("alone.csv", "a\n1\n", "must have columns for the time and the target, .* got the column 'a'"),
        ("ragged.csv", "a,b\n1,2\n1,2,3\n", "ragged.csv cannot be read as a .csv file: .*Expected 2 fields in line 3"),
        ("longer.csv", "a,b\n1,2,3\n4,5,6\n", "longer.csv cannot be read as a .csv file: Length of header or names"),
        ("latin.csv", b"a,\xe9\n1,2\n", "latin.csv is not UTF-8: byte 0xe9 at position 2; .*iconv"),
    ],
)
def test_unreadable_files_are_one_clear_error(tmp_path, name, content, message):
    with pytest.raises(ValueError, match=message):
        table_of(tmp_path / name, content)


@pytest.mark.parametrize("sep", [",", ";", "\t"])
@pytest.mark.parametrize("pack", [lambda text: text.encode(), lambda text: gzip.compress(text.encode("utf-8-sig"))])
def test_separators_are_inferred(tmp_path, sep, pack):
    text = MANY.assign(note=["a, b; c", "plain"] * 3).to_csv(index=False, sep=sep)
    assert_frame_equal(table_of(tmp_path / "table.csv", pack(text)).drop(columns="note"), MANY)


def test_a_separator_that_cuts_all_rows_alike_is_better_than_one_of_the_header():
    assert guess_separator("day;sold, net\n01.02.2024;3,5\n") == ","  # as many fields by both: the usual one
    assert guess_separator("day;sold, net;x\n01.02.2024;3,5;1\n") == ";"
    assert guess_separator("day,sold\n1;2\n3;4\n") == ","


def test_another_separator_can_be_named(tmp_path):
    path, text = tmp_path / "table.csv", MANY.to_csv(index=False, sep="|")
    assert_frame_equal(table_of(path, text, sep="|"), MANY)
    with pytest.raises(ValueError, match=r"commas, semicolons or tabs, got the column 'when.price.shop': .* --sep"):
        table_of(path, text)
    for sep in ("", "||", '"'):
        with pytest.raises(ValueError, match="--sep must be one character, or tab, got"):
            table_of(path, text, sep=sep)
    assert_frame_equal(table_of(path, MANY.to_csv(index=False, sep="\t"), sep="tab"), MANY)


@pytest.mark.parametrize(
    ("written", "numbers"),
    [
        (["3,5", "-4,25", ""], [3.5, -4.25, None]),
        (["1.234,5", "999", "1e3,5"], ["1.234,5", "999", "1e3,5"]),  # the last one is no number
        (["1.234,5", "999", "2,5e3"], [1234.5, 999, 2500]),
        (["1,234.5", "999", "12,345,678.0"], [1234.5, 999, 12345678]),
        (["0,125", "1,250", "2,375"], [0.125, 1.25, 2.375]),
        (["1,25", "1.5", "x"], ["1,25", "1.5", "x"]),
    ],
)
def test_decimal_commas_and_thousands_are_inferred(tmp_path, written, numbers):
    text = pd.DataFrame({"day": ["01.02.2024", "02.02.2024", "03.02.2024"], "sold": written}).to_csv(
        index=False, sep=";"
    )
    found = table_of(tmp_path / "table.csv", text)
    assert_frame_equal(found[["sold"]], pd.DataFrame({"sold": numbers}), check_dtype=False)
    assert found["day"].tolist() == ["01.02.2024", "02.02.2024", "03.02.2024"]


def test_numbers_that_can_be_read_in_two_ways_are_asked_about(tmp_path):
    path, text = tmp_path / "table.csv", "day;sold;cost\n1;1,234;{}\n2;2,500;{}\n"
    with pytest.raises(ValueError, match=r"column 'sold' of .*table.csv holds '1,234', .*--decimal , or --decimal \."):
        table_of(path, text.format(7, 8))
    assert table_of(path, text.format(7, 8), decimal=",")["sold"].tolist() == [1.234, 2.5]
    assert table_of(path, text.format(7, 8), decimal=".")["sold"].tolist() == [1234, 2500]
    assert table_of(path, text.format("3,5", "4"))["sold"].tolist() == [1.234, 2.5]  # as the other column
    assert table_of(path, text.format("1,000.5", "4"))["sold"].tolist() == [1234, 2500]
    assert table_of(path, text.format("3,5", "4"), decimal=".")["cost"].tolist() == ["3,5", "4"]
    with pytest.raises(ValueError, match="--decimal must be a comma or a point, got '_'"):
        table_of(path, decimal="_")


def test_utf_16_with_tabs_is_what_spreadsheets_call_text(tmp_path):
    assert_frame_equal(table_of(tmp_path / "table.csv", MANY.to_csv(index=False, sep="\t").encode("utf-16")), MANY)


@pytest.mark.parametrize("name", ["table.csv", "table.csv.gz", "table.parquet"])
def test_standard_input_says_what_it_is(tmp_path, monkeypatch, name):
    if name.endswith("parquet"):
        pytest.importorskip("pyarrow", reason="Parquet files need it")
    write_table(MANY, tmp_path / name)
    monkeypatch.setattr(sys, "stdin", TextIOWrapper(BytesIO((tmp_path / name).read_bytes())))
    assert_frame_equal(table_of(Path("-")), MANY)


def test_a_table_is_written_as_a_whole_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / "table.csv"
    path.write_text("before", encoding="utf-8")

    def interrupt(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr("os.fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_table(MANY, path)
    assert [(one.name, one.read_text(encoding="utf-8")) for one in tmp_path.iterdir()] == [("table.csv", "before")]


def test_outputs_are_checked_before_anything_takes_long(tmp_path):
    old, new = tmp_path / "old.csv", tmp_path / "new.csv"
    old.touch()
    check_outputs({"--out": None, "--plot": Path("-")}, [None, old], force=False)
    check_outputs({"--out": new, "--plot": tmp_path / "b.png"}, [old], force=False)
    check_outputs({"--out": old}, [new], force=True)
    for files, inputs, force, message in [
        ({"--out": old}, [], False, r"old.csv already exists: name another file with --out, or .* with --force"),
        ({"--out": old}, [old], True, r"old.csv is the input file: name another file with --out"),
        ({"--out": new, "--plot": new}, [], True, "--out and --plot must name two files, got .*new.csv for both"),
        ({"--plot": tmp_path}, [], True, "is a folder: name another file with --plot"),
    ]:
        with pytest.raises(ValueError, match=message):
            check_outputs(files, inputs, force=force)
    with pytest.raises(ValueError, match=r"there is no folder .*nowhere to write b.png to"):
        check_outputs({"--plot": tmp_path / "nowhere" / "b.png"}, [], force=False)
    if Path("/dev/null").exists():
        with pytest.raises(ValueError, match="/dev/null exists and is not a file"):
            check_outputs({"--out": Path("/dev/null")}, [], force=True)


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
        file = TableFile(path)
        read = file.read()
        found = file.as_written(read, ["shop"])
    assert found["shop"].tolist() == table["shop"].tolist()
    assert_frame_equal(found.drop(columns="shop"), read.drop(columns="shop"))


def test_only_what_is_empty_is_a_missing_text(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text('shop,price,shop\n007,1,NA,\n,2,"007",\n"",3,n/a,\n', encoding="utf-8")
    file = TableFile(path)
    found = file.as_written(file.read(), ["shop.1", "shop"])
    assert found["shop.1"].tolist() == ["NA", "007", "n/a"]
    assert found["shop"].fillna("-").tolist() == ["007", "-", "-"]
    assert found["price"].tolist() == [1, 2, 3]
    assert file.as_written(found, []) is found
