"""The registry of classes that files may contain: nothing else is ever built from a file."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np
import pandas as pd

_SCALERS = (
    "Binarizer",
    "FunctionTransformer",  # only with the functions below; a ColumnTransformer uses it for "passthrough"
    "KBinsDiscretizer",
    "LabelEncoder",
    "MaxAbsScaler",
    "MinMaxScaler",
    "Normalizer",
    "OneHotEncoder",
    "OrdinalEncoder",
    "PolynomialFeatures",
    "PowerTransformer",
    "QuantileTransformer",
    "RobustScaler",
    "StandardScaler",
)
# Name in files -> module of the class, with its name there if it differs: names in files remain when code moves.
# Modules are imported when a file needs them, as most belong to layers above this one.
MODELS = {
    "LSTMCharModel": "tsl.char_model",
    "LSTMClassifier": "tsl.classifier",
    "LSTMForecaster": "tsl.forecasting",
    "LSTMRegressor": "tsl.regressor",
    "Drift": "tsl.baselines",
    "Naive": "tsl.baselines",
    "SeasonalNaive": "tsl.baselines",
    "WindowAverage": "tsl.baselines",
    "CharVocabulary": "tsl.text",
    "CharWindow": "tsl.text",
    "SlidingWindow": "tsl.windows",
    "sklearn.BaggingClassifier": "sklearn.ensemble",
    "sklearn.BaggingRegressor": "sklearn.ensemble",
    "sklearn.ColumnTransformer": "sklearn.compose",
    "sklearn.FeatureUnion": "sklearn.pipeline",
    "sklearn.MissingIndicator": "sklearn.impute",
    "sklearn.Pipeline": "sklearn.pipeline",
    "sklearn.SimpleImputer": "sklearn.impute",
    "sklearn.StackingClassifier": "sklearn.ensemble",
    "sklearn.StackingRegressor": "sklearn.ensemble",
    "sklearn.TransformedTargetRegressor": "sklearn.compose",
    "sklearn.VotingClassifier": "sklearn.ensemble",
    "sklearn.VotingRegressor": "sklearn.ensemble",
} | {f"sklearn.{scaler}": "sklearn.preprocessing" for scaler in _SCALERS}
PARTS = {
    "Architecture": "tsl.network",
    "History": "tsl.training",
    "Network": "tsl.network",
    "OptimizerState": "tsl.network",
    "Scaling": "tsl._estimator.scaling",
    "forecasting.Calendar": "tsl.forecasting.times.calendar",
    "forecasting.Calibration": "tsl.forecasting.evaluation.conformal",
    "forecasting.Encoder": "tsl.forecasting.frames.encoder",
    "forecasting.EveryDateOffset": "tsl.forecasting.times.rules",
    "forecasting.EveryMonths": "tsl.forecasting.times.rules",
    "forecasting.EveryOffset": "tsl.forecasting.times.rules",
    "forecasting.EveryTick": "tsl.forecasting.times.rules",
    "forecasting.Frequency": "tsl.forecasting.times.inference",
    "forecasting.History": "tsl.forecasting.panel.store:SeriesStore",
    "forecasting.Member": "tsl.forecasting.model.members",
    "forecasting.Panel": "tsl.forecasting.panel.panel",
    "forecasting.PowerTransform": "tsl.forecasting.panel.power",
    "forecasting.Roles": "tsl.forecasting.frames.roles",
    "forecasting.Scaling": "tsl.forecasting.model.windows:ColumnStats",
    "forecasting.Schema": "tsl.forecasting.frames.schema",
    "forecasting.SeriesPatterns": "tsl.forecasting.times.series_patterns",
    "forecasting.SeriesShares": "tsl.forecasting.model.shares",
    "forecasting.StaticTable": "tsl.forecasting.frames.static",
    "forecasting.TimeAxis": "tsl.forecasting.times.axis",
    "forecasting.WeekPattern": "tsl.forecasting.times.rules",
    "forecasting.Windowing": "tsl.forecasting.model.windows",
    # Used with our models in stacking and voting; stacking ends in RidgeCV or LogisticRegression by default.
    "sklearn.LinearRegression": "sklearn.linear_model",
    "sklearn.LogisticRegression": "sklearn.linear_model",
    "sklearn.Ridge": "sklearn.linear_model",
    "sklearn.RidgeCV": "sklearn.linear_model",
    "windows.BlockEnd": "tsl.windows._continuation",
    "windows._Tail": "tsl.windows._sliding",
}
_MODULES = MODELS | PARTS
SKOPS_TRUSTED_TYPES = [
    "tsl._estimator.scaling.Scaling",
    "tsl.baselines.Drift",
    "tsl.baselines.Naive",
    "tsl.baselines.SeasonalNaive",
    "tsl.baselines.WindowAverage",
    "tsl.char_model.model.LSTMCharModel",
    "tsl.classifier.LSTMClassifier",
    "tsl.forecasting.lstm.LSTMForecaster",
    "tsl.network.network.Network",
    "tsl.network.spec.Architecture",
    "tsl.network.spec.OptimizerState",
    "tsl.regressor.LSTMRegressor",
    "tsl.text.vocabulary.CharVocabulary",
    "tsl.text.window.CharWindow",
    "tsl.training.history.History",
    "tsl.windows._sliding.SlidingWindow",
]
"""Names of the types that skops finds in fitted models of tsl, for the argument ``trusted`` of ``skops.io.load``."""
# Renamed parameters, by their name in older files.
RENAMED = {"LSTMForecaster": {"transform": "target_transform"}}
# Attributes whose name in files differs: name in files -> attribute.
ATTRIBUTES = {"forecasting.SeriesPatterns": {"rest": "phase"}}
# The functions of NumPy that files may name, for TransformedTargetRegressor and FunctionTransformer.
FUNCTIONS = {
    name: getattr(np, name)
    for name in (
        *("abs", "arcsinh", "arctanh", "cbrt", "cos", "exp", "exp2", "expm1", "log", "log10", "log1p", "log2"),
        *("negative", "reciprocal", "sign", "sin", "sinh", "sqrt", "square", "tanh"),
    )
}

WORKDAYS = {
    kind.__name__: kind
    for kind in (
        pd.offsets.CustomBusinessDay,
        pd.offsets.CustomBusinessMonthBegin,
        pd.offsets.CustomBusinessMonthEnd,
    )
}
"""pandas offsets with holidays."""


def class_of(name: str) -> Any:
    """Return the class with this name in files; raise a KeyError if there is none."""
    module, class_name = _place(name)
    return getattr(import_module(module), class_name)


def name_of(kind: type) -> str | None:
    """Return the name of a class in files; None if it has none."""
    package = kind.__module__.partition(".")[0]
    for name in _MODULES:
        module, class_name = _place(name)
        if class_name == kind.__name__ and module.partition(".")[0] == package and class_of(name) is kind:
            return name
    return None


def _place(name: str) -> tuple[str, str]:
    """Return the module of the class with this name in files, and its name there."""
    module, _, class_name = _MODULES[name].partition(":")
    return module, class_name or name.rpartition(".")[2]
