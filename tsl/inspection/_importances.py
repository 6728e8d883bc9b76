"""The result of both importance functions."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import Bunch


def importances_bunch(importances: NDArray[np.float64], **names: Any) -> Bunch:
    """Return importances (..., n_repeats), their mean and deviation, named as in scikit-learn, and `names`."""
    return Bunch(
        importances_mean=np.mean(importances, axis=-1),
        importances_std=np.std(importances, axis=-1),
        importances=importances,
        **names,
    )
