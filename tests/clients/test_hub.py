"""The package huggingface_hub itself, without a network: what it refuses, and how it reads the card."""

import pytest

from tsl import LSTMRegressor
from tsl.interop import from_pretrained, save_pretrained

huggingface_hub = pytest.importorskip("huggingface_hub", reason="extra 'clients'")


def test_names_that_the_package_refuses_are_named():
    with pytest.raises(FileNotFoundError, match="a repository of the Hub that you may read, got '-ada/tides': Repo id"):
        from_pretrained("-ada/tides")


def test_front_matter_is_read(windows, tmp_path):
    model = LSTMRegressor(hidden_size=4, max_iter=1).fit(*windows)
    save_pretrained(model, tmp_path, license="mit", tags=['a: "b"', "#c", "yes"])
    data = huggingface_hub.ModelCard.load(tmp_path / "README.md").data.to_dict()
    wanted = {"library_name": "tsl", "pipeline_tag": "tabular-regression", "license": "mit"}
    assert data == wanted | {"tags": ["tsl", "lstm", 'a: "b"', "#c", "yes"]}
