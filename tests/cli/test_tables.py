"""Tables of the command line: the roles of columns, and times."""

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

pytest.importorskip("typer", reason="the command line is an extra")

from tsl.cli.tables import Columns, guess_columns, with_stamps

DAYS = pd.date_range("2024-01-01", periods=3)
ONE = pd.DataFrame({"when": DAYS.astype(str), "price": [1.0, 2.0, 3.0]})
MANY = pd.concat([ONE.assign(shop=name) for name in ("north", "south")], ignore_index=True)
YEARS = pd.DataFrame({"year": [2000, 2001], "spots": [1, 2]})
USUAL = pd.DataFrame({"unique_id": ["a", "b"], "ds": [1, 1], "y": [1.0, 2.0], "x": [1.0, 2.0]})


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
            ONE.assign(price="dear"),
            {"target": "price"},
            "must name a column of numbers, got 'price', which holds 'dear'",
        ),
        (ONE, {"target": "when"}, "--target must name a column of numbers, got 'when', which holds '2024-01-01'"),
        (
            MANY.assign(city="Bern"),
            {},
            "--id must name the column of series, since times repeat: choose from shop, city",
        ),
        (MANY.drop(columns="shop"), {}, "--id must name the column of series, since times repeat: choose from price"),
        (ONE, {"target": "cost"}, "--target must be a column of the file, which has when, price, got 'cost'"),
        (ONE, {"past": ("cost",)}, "--past must be a column of the file"),
        (ONE, {"target": "Prise"}, "which has when, price, got 'Prise': did you mean 'price'?"),
        (ONE.join(pd.DataFrame({f"x{k}": [1] for k in range(20)})), {"time": "day"}, "x9, and 10 more, got 'day'"),
        (ONE, {"future": ONE.assign(x=1)}, "covariates known ahead must also be in the file, which has no column x"),
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
        ValueError, match="column 'when' must hold dates, all in the same format .* got 'soon': say which with"
    ):
        with_stamps(ONE.assign(when="soon"), "when")
    with pytest.raises(ValueError, match="the times in 'when' must be dates in the format '%d.%m.%Y', got 2024-01-01"):
        with_stamps(ONE, "when", "%d.%m.%Y")


def test_dates_that_can_be_read_in_two_ways_are_still_those_of_the_time_column():
    table = ONE.assign(when=["01.02.2024", "02.02.2024", "03.02.2024"], note=["a", "b-1", "c"])
    assert guess_columns(table) == Columns("when", "price", None)
