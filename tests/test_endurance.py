"""Many fits leave nothing behind. `benchmarks/endurance.py` runs 10,000 of them."""

import gc
import tracemalloc

import pytest

from benchmarks.endurance import REPEATED


@pytest.mark.long
@pytest.mark.parametrize("kind", REPEATED)
def test_fits_and_predictions_leave_nothing_behind(kind):
    cycle = REPEATED[kind]()
    cycle()
    tracemalloc.start()
    try:
        for _ in range(60):  # what NumPy and Python keep to use again comes up to some level, ever more slowly
            cycle()
        before = traced()
        for _ in range(30):
            cycle()
        grown = traced() - before
    finally:
        tracemalloc.stop()
    # weights, their moments and a history have more than 1,000 bytes; the level still rises by half of this
    assert grown < 30 * 1000


def traced():
    """Bytes that Python and NumPy hold."""
    gc.collect()
    return tracemalloc.get_traced_memory()[0]
