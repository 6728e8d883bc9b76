"""The file that models are saved to."""

import pytest


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.tsl"
