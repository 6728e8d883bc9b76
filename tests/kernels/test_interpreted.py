"""The kernels run by Python, for debuggers and coverage: the same numbers."""

import os
import subprocess
import sys

import numpy as np
import pytest
import small_uses
from numpy.testing import assert_allclose


@pytest.mark.long
def test_interpreted_kernels_compute_what_compiled_ones_do(tmp_path):
    file = tmp_path / "numbers.npy"
    environment = os.environ | {"NUMBA_DISABLE_JIT": "1"}
    subprocess.run([sys.executable, small_uses.__file__, file], check=True, timeout=120, env=environment)
    # A few training steps of float32: sums are taken in another order, and exp differs by a unit in the last place.
    assert_allclose(np.load(file), small_uses.numbers(), rtol=0, atol=5e-6)
