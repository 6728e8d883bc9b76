"""Fitted estimators as MLflow models that contain their own file."""

from __future__ import annotations

import inspect
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd

from tsl.char_model import LSTMCharModel
from tsl.forecasting.forecaster import Forecaster
from tsl.persistence import load, save

# Parameters of `predict` and `generate` that are not options of a request.
_INPUTS = ("prompt", "n_samples", "state", "return_state", "data", "future")


def mlflow_model(estimator: Any) -> Any:
    """Wrap a fitted estimator as an MLflow model.

    MLflow pickles the object that it is given; here that is the content of a file written by `tsl.save`, which
    `tsl.load` reads when MLflow loads the model. So no artifact has to be passed, and later versions of `tsl` can read
    the model.

    Parameters
    ----------
    estimator : estimator
        Anything that `tsl.save` supports and that predicts: an estimator, a forecaster, a baseline or a pipeline.

    Returns
    -------
    model : mlflow.pyfunc.PythonModel
        A model for ``mlflow.pyfunc.log_model(name="model", python_model=model)`` and ``mlflow.pyfunc.save_model``. Its
        ``predict(model_input, params=None)`` depends on the estimator:

        - A forecaster calls ``predict(data=model_input)``, with `horizon`, `level` and `quantiles` from `params`. Rows
          that follow the known ones continue them; None forecasts from the known ones. If it was fitted with covariates
          known ahead, the rows after the last reading of each series, which have no target, are `future`.
        - `LSTMCharModel` generates text: it returns a list with the result of `generate` for each prompt in a list, or
          in the only column of a frame. The other arguments of `generate`, except `n_samples`, `state` and
          `return_state`, come from `params`.
        - Any other estimator calls ``predict(model_input)`` and takes no `params`.

    Raises
    ------
    ImportError
        If the package mlflow is not installed.
    TypeError
        If `tsl.save` does not support the estimator, or if it has no `predict`.
    sklearn.exceptions.NotFittedError
        If it is not fitted.

    See Also
    --------
    tsl.save : Write the file that the model contains.

    Notes
    -----
    MLflow drops `params` that are not in the signature of a model. An input example puts them there:
    ``log_model(..., input_example=(rows, {"level": 80.0}))``. Call ``forecaster.calibrate()`` first; otherwise the
    first request for an interval fits a copy.

    Examples
    --------
    >>> import mlflow  # doctest: +SKIP
    >>> from tsl.interop import mlflow_model
    >>> mlflow.pyfunc.save_model("sales", python_model=mlflow_model(forecaster))  # doctest: +SKIP
    >>> mlflow.pyfunc.load_model("sales").predict(newer_rows)  # doctest: +SKIP
    """
    _python_model_class()  # first, to report a missing package
    if not hasattr(estimator, "predict"):
        raise TypeError(f"estimator must have predict, got {type(estimator).__name__}")
    with TemporaryDirectory() as folder:
        path = Path(folder, "model.tsl")
        save(estimator, path)
        return model_of_file(path.read_bytes())


def model_of_file(content: bytes) -> Any:
    """Return the MLflow model with the content of this file; MLflow's pickles call this function by name."""
    return _python_model_class()(content)


@cache
def _python_model_class() -> Any:
    """Return the class of models, which is defined here so that mlflow is imported only when needed."""
    try:
        from mlflow.pyfunc import PythonModel
    except ImportError:
        raise ImportError("mlflow_model needs mlflow: pip install mlflow") from None

    class SavedModel(PythonModel):
        def __init__(self, content: bytes) -> None:
            self._content = content
            self._estimator: Any = None

        def load_context(self, context: Any) -> None:
            with TemporaryDirectory() as folder:
                path = Path(folder, "model.tsl")
                path.write_bytes(self._content)
                self._estimator = load(path)

        def predict(self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> Any:
            return answer(self._estimator, model_input, params)

        def __reduce__(self) -> Any:  # the class is not in a module
            return model_of_file, (self._content,)

    return SavedModel


def answer(estimator: Any, model_input: Any, params: dict[str, Any] | None = None) -> Any:
    """Return an estimator's answer to a request, see `mlflow_model`.

    Raises
    ------
    ValueError
        If `params` has a name that this estimator does not take; also any error of the estimator.
    """
    params = {name: value for name, value in (params or {}).items() if value is not None}
    if isinstance(estimator, LSTMCharModel):
        _check_params(params, estimator, estimator.generate)
        return [estimator.generate(prompt, **params) for prompt in _prompts(model_input)]
    if isinstance(estimator, Forecaster):
        _check_params(params, estimator, estimator.predict)
        data, future = _known_and_future(estimator, model_input)
        return estimator.predict(data=data, future=future, **params)
    _check_params(params, estimator)
    return estimator.predict(model_input)


def _check_params(params: dict[str, Any], estimator: Any, method: Any = None) -> None:
    """Check that these are optional parameters of a method."""
    options = [] if method is None else [name for name in inspect.signature(method).parameters if name not in _INPUTS]
    for name in params:
        if name not in options:
            allowed = f"among {', '.join(options)}" if options else "empty"
            raise ValueError(f"params of {type(estimator).__name__} must be {allowed}, got {name!r}")


def _prompts(model_input: Any) -> list[Any]:
    """Return the texts in a list or in the only column of a frame."""
    if isinstance(model_input, str):
        return [model_input]
    if isinstance(model_input, pd.DataFrame):
        if model_input.shape[1] != 1:
            raise ValueError(f"a frame of prompts must have one column, got {model_input.shape[1]}")
        model_input = model_input.iloc[:, 0]
    return list(model_input)


def _known_and_future(forecaster: Forecaster, frame: Any) -> tuple[Any, Any]:
    """Return the rows up to the last reading of each series, and those after it in the form that `predict` takes."""
    roles = forecaster.schema_.roles
    if not roles.future or not isinstance(frame, pd.DataFrame) or roles.target not in frame:
        return frame, None
    groups = frame[roles.id_col].to_numpy() if roles.id_col is not None else [0] * len(frame)
    has_reading = frame[roles.target].notna().iloc[::-1]
    ahead = (has_reading.groupby(groups[::-1], sort=False).cumsum() == 0).iloc[::-1].to_numpy()
    if not ahead.any():
        return frame, None
    data = None if ahead.all() else frame[~ahead]
    columns = forecaster.make_future_frame(data=data).columns
    return data, frame.loc[ahead, [name for name in frame if name in columns]]
