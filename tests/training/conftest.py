"""Fixtures for tests of the loop."""

import pytest

from tsl.training import clock as training_clock
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


@pytest.fixture
def clock(monkeypatch):
    """Seconds, to be changed by the test."""
    now = [0.0]
    monkeypatch.setattr(training_clock, "perf_counter", lambda: now[0])
    return now
