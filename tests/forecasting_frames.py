"""Small frames shared by the tests of the forecaster."""

import numpy as np
import pandas as pd

NAN = np.nan


def days(n, start="2024-01-01"):
    return pd.date_range(start, periods=n, freq="D")


def long_frame():
    """Two series, "b" before "a", of 4 and 3 days, with a covariate of each kind."""
    return pd.DataFrame(
        {
            "unique_id": list("bbbbaaa"),
            "ds": [*days(4), *days(3, "2024-01-03")],
            "y": [1.0, 2, 3, 4, 10, 20, 30],
            "visits": [5, 6, 7, 8, 9, 10, 11],
            "promo": [True, False, False, True, True, True, False],
            "weather": ["sun", "rain", "sun", "snow", "sun", "sun", "rain"],
            "city": ["Rome"] * 4 + ["Oslo"] * 3,
        }
    )


def wide_frame():
    return pd.DataFrame({"x": [1.0, 2, 3, 4], "z": [5, 6, 7, 8]}, index=days(4).rename("day"))


def series_of(panel):
    """The values of each series, by id."""
    return {key: panel.values[panel.offsets[k] : panel.offsets[k + 1]].tolist() for k, key in enumerate(panel.ids)}


def write_two(schema, panel, columns=("y_pred",)):
    """Two steps ahead of each series: 0, 1, 2, ... in the first column, 10 more in the next."""
    numbers = np.arange(2.0 * panel.n_series)
    written = {name: numbers + 10 * k for k, name in enumerate(columns)}
    return schema.write(panel.ids, schema.future_times(panel, 2), written, np.full(panel.n_series, 2))
