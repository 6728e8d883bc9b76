"""Fitted estimators as models of MLflow, which carry their file with them."""

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

# Parameters of `predict` and `generate` that are no options of a request.
_INPUTS = ("prompt", "n_samples", "state", "return_state", "data", "future")


def mlflow_model(estimator: Any) -> Any:
    """Wrap a fitted estimator as a model of MLflow.

    MLflow pickles what it is given; here that is the bytes of the file that `tsl.save` writes, which `tsl.load` reads
    when MLflow loads the model. So no artifact has to be passed, and later versions of `tsl` can read the model.

    Parameters
    ----------
    estimator : estimator
        Anything that `tsl.save` takes and that predicts: an estimator, a forecaster, a baseline or a pipeline.

    Returns
    -------
    model : mlflow.pyfunc.PythonModel
        For ``mlflow.pyfunc.log_model(name="model", python_model=model)`` and ``mlflow.pyfunc.save_model``. What its
        ``predict(model_input, params=None)`` does goes by the estimator:

        - A forecaster calls ``predict(data=model_input)``, with `horizon`, `level` and `quantiles` from `params`. Rows
          that follow the known ones continue them; None forecasts from the known ones. If it was fitted with covariates
          known ahead, the rows behind the last reading of each series, those at its end without a target, are `future`.
        - `LSTMCharModel` writes: it returns a list with the text that `generate` gives for each prompt in a list, or in
          the one column of a frame. The other arguments of `generate` come from `params`, but for `n_samples`, `state`
          and `return_state`.
        - Any other estimator calls ``predict(model_input)`` and takes no `params`.

    Raises
    ------
    ImportError
        If the package mlflow is not installed.
    TypeError
        If `tsl.save` does not take the estimator, or it has no `predict`.
    sklearn.exceptions.NotFittedError
        If it is not fitted.

    See Also
    --------
    tsl.save : The file that is inside.

    Notes
    -----
    MLflow drops `params` that the signature of a model does not name. An example names them:
    ``log_model(..., input_example=(rows, {"level": 80.0}))``. Call ``forecaster.calibrate()`` first, as otherwise the
    first request for an interval fits a copy.

    Examples
    --------
    >>> import mlflow  # doctest: +SKIP
    >>> from tsl.interop import mlflow_model
    >>> mlflow.pyfunc.save_model("sales", python_model=mlflow_model(forecaster))  # doctest: +SKIP
    >>> mlflow.pyfunc.load_model("sales").predict(newer_rows)  # doctest: +SKIP
    """
    _python_model_class()  # first, as it says what is not installed
    if not hasattr(estimator, "predict"):
        raise TypeError(f"estimator must have predict, got {type(estimator).__name__}")
    with TemporaryDirectory() as folder:
        path = Path(folder, "model.tsl")
        save(estimator, path)
        return model_of_file(path.read_bytes())


def model_of_file(content: bytes) -> Any:
    """Return the model of MLflow with the content of this file; what MLflow has pickled calls it by this name."""
    return _python_model_class()(content)


@cache
def _python_model_class() -> Any:
    """Return the class of models, which is made here so that mlflow is only imported when it is needed."""
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

        def __reduce__(self) -> Any:  # the class is in no module
            return model_of_file, (self._content,)

    return SavedModel


def answer(estimator: Any, model_input: Any, params: dict[str, Any] | None = None) -> Any:
    """Return what an estimator answers to a request, see `mlflow_model`.

    Raises
    ------
    ValueError
        If `params` has a name that this estimator does not take; whatever the estimator raises.
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
    """Check that a method has these parameters, and that they are options."""
    options = [] if method is None else [name for name in inspect.signature(method).parameters if name not in _INPUTS]
    for name in params:
        if name not in options:
            allowed = f"among {', '.join(options)}" if options else "empty"
            raise ValueError(f"params of {type(estimator).__name__} must be {allowed}, got {name!r}")


def _prompts(model_input: Any) -> list[Any]:
    """Return the texts in a list or in the one column of a frame."""
    if isinstance(model_input, str):
        return [model_input]
    if isinstance(model_input, pd.DataFrame):
        if model_input.shape[1] != 1:
            raise ValueError(f"a frame of prompts must have one column, got {model_input.shape[1]}")
        model_input = model_input.iloc[:, 0]
    return list(model_input)


def _known_and_future(forecaster: Forecaster, frame: Any) -> tuple[Any, Any]:
    """Return the rows up to the last reading of each series, and those after it as `predict` takes them."""
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
