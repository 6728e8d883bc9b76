"""The series on which the memory of training is measured."""

from __future__ import annotations

from typing import Any

import numpy as np

WARM_UP_ROWS = 2000


def make_series(n_rows: int) -> np.ndarray:
    """Return a wave with noise, (n_rows,) in float32."""
    rng = np.random.default_rng(0)
    series = 0.1 * rng.standard_normal(n_rows, dtype=np.float32)
    series += np.sin(np.arange(n_rows, dtype=np.float32) / 24)
    return series


def for_warm_up(job: dict[str, Any]) -> dict[str, Any]:
    """Return the same job on a short series: what it compiles or loads does not count as memory of the data."""
    return job | {"rows": min(WARM_UP_ROWS, job["rows"])}
