"""A small fitted model of every kind that can be saved, and a query for it."""

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.ensemble import (
    BaggingClassifier,
    BaggingRegressor,
    StackingClassifier,
    StackingRegressor,
    VotingClassifier,
    VotingRegressor,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import (
    Binarizer,
    FunctionTransformer,
    KBinsDiscretizer,
    LabelEncoder,
    MaxAbsScaler,
    MinMaxScaler,
    Normalizer,
    OneHotEncoder,
    PolynomialFeatures,
    PowerTransformer,
    QuantileTransformer,
    RobustScaler,
    StandardScaler,
)

from tsl import LSTMCharModel, LSTMClassifier, LSTMForecaster, LSTMRegressor
from tsl.baselines import Drift, Naive, SeasonalNaive, WindowAverage
from tsl.text import CharVocabulary, CharWindow
from tsl.windows import SlidingWindow

RNG = np.random.RandomState(0)
X = RNG.normal(size=(40, 5, 2))
Y = X[:, -1, 0]
TABLE = pd.DataFrame(RNG.normal(size=(60, 3)), columns=["a", "b", "c"])
LABELS = np.where(Y > 0, "up", "down")
TEXT = "When shall we three meet again? " * 20
HOURS = pd.date_range("2024-03-30", periods=120, freq="h", tz="Europe/Berlin")  # the clocks change in between
LOAD = pd.Series(10 + np.sin(np.arange(120) / 4) + 0.1 * RNG.normal(size=120), HOURS, name="load")
MONTHS = pd.period_range("2010-01", periods=60, freq="M")
LONG = pd.DataFrame(
    {
        "unique_id": np.repeat(["a", "b"], 60),
        "ds": [*MONTHS, *MONTHS],
        "y": RNG.uniform(1, 2, 120),
        "promo": RNG.normal(size=120),
        "kind": np.tile(["u", "v", "w"], 40),
        "store": np.repeat(["x", "z"], 60),
    }
)
WIDE = pd.DataFrame(RNG.uniform(1, 2, (60, 3)), columns=["p", "q", 3])
SIDES = np.where(TABLE["a"] > 0, "left", "right")
SMALL = {"hidden_size": 3, "max_iter": 2, "random_state": 0}


def future_of(model):
    return model.make_future_frame().assign(kind="u")


def forecaster(**parameters):
    return LSTMForecaster(**{"horizon": 3, "window": 8, "season": 1, "target_transform": None, **SMALL, **parameters})


# name -> what fits a model, and what a fitted one is asked
KINDS = {
    "regressor": (lambda: LSTMRegressor(**SMALL).fit(X, Y), lambda m: m.predict(X)),
    "several targets": (lambda: LSTMRegressor(**SMALL).fit(X, X[:, -1]), lambda m: m.predict(X)),
    "quantiles": (
        lambda: LSTMRegressor(loss="quantile", quantiles=[0.1, 0.9], dtype="float64", **SMALL).fit(X, Y),
        lambda m: m.predict(X),
    ),
    "unscaled": (lambda: LSTMRegressor(scaling=None, bidirectional=True, **SMALL).fit(X, Y), lambda m: m.predict(X)),
    "labels": (lambda: LSTMClassifier(**SMALL).fit(X, LABELS), lambda m: m.predict_proba(X)),
    "labels as objects": (lambda: LSTMClassifier(**SMALL).fit(X, LABELS.astype(object)), lambda m: m.predict(X)),
    "labels as booleans": (lambda: LSTMClassifier(**SMALL).fit(X, Y > 0), lambda m: m.predict(X)),
    "columns of a frame": (lambda: LSTMRegressor(**SMALL).fit(TABLE, TABLE["a"]), lambda m: m.predict(TABLE)),
    "text": (lambda: LSTMCharModel(**SMALL).fit(TEXT), lambda m: m.surprisal(TEXT)),
    "text with labels": (
        lambda: LSTMCharModel(**SMALL).fit([TEXT, TEXT[1:]], labels=["a", "é"]),
        lambda m: m.surprisal(TEXT, label="é"),
    ),
    "vocabulary": (lambda: CharVocabulary().fit(TEXT), lambda m: m.encode(TEXT)),
    "windows of text": (lambda: CharWindow(4).fit(TEXT), lambda m: m.transform(TEXT)),
    "windows": (lambda: SlidingWindow(4).fit(TABLE), lambda m: m.transform(TABLE)),
    "windows of groups": (
        lambda: SlidingWindow(4, groups="g").fit(TABLE.assign(g=np.repeat([1, 2], 30))),
        lambda m: m.transform(TABLE.assign(g=np.repeat([1, 2], 30))),
    ),
    "forecaster": (lambda: forecaster(target_transform="log").fit(LOAD), lambda m: m.predict(level=80)),
    "everything chosen": (lambda: LSTMForecaster(horizon=3, **SMALL).fit(LOAD), lambda m: m.predict()),
    "many series": (
        lambda: forecaster(past=["promo"], future=["kind"], missing="mask", n_models=2).fit(LONG, static=["store"]),
        lambda m: m.predict(future=future_of(m)),
    ),
    "wide": (lambda: forecaster(loss="quantile", quantiles=[0.1, 0.5, 0.9]).fit(WIDE), lambda m: m.predict()),
    "naive": (lambda: Naive(3).fit(LOAD), lambda m: m.predict(level=90)),
    "seasonal naive": (lambda: SeasonalNaive(3, season=12).fit(LONG[["unique_id", "ds", "y"]]), lambda m: m.predict()),
    "drift": (lambda: Drift(3).fit(WIDE), lambda m: m.predict()),
    "mean": (lambda: WindowAverage(3).fit(LOAD), lambda m: m.predict()),
    "pipeline": (
        lambda: make_pipeline(StandardScaler(), SlidingWindow(4), LSTMRegressor(**SMALL)).fit(TABLE, TABLE["a"]),
        lambda m: m.predict(TABLE),
    ),
    "scaled target": (
        lambda: TransformedTargetRegressor(LSTMRegressor(**SMALL), transformer=MinMaxScaler()).fit(TABLE, TABLE["a"]),
        lambda m: m.predict(TABLE),
    ),
    "columns": (
        lambda: make_pipeline(
            ColumnTransformer(
                [("kinds", OneHotEncoder(sparse_output=False), ["kind"]), ("rest", RobustScaler(), ["y", "promo"])]
            ),
            SlidingWindow(3, pad="edge"),
            LSTMRegressor(**SMALL),
        ).fit(LONG, LONG["y"]),
        lambda m: m.predict(LONG),
    ),
    "columns that pass": (
        lambda: make_pipeline(
            ColumnTransformer([("a", StandardScaler(), ["a"]), ("b", "drop", ["b"])], remainder="passthrough"),
            SlidingWindow(3),
            LSTMRegressor(**SMALL),
        ).fit(TABLE, TABLE["a"]),
        lambda m: m.predict(TABLE),
    ),
    "logarithm of the target": (
        lambda: TransformedTargetRegressor(LSTMRegressor(**SMALL), func=np.log1p, inverse_func=np.expm1).fit(
            TABLE, TABLE["a"].abs()
        ),
        lambda m: m.predict(TABLE),
    ),
    "voting": (
        lambda: VotingRegressor([("lstm", LSTMRegressor(**SMALL)), ("line", LinearRegression())], weights=[1, 2]).fit(
            TABLE, TABLE["a"]
        ),
        lambda m: m.predict(TABLE) + m.named_estimators_.lstm.predict(TABLE),
    ),
    "voting for labels": (
        lambda: VotingClassifier([("lstm", LSTMClassifier(**SMALL)), ("not", "drop")], voting="soft").fit(TABLE, SIDES),
        lambda m: m.predict_proba(TABLE),
    ),
    "stack": (
        lambda: StackingRegressor(
            [("lstm", make_pipeline(StandardScaler(), LSTMRegressor(**SMALL))), ("ridge", Ridge())], cv=2
        ).fit(TABLE, TABLE["a"]),
        lambda m: m.predict(TABLE),
    ),
    "stack of labels": (
        lambda: StackingClassifier([("lstm", LSTMClassifier(**SMALL))], cv=2, passthrough=True).fit(TABLE, SIDES),
        lambda m: m.predict_proba(TABLE),
    ),
    "stack of networks": (
        lambda: StackingRegressor([("lstm", LSTMRegressor(**SMALL))], final_estimator=LSTMRegressor(**SMALL), cv=2).fit(
            TABLE, TABLE["a"]
        ),
        lambda m: m.predict(TABLE),
    ),
    "bag": (
        lambda: BaggingRegressor(LSTMRegressor(**SMALL), n_estimators=2, max_features=2, random_state=0).fit(
            TABLE.to_numpy(), TABLE["a"]
        ),
        lambda m: m.predict(TABLE.to_numpy()),
    ),
    "bag of labels": (
        lambda: BaggingClassifier(LSTMClassifier(**SMALL), n_estimators=2, random_state=0).fit(TABLE.to_numpy(), SIDES),
        lambda m: m.predict_proba(TABLE.to_numpy()),
    ),
    "side by side": (
        lambda: FeatureUnion([("scaled", StandardScaler()), ("squares", FunctionTransformer(np.square))]).fit(TABLE),
        lambda m: m.transform(TABLE),
    ),
    "rare and unknown kinds": (
        lambda: OneHotEncoder(min_frequency=25, handle_unknown="infrequent_if_exist", sparse_output=False).fit(
            [["a", "x"], ["b", "y"], ["c", "y"]] * 10 + [["a", "x"]] * 20
        ),
        lambda m: m.transform([["a", "y"], ["b", "y"], ["d", "x"]]),
    ),
    "what is missing": (
        lambda: SimpleImputer(add_indicator=True).fit(TABLE.where(TABLE > -1)),
        lambda m: m.transform(TABLE.where(TABLE > -1)),
    ),
    "constants of objects": (
        lambda: SimpleImputer(strategy="constant", fill_value="?").fit(LABELS.astype(object)[:, None]),
        lambda m: m.transform(np.array([["up"], [np.nan]], object)),
    ),
    "labels as numbers": (lambda: LabelEncoder().fit(LABELS), lambda m: m.transform(LABELS)),
} | {
    f"scaler {type(scaler).__name__}": (lambda scaler=scaler: clone(scaler).fit(TABLE), lambda m: m.transform(TABLE))
    for scaler in (
        Binarizer(threshold=0.1),
        KBinsDiscretizer(3, encode="ordinal", strategy="uniform"),
        MaxAbsScaler(),
        MinMaxScaler(),
        Normalizer(),
        PolynomialFeatures(),
        PowerTransformer(),
        QuantileTransformer(n_quantiles=10),
        RobustScaler(),
        SimpleImputer(),
        StandardScaler(),
    )
}
