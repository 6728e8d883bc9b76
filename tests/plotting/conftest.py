"""Plots are drawn without a display and closed after each test."""

import contextlib
import sys

import pytest

with contextlib.suppress(ImportError):  # an extra, without which the tests are skipped
    import matplotlib as mpl

    mpl.use("agg")


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")
