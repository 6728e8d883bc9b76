"""The registry: every class in it can be found, under a single name."""

import json

import numpy as np
import pandas as pd
import pytest
from forged_files import stored

from tsl import load, save
from tsl.baselines import Naive
from tsl.persistence.registry import ATTRIBUTES, MODELS, PARTS, RENAMED, class_of, name_of


@pytest.mark.parametrize("name", [*MODELS, *PARTS])
def test_names_and_classes_stand_for_each_other(name):
    assert name_of(class_of(name)) == name


def test_what_is_not_registered_has_no_class_and_no_name():
    for name in ("Popen", "subprocess.Popen", "sklearn.Popen", ""):
        with pytest.raises(KeyError):
            class_of(name)
    assert name_of(dict) is None
    assert name_of(type("Naive", (), {})) is None  # of that name, and of another package


def test_renamed_parameters_and_attributes_are_there_under_their_new_names():
    for name, parameters in RENAMED.items():
        assert set(parameters.values()) <= set(class_of(name)().get_params())
    for name, attributes in ATTRIBUTES.items():
        assert set(attributes.values()) <= set(class_of(name).__dataclass_fields__)


def test_attributes_keep_their_names_in_files(tmp_path):
    times = pd.date_range("2024-01-01 06:00", periods=30, tz="Europe/Berlin")
    model = Naive(2).fit(pd.Series(np.arange(30.0), times))
    save(model, tmp_path / "model.tsl")
    tree = json.loads(stored(tmp_path / "model.tsl")[1]["model"])
    assert "rest" in tree["state"]["schema_"]["state"]["axis"]["state"]["patterns"]["state"]
    assert load(tmp_path / "model.tsl").schema_.axis.patterns.phase == model.schema_.axis.patterns.phase
