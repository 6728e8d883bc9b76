"""Table files: CSV as written by programs and spreadsheets, and Parquet."""

from __future__ import annotations

import csv
import gzip
import re
import warnings
import zlib
from collections.abc import Iterable
from io import BytesIO, StringIO
from itertools import islice
from pathlib import Path
from typing import Any

import pandas as pd

from tsl.cli.files import STDIN, STDOUT, decode, read_bytes, title_of, write_bytes

SUFFIXES = (".csv", ".csv.gz", ".parquet")
GZIP, PARQUET = b"\x1f\x8b", b"PAR1"  # the first bytes of these formats
SEPARATORS = (",", ";", "\t")
SAMPLE_ROWS = 20  # which a separator should split into the same number of fields each

_EXPONENT = r"([eE][+-]?\d+)?"
_DECIMAL_COMMA = re.compile(rf"[+-]?(\d+|\d{{1,3}}(\.\d{{3}})+)(,\d+)?{_EXPONENT}")  # 1.234,5
_DECIMAL_POINT = re.compile(rf"[+-]?(\d+|[1-9]\d{{0,2}}(,\d{{3}})+)(\.\d+)?{_EXPONENT}")  # 1,234.5


class TableFile:
    """Table in a file or on standard input, which is read once.

    Parameters
    ----------
    path : Path
        The file; ``-`` for standard input, whose first bytes determine the format.
    sep : str or None
        The field separator of a CSV file; None: inferred from its first lines.
    decimal : {",", "."} or None
        The decimal separator of a CSV file; None: inferred for each column.

    Raises
    ------
    ValueError
        If the file cannot be read.
    """

    def __init__(self, path: Path, sep: str | None = None, decimal: str | None = None) -> None:
        if decimal not in (None, ",", "."):
            raise ValueError(f"--decimal must be a comma or a point, got {decimal!r}")
        self._title = title_of(path)
        self._kind = ".csv" if path == STDIN else kind_of(path)
        self._content = read_bytes(path)
        self._decimal = decimal
        if self._content.startswith(PARQUET):
            self._kind = ".parquet"
        if self._kind == ".parquet":
            return
        self._text = decode(self._unpacked(), self._title)
        self._sep = guess_separator(self._text) if sep is None else _checked_separator(sep)

    def read(self) -> pd.DataFrame:
        """Return the table."""
        table = self._read_parquet() if self._kind == ".parquet" else self._read_csv()
        if table.shape[1] < 2:
            raise ValueError(
                f"{self._title} must have columns for the time and the target, separated by commas, semicolons or "
                f"tabs, got the column {table.columns[0]!r}: use --sep for another separator"
            )
        if table.empty:
            raise ValueError(f"{self._title} has no rows below its header {', '.join(map(str, table.columns))}")
        return table

    def as_written(self, table: pd.DataFrame, names: Iterable[str]) -> pd.DataFrame:
        """Return the table with these columns as the original strings of the CSV file.

        pandas would convert "007" to 7, "12E3" to 12000.0 and "NA" to a missing value. Parquet has its own types.
        """
        names = list(dict.fromkeys(names))
        if not names or self._kind == ".parquet":
            return table
        places = [table.columns.get_loc(name) for name in names]
        texts = self._parse(usecols=places, dtype=str, keep_default_na=False, na_values=[""])
        return table.assign(**{name: texts[name] for name in names})

    def _unpacked(self) -> bytes:
        if not self._content.startswith(GZIP):
            return self._content
        try:
            return gzip.decompress(self._content)
        except (OSError, EOFError, zlib.error) as error:
            raise ValueError(f"{self._title} is damaged: {error}") from None

    def _read_parquet(self) -> pd.DataFrame:
        try:
            table = pd.read_parquet(BytesIO(self._content))
        except ImportError:
            raise ValueError(f"{self._title} needs pyarrow: python -m pip install pyarrow") from None
        except (OSError, ValueError) as error:  # pyarrow has subclasses of both
            reason = " ".join(str(error).split())
            raise ValueError(f"{self._title} cannot be read as a .parquet file: {reason}") from None
        return table if table.index.names == [None] else table.reset_index()

    def _read_csv(self) -> pd.DataFrame:
        if not self._text.strip():
            raise ValueError(f"{self._title} is empty")
        try:
            table = self._parse()
        except (pd.errors.EmptyDataError, pd.errors.ParserError, pd.errors.ParserWarning) as error:
            reason = " ".join(str(error).split())
            raise ValueError(f"{self._title} cannot be read as a .csv file: {reason}") from None
        return with_numbers(table, self._decimal, self._title)

    def _parse(self, **options: Any) -> pd.DataFrame:
        """Parse CSV; refuse rows with more fields than the header, for which pandas would shift all columns."""
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)
            return pd.read_csv(StringIO(self._text), sep=self._sep, index_col=False, **options)


def guess_separator(text: str) -> str:
    """Return the separator that splits the first rows of a CSV file into the most fields, equally many in each row."""
    widths = {sep: _widths(text, sep) for sep in SEPARATORS}
    even = [sep for sep in SEPARATORS if widths[sep] and min(widths[sep]) == max(widths[sep]) > 1]
    # rows of unequal length will raise an error that names the line: use the header
    return max(even or SEPARATORS, key=lambda sep: widths[sep][0] if widths[sep] else 0)


def _widths(text: str, sep: str) -> list[int]:
    """Return the numbers of fields of the first rows."""
    rows = csv.reader(StringIO(text, newline=""), delimiter=sep)
    try:
        return [len(fields) for fields in islice(rows, SAMPLE_ROWS) if fields]
    except csv.Error:  # an overlong field
        return []


def with_numbers(table: pd.DataFrame, decimal: str | None, title: str) -> pd.DataFrame:
    """Return the table with columns of strings such as 3,5 or 1.234,5 or 1,234.5 converted to numbers.

    Raises
    ------
    ValueError
        If a column is ambiguous, the other columns do not resolve it, and `decimal` is None.
    """
    found = {name: _separators_of(table[name]) for name in table.columns if is_text(table[name])}
    sure = {marks for marks in found.values() if len(marks) == 1}
    numbers = {}
    for name, marks in found.items():
        if decimal is not None:
            marks = decimal if decimal in marks else ""
        elif len(marks) == 2 and len(sure) == 1:  # as in the other columns of the table
            marks = next(iter(sure))
        if len(marks) == 2:
            value = next(value for value in table[name].dropna() if "," in value)
            raise ValueError(
                f"column {name!r} of {title} holds {value!r}, a decimal number or one with thousands separators: "
                f"say which with --decimal , or --decimal ."
            )
        if marks:
            plain = table[name].str.strip().str.replace("." if marks == "," else ",", "")
            numbers[name] = pd.to_numeric(plain.str.replace(",", "."))
    return table.assign(**numbers)


def _separators_of(column: pd.Series) -> str:
    """Return the decimal separators with which all strings of a column are numbers; none unless one has a comma."""
    texts = [str(text).strip() for text in column.dropna().unique()]
    if not any("," in text for text in texts):
        return ""
    forms = ((",", _DECIMAL_COMMA), (".", _DECIMAL_POINT))
    return "".join(mark for mark, form in forms if all(form.fullmatch(text) for text in texts))


def is_text(column: pd.Series) -> bool:
    """Return whether a column holds strings or categories."""
    # in pandas 2, `is_string_dtype` is false for strings with missing values
    return isinstance(column.dtype, pd.CategoricalDtype) or pd.api.types.infer_dtype(column, skipna=True) == "string"


def write_table(table: pd.DataFrame, path: Path) -> None:
    """Write a CSV or Parquet file completely or not at all; ``-`` is CSV on standard output."""
    if path != STDOUT and kind_of(path) == ".parquet":
        packed = BytesIO()
        try:
            table.to_parquet(packed, index=False)
        except ImportError:
            raise ValueError(f"{path} needs pyarrow: python -m pip install pyarrow, or name a .csv file") from None
        write_bytes(path, packed.getvalue())
        return
    content = table.to_csv(index=False, lineterminator="\n").encode()
    write_bytes(path, gzip.compress(content) if path.name.lower().endswith(".gz") else content)


def kind_of(path: Path) -> str:
    """Return the suffix that determines the format of a file.

    Raises
    ------
    ValueError
        If the suffix is not supported.
    """
    for suffix in SUFFIXES:
        if path.name.lower().endswith(suffix):
            return suffix
    raise ValueError(f"files must end in {', '.join(SUFFIXES)}, got {path.name}")


def _checked_separator(sep: str) -> str:
    sep = {"tab": "\t", "\\t": "\t"}.get(sep, sep)
    if len(sep) != 1 or sep in '"\r\n':
        raise ValueError(f"--sep must be one character, or tab, got {sep!r}")
    return sep
