"""Files in the form of the public data sets."""

import numpy as np
import pandas as pd
import pytest


@pytest.fixture
def folder(tmp_path):
    """Files in the form of the public ones: two series of hours, and seven columns of two years."""
    rng = np.random.default_rng(0)
    lengths = (700, 960)
    wave = [100 + 10 * np.sin(np.arange(n + 48) * np.pi / 12) + rng.normal(size=n + 48) for n in lengths]
    for name, parts in [
        ("m4-hourly-train.csv", [one[:n] for one, n in zip(wave, lengths)]),
        ("m4-hourly-test.csv", [one[n:] for one, n in zip(wave, lengths)]),
    ]:
        pd.concat([pd.Series(part) for part in parts], axis=1, keys=["H1", "H2"]).T.to_csv(tmp_path / name)
    hours = pd.date_range("2016-07-01", periods=14_500, freq="h", name="date")
    pd.DataFrame(rng.normal(3.0, 2.0, (14_500, 7)), hours, columns=list("abcdefg")).to_csv(tmp_path / "ETTh1.csv")
    return tmp_path
