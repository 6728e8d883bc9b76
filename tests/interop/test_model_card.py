"""Model cards: their content, and that they contain nothing of the user's data but column names."""

import json

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from small_models import HOURS, classifier, forecaster

from tsl import LSTMCharModel, LSTMRegressor
from tsl.baselines import Naive
from tsl.interop import save_pretrained
from tsl.interop._model_card import _code, model_card, task_of
from tsl.windows import SlidingWindow

RNG = np.random.default_rng(0)
VALUES = 700_001.25 + np.arange(72.0)
SECRETS = ("Adamson", "Zedner", "700001", "700,001", "700072", "2024", "quail")


def long_frame():
    one = pd.DataFrame({"ds": HOURS, "y": VALUES, "promo": np.where(np.arange(72) % 2, "Adamson", "Zedner")})
    return pd.concat([one.assign(unique_id=name, area=name) for name in ("Adamson", "Zedner")], ignore_index=True)


def card_of(estimator, **options):
    return model_card(estimator, "ada/tides", **({"license": None, "tags": []} | options))


@pytest.fixture(scope="module")
def models():
    frame = long_frame()
    windows, labels = RNG.normal(size=(30, 6, 2)), np.where(np.arange(30) % 2, "Adamson", "Zedner")
    table = pd.DataFrame({"load": VALUES, "name": frame["promo"][:72]})
    columns = ColumnTransformer(
        [("code", OneHotEncoder(categories=[["Adamson", "Zedner"]], sparse_output=False), ["name"])],
        remainder="passthrough",
    )
    regressor = LSTMRegressor(hidden_size=4, max_iter=2, random_state=np.random.RandomState(0))
    pipeline = make_pipeline(columns, "passthrough", StandardScaler(), SlidingWindow(4), regressor)
    wide = pd.DataFrame({"Adamson": VALUES, "Zedner": VALUES}, HOURS)
    return {
        "long": forecaster(future=["promo"], n_models=2).fit(frame, static=["area"]),
        "wide": Naive(4, season=24).fit(wide),
        "classifier": classifier().fit(windows, labels),
        "pipeline": TransformedTargetRegressor(pipeline, func=np.log1p, inverse_func=np.expm1).fit(table, VALUES),
        "text": LSTMCharModel(hidden_size=4, max_iter=1).fit("Adamson quail Zedner " * 20),
        "transformer": SlidingWindow(4).fit(table[["load"]]),
    }


def test_no_data_is_in_card_or_configuration(models, tmp_path):
    for name, model in models.items():
        save_pretrained(model, tmp_path / name)
        config = json.loads((tmp_path / name / "config.json").read_text(encoding="utf-8"))
        del config["card_sha256"]  # any digits may be in it
        text = (tmp_path / name / "README.md").read_text(encoding="utf-8") + str(config)
        assert [secret for secret in SECRETS if secret in text] == []


def test_tasks_are_those_of_the_hub(models):
    tasks = {name: task_of(model) for name, model in models.items()}
    assert tasks == {
        "long": "time-series-forecasting",
        "wide": "time-series-forecasting",
        "classifier": "tabular-classification",
        "pipeline": "tabular-regression",
        "text": "text-generation",
        "transformer": None,
    }
    assert "pipeline_tag: text-generation\n" in card_of(models["text"])
    assert "pipeline_tag" not in card_of(models["transformer"])


def test_front_matter_is_yaml(models):
    card = card_of(models["text"], license="mit: no", tags=['a "quote"', "tsl"])
    front = card.removeprefix("---\n").partition("\n---\n")[0].splitlines()
    assert front[:2] == ["library_name: tsl", "pipeline_tag: text-generation"]
    assert front[2] == 'license: "mit: no"'
    assert [json.loads(line.removeprefix("- ")) for line in front[4:]] == ["tsl", "lstm", 'a "quote"']
    assert '- "lstm"' not in card_of(models["wide"])


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        (
            "long",
            [
                *("Horizon: 4 steps", "Season: 24 steps", "Window: 12 steps", "Frequency: `h`", "Form: a long frame"),
                *("target: `y`", "id_col: `unique_id`", "time_col: `ds`", "future: `promo`", "static: `area`"),
                *("Rows that it knows: 144, of 2 series", "Network 2: Epochs: 1, of 3 steps in all"),
                *("`hidden_size`: `4`", "`future`: `['promo']`"),
            ],
        ),
        ("wide", ["Form: a wide frame, each column of which is a series", "Rows that it knows: 144, of 2 series"]),
        ("classifier", ["Windows of 6 steps, 2 channels", "Classes: 2", "Epochs: 3, of 3 steps in all"]),
        ("pipeline", ["Columns: `load`, `name`", "`random_state`: of type `RandomState`", "`window`: `4`"]),
        ("text", ["Vocabulary: 15 characters", "Text: 420 characters"]),
    ],
)
def test_card_says_what_the_model_is(name, lines, models):
    found = card_of(models[name]).splitlines()
    assert [line for line in lines if f"- {line}" not in found] == []


def test_loss_of_the_last_epoch_is_that_of_the_history(models):
    loss = models["classifier"].history_.loss[-1]
    assert f"Training loss (`log_loss`) of the last epoch: {loss:.4g}\n" in card_of(models["classifier"])


def test_card_warns_of_the_data_in_the_file(models):
    assert "**It holds the series that the forecaster was fitted on" in card_of(models["wide"])
    assert "**It holds the last rows that `SlidingWindow`" in card_of(models["pipeline"])
    assert "It holds the labels or categories" in card_of(models["pipeline"])
    assert "It holds the characters" in card_of(models["text"])
    assert "It holds the labels" not in card_of(models["text"])
    assert "**" not in card_of(models["classifier"])


def test_labels_are_counted_and_asked_for():
    text = "Adamson quail Zedner " * 20
    model = LSTMCharModel(hidden_size=4, max_iter=1).fit([text, text], labels=["Adamson", "Zedner"])
    card = card_of(model)
    assert "Labels: 2" in card
    assert "text = model.generate(label=label, length=200)" in card
    assert "It holds the labels or categories" in card
    assert [secret for secret in SECRETS if secret in card] == []


@pytest.mark.parametrize(
    ("text", "code"),
    [("load", "`load`"), ("a`b", "`` a`b ``"), ("a\n``b", "``` a ``b ```"), (" ", "`   `"), (3, "`3`")],
)
def test_any_name_is_a_span_of_code(text, code):
    assert _code(text) == code
