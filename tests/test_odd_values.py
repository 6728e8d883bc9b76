"""Every invalid value of a parameter is refused with the parameter's name, or works."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from tsl import LSTMCharModel, LSTMClassifier, LSTMForecaster, LSTMRegressor
from tsl.baselines import Drift, Naive, SeasonalNaive, WindowAverage
from tsl.text import CharVocabulary, CharWindow
from tsl.windows import SlidingWindow, make_windows

ODD_VALUES = [
    None, True, -1, 0, 1, 0.5, -0.5, 1.5, np.nan, np.inf, -np.inf, "", "auto", "nonsense", b"adam", [], [0], [-1.0],
    ["a"], (), (2, "b"), {}, {"a": 1}, object(), np.float64("nan"), np.array([1.0, 2.0]), np.array(["a"]), int, 1j,
]  # fmt: skip
WINDOWS, TARGETS = np.random.default_rng(0).normal(size=(12, 4, 1)), np.arange(12.0) % 3
FRAME = pd.DataFrame({"a": np.arange(40.0) % 4, "b": np.arange(40.0) % 5}, pd.date_range("2024-01-01", periods=40))
SMALL_FORECASTER = {
    "horizon": 2, "window": 8, "season": 4, "segment": 4, "hidden_size": 4, "embedding_size": None, "max_iter": 2,
    "differences": None, "scaling": "window", "target_transform": None, "calendar": None, "random_state": 0,
}  # fmt: skip
SMALL = {"hidden_size": 4, "max_iter": 2, "random_state": 0}


def use_baseline(model):
    return model.fit(FRAME).predict().to_numpy()


USES = {
    "LSTMRegressor": (LSTMRegressor(**SMALL), lambda model: model.fit(WINDOWS, TARGETS).predict(WINDOWS)),
    "LSTMClassifier": (LSTMClassifier(**SMALL), lambda model: model.fit(WINDOWS, TARGETS).predict_proba(WINDOWS)),
    "LSTMCharModel": (LSTMCharModel(**SMALL, window=4), lambda model: model.fit("to be or not " * 8).score("to be")),
    "LSTMForecaster": (LSTMForecaster(**SMALL_FORECASTER), use_baseline),
    "Naive": (Naive(2), use_baseline),
    "SeasonalNaive": (SeasonalNaive(2), use_baseline),
    "Drift": (Drift(2), use_baseline),
    "WindowAverage": (WindowAverage(2), use_baseline),
    "SlidingWindow": (SlidingWindow(4), lambda model: np.nan_to_num(model.fit_transform(WINDOWS[:, 0]))),
    "CharVocabulary": (CharVocabulary(), lambda model: model.fit("to be").encode("to")),
    "CharWindow": (CharWindow(3), lambda model: model.fit("to be or not").transform("not to be")),
}
PARAMETERS = [(name, parameter) for name, (model, _) in USES.items() for parameter in model.get_params()]


@pytest.mark.filterwarnings("ignore::tsl.training.TrainingDivergedWarning")
@pytest.mark.parametrize(("name", "parameter"), PARAMETERS, ids=map(":".join, PARAMETERS))
def test_odd_values_work_or_are_refused_by_the_name_of_the_parameter(name, parameter, capsys):
    model, use = USES[name]
    n_refused = 0
    for value in ODD_VALUES:
        try:
            found = use(clone(model).set_params(**{parameter: value}))
        except (ValueError, TypeError) as refused:
            n_refused += 1
            if parameter not in str(refused):
                pytest.fail(f"{parameter}={value!r} is refused without its name: {refused!r}")
        else:
            found = np.asarray(found)
            assert found.dtype.kind not in "fc" or np.isfinite(found).all(), value
    assert n_refused >= 15, "of 29 values most are odd for any parameter"


@pytest.mark.parametrize("parameter", ["window", "horizon", "stride", "gap"])
def test_odd_values_of_make_windows(parameter):
    for value in ODD_VALUES:
        try:
            X, y = make_windows(np.arange(30.0), **{"window": 4, parameter: value})
        except (ValueError, TypeError) as refused:
            if parameter not in str(refused):
                pytest.fail(f"{parameter}={value!r} is refused without its name: {refused!r}")
        else:
            assert len(X) == len(y)
