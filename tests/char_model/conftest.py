"""Trained models used in several test files; none of them is modified."""

import pytest
from text_models import SMALL, TEXT

from tsl import LSTMCharModel

KINDS = {
    "streams": {},
    "two layers": {"hidden_size": (12, 16)},
    "windows": {"windowed": True, "window": 12, "max_iter": 1},
    "scalar": {"encoding": "scalar", "window": 40, "max_iter": 1},
    "bytes": {"tokens": "byte"},
}


@pytest.fixture(scope="session")
def models():
    return {name: LSTMCharModel(**{**SMALL, **options}).fit(TEXT) for name, options in KINDS.items()}


@pytest.fixture(scope="session", params=KINDS)
def model(request, models):
    return models[request.param]


@pytest.fixture(scope="session")
def streams():
    return LSTMCharModel(**SMALL).fit(TEXT)


@pytest.fixture(scope="session")
def of_bytes():
    """A model that often writes bytes which are no UTF-8."""
    return LSTMCharModel(**SMALL | {"max_iter": 2}, tokens="byte").fit("où être là… \N{GRINNING FACE}日本語 " * 40)


@pytest.fixture(scope="session")
def clock():
    return LSTMCharModel(hidden_size=16, max_iter=40, random_state=0).fit("tick tock " * 50)
