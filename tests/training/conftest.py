"""Fixtures for tests of the training loop."""

import pytest

from tsl.training import trainer


class FixedPace:
    """Stretches of a given number of steps."""

    def __init__(self, steps):
        self.steps = steps

    def observe(self, steps, seconds):
        pass


@pytest.fixture
def stretch_of(monkeypatch):
    return lambda steps: monkeypatch.setattr(trainer, "Pace", lambda: FixedPace(steps))
