"""The model card of a fitted estimator: what it is and how to use it, without any of the user's data."""

from __future__ import annotations

import inspect
import json
import math
import re
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from sklearn.base import is_classifier, is_regressor
from sklearn.pipeline import Pipeline

from tsl._version import __version__
from tsl.char_model import LSTMCharModel
from tsl.forecasting.forecaster import Forecaster
from tsl.training import History

EXTRA = 'pip install "tsl-lstm[hub]"'


def model_card(estimator: Any, repo_id: str, license: str | None, tags: Sequence[str]) -> str:
    """Return a README.md in Markdown, with the YAML front matter that the Hugging Face Hub reads.

    Of the user's data it contains only column names: no series ids, labels, categories, characters or times.
    """
    parts = list(_parts(estimator)) or [estimator]
    sections = [
        _front_matter(parts, task_of(estimator), license, tags),
        f"# {repo_id.rpartition('/')[2]}",
        _introduction(estimator, parts),
        "## How to use it",
        f"After `{EXTRA}`:",
        f"```python\nfrom tsl.interop import from_pretrained\n\n"
        f"model = from_pretrained({json.dumps(repo_id)})\n{_usage(estimator)}\n```",
    ]
    for part in parts:
        of_part = f" of {_code(type(part).__name__)}" if len(parts) > 1 else ""
        for title, lines in (("Data", _data(part)), ("Training", _training(part)), ("Parameters", _parameters(part))):
            if lines:
                sections += [f"## {title}{of_part}", "\n".join(f"- {line}" for line in lines)]
    sections += ["## What is in the file", _contents(estimator)]
    return "\n\n".join(sections) + "\n"


def task_of(estimator: Any) -> str | None:
    """Return the Hub's name of the task; None for a transformer."""
    if isinstance(estimator, Forecaster):
        return "time-series-forecasting"
    if isinstance(estimator, LSTMCharModel):
        return "text-generation"
    if is_classifier(estimator):
        return "tabular-classification"
    return "tabular-regression" if is_regressor(estimator) else None


def _front_matter(parts: list[Any], task: str | None, license: str | None, tags: Sequence[str]) -> str:
    """Return the metadata; JSON strings are valid YAML strings."""
    lines = ["library_name: tsl"]
    if task is not None:
        lines.append(f"pipeline_tag: {task}")
    if license is not None:
        lines.append(f"license: {json.dumps(license)}")
    lstm = any(type(part).__name__.startswith("LSTM") for part in parts)
    lines += ["tags:", *(f"- {json.dumps(tag)}" for tag in dict.fromkeys(["tsl", *["lstm"] * lstm, *tags]))]
    return "\n".join(["---", *lines, "---"])


def _introduction(estimator: Any, parts: list[Any]) -> str:
    names = [_code(type(part).__name__) for part in parts]
    kind = _code(type(estimator).__name__)
    what = kind if names == [kind] else f"{kind} of {', '.join(names)}"
    summary = (inspect.getdoc(parts[-1]) or "").partition("\n")[0]
    return f"{what}, saved by tsl {__version__}. {summary}"


def _usage(estimator: Any) -> str:
    if isinstance(estimator, Forecaster):
        covariates = "future=future" if estimator.schema_.roles.future else ""
        return f"forecast = model.predict({covariates})"
    if isinstance(estimator, LSTMCharModel):
        return f"text = model.generate({'' if estimator.labels_ is None else 'label=label, '}length=200)"
    return "y = model.predict(X)" if hasattr(estimator, "predict") else "X = model.transform(X)"


def _parts(estimator: Any) -> Iterator[Any]:
    """Yield the fitted steps of a pipeline, or the estimator itself."""
    if isinstance(estimator, Pipeline):
        for _, step in estimator.steps:
            if step is not None and not isinstance(step, str):
                yield from _parts(step)
    elif hasattr(estimator, "regressor_"):  # TransformedTargetRegressor
        yield from _parts(estimator.regressor_)
    else:
        yield estimator


# --- sections -------------------------------------------------------------------------------------------------------


def _data(part: Any) -> list[str]:
    """Describe the inputs and outputs of the model."""
    if isinstance(part, Forecaster):
        return _forecaster_data(part)
    lines = []
    if isinstance(part, LSTMCharModel):
        labels = [] if part.labels_ is None else [f"Labels: {len(part.labels_)}"]
        return [f"Vocabulary: {len(part.vocabulary_)} {'bytes' if part.tokens == 'byte' else 'characters'}", *labels]
    if hasattr(part, "n_timesteps_in_"):
        steps = "of any length" if part.n_timesteps_in_ is None else f"of {_number(part.n_timesteps_in_, 'step')}"
        lines.append(f"Windows {steps}, {_number(part.n_channels_in_, 'channel')}")
    if hasattr(part, "feature_names_in_"):
        lines.append(f"Columns: {_names(part.feature_names_in_)}")
    if hasattr(part, "n_outputs_"):
        lines.append(f"Outputs: {part.n_outputs_}")
    if is_classifier(part) and hasattr(part, "classes_"):
        lines.append(f"Classes: {len(part.classes_)}")
    return lines


def _forecaster_data(part: Any) -> list[str]:
    roles = part.schema_.roles
    lines = [
        f"Horizon: {_number(int(part.horizon), 'step')}",
        f"Season: {_number(int(part.season_), 'step')}",
    ]
    if part.schema_.freq is not None:
        lines.append(f"Frequency: {_code(part.schema_.freq)}")
    if hasattr(part, "windowing_"):
        windows = sorted({member.windowing.window for member in part._members()})
        lines.append("Window: " + ", ".join(_number(window, "step") for window in windows))
    forms = {"series": "a Series", "single": "a frame of one series", "long": "a long frame"}
    lines.append(f"Form: {forms.get(roles.form, 'a wide frame, each column of which is a series')}")
    named = {"target": roles.target, "id_col": roles.id_col, "time_col": roles.time_col}
    lines += [f"{role}: {_code(name)}" for role, name in named.items() if name is not None]
    listed = {"past": roles.past, "future": roles.future, "static": roles.static}
    return lines + [f"{role}: {_names(names)}" for role, names in listed.items() if names]


def _training(part: Any) -> list[str]:
    """Describe the amount of training data, and the training."""
    lines = []
    if isinstance(part, Forecaster):
        panel = part._model().panel()
        lines.append(f"Rows that it knows: {len(panel.values):,}, of {panel.n_series:,} series")
    if isinstance(part, LSTMCharModel):
        unit = "bytes" if part.tokens == "byte" else "characters"
        lines.append(f"Text: {int(np.sum(part.class_count_)):,} {unit}")
    history = getattr(part, "history_", None)
    runs = history if isinstance(history, list) else [] if history is None else [history]
    for k, run in enumerate(runs, start=1):
        prefix = f"Network {k}: " if len(runs) > 1 else ""
        lines += [f"{prefix}{line}" for line in _run(run, getattr(part, "loss", "log_loss"))]
    return lines


def _run(history: History, loss: str) -> list[str]:
    lines = [f"Epochs: {history.n_iter:,}, of {sum(history.n_steps):,} steps in all"]
    for title, values in (("Training", history.loss), ("Validation", history.val_loss)):
        if values and math.isfinite(values[-1]):
            lines.append(f"{title} loss ({_code(loss)}) of the last epoch: {values[-1]:.4g}")
    return lines


def _parameters(part: Any) -> list[str]:
    """List the parameters that differ from their defaults; none for other packages, as some contain categories."""
    if not type(part).__module__.startswith("tsl."):
        return []
    defaults = inspect.signature(type(part).__init__).parameters
    values = part.get_params(deep=False)
    values.pop("callbacks", None)  # they are not saved
    changed = {name: value for name, value in values.items() if repr(value) != repr(defaults[name].default)}
    return [f"{_code(name)}: {_value(value)}" for name, value in changed.items()] or ["all have their defaults"]


def _contents(estimator: Any) -> str:
    """Describe what a reader of the file can learn about the data."""
    names = {type(one).__name__ for one in (estimator, *estimator.get_params().values())}
    lines = ["`model.tsl` is a safetensors file; reading it runs no code from it."]
    if isinstance(estimator, Forecaster):
        lines.append(
            "**It holds the series that the forecaster was fitted on, with their times, ids and covariates**, as "
            "forecasts continue from them."
        )
    if "SlidingWindow" in names:
        lines.append("**It holds the last rows that `SlidingWindow` was fitted on**, which later rows continue.")
    reads_labels = getattr(estimator, "labels_", None) is not None
    if reads_labels or names & {"LSTMClassifier", "LabelEncoder", "OneHotEncoder", "OrdinalEncoder"}:
        lines.append("It holds the labels or categories of the data.")
    if names & {"LSTMCharModel", "CharVocabulary", "CharWindow"}:
        lines.append(
            "It holds the characters of the text, not the text, but the network may have memorised parts of it."
        )
    return " ".join(lines)


# --- Markdown -------------------------------------------------------------------------------------------------------


def _value(value: Any) -> str:
    """Return a parameter as code; values other than numbers and text may be long and are not shown."""
    if isinstance(value, np.generic):
        value = value.item()
    items = value if isinstance(value, list | tuple) else (value,)
    plain = all(item is None or isinstance(item, bool | int | float | str) for item in items)
    return _code(repr(value)) if plain else f"of type {_code(type(value).__name__)}"


def _number(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _names(names: Sequence[Any]) -> str:
    return ", ".join(map(_code, names))


def _code(value: Any) -> str:
    """Return a text as a code span, whatever characters it contains."""
    text = re.sub(r"\s+", " ", str(value))
    fence = "`" * (max(map(len, re.findall("`+", text)), default=0) + 1)
    inner = f" {text} " if "`" in text or not text.strip() else text
    return f"{fence}{inner}{fence}"
