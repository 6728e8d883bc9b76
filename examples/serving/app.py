"""Serve a saved model. With MODEL=model.tsl: `uvicorn app:app`; /docs describes requests and responses."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated, Any

import numpy as np
import pandas as pd
from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, FailFast, Field, FiniteFloat
from starlette.middleware.body_limit import RequestBodyLimitMiddleware

import tsl
from tsl.network import warm_up

MAX_BYTES = 1_000_000
MAX_ROWS = 10_000

model = tsl.load(os.environ["MODEL"])
horizon = getattr(model, "horizon", None)  # of a forecaster
warm_up("float32")  # so that no request waits for compiling,
if horizon is not None:
    model.calibrate()  # or for the fit that prediction intervals need
app = FastAPI(title=type(model).__name__)
app.add_middleware(RequestBodyLimitMiddleware, max_body_size=MAX_BYTES)

# A body is rejected at its first error: a list of all errors can be far longer than the body.
Step = Annotated[list[FiniteFloat], FailFast()]
Window = Annotated[list[Step], FailFast()]


class Series(BaseModel, extra="forbid"):
    """Rows of one series, the oldest first, for a forecaster that was fitted on columns named ds and y."""

    ds: Annotated[list[datetime], FailFast(), Field(min_length=1, max_length=MAX_ROWS)]
    y: Annotated[list[FiniteFloat | None], FailFast(), Field(min_length=1, max_length=MAX_ROWS)]
    horizon: int | None = Field(None, ge=1, le=horizon)  # intervals for a longer one would need another fit
    level: list[Annotated[float, Field(ge=1, lt=100)]] = Field([], max_length=10)


class Windows(BaseModel, extra="forbid"):
    """Windows (n, T, C) for a regressor or a classifier."""

    X: Annotated[list[Window], FailFast(), Field(min_length=1, max_length=MAX_ROWS)]


@app.exception_handler(RequestValidationError)
async def invalid(request: Request, error: RequestValidationError) -> JSONResponse:
    """Return the errors without the input, which may be long, or contain NaN, which JSON cannot represent."""
    return JSONResponse({"detail": [{"loc": one["loc"], "msg": one["msg"]} for one in error.errors()]}, 422)


@contextmanager
def errors_as_422() -> Iterator[None]:
    """Return an error of the model as status 422 with its message; other exceptions are faults of the service: 500."""
    try:
        yield
    except (TypeError, ValueError) as error:
        raise HTTPException(422, str(error)) from error


async def forecast(series: Series) -> dict[str, list[Any]]:
    """Forecast the steps after the rows."""
    with errors_as_422():
        rows = pd.DataFrame({"ds": series.ds, "y": np.array(series.y, np.float64)})
        return model.predict(series.horizon, level=series.level or None, data=rows).to_dict("list")


async def predict(windows: Windows) -> dict[str, list[Any]]:
    """Predict the target of each window."""
    with errors_as_422():
        return {"y": model.predict(np.array(windows.X)).tolist()}


async def health() -> str:
    """Report that the model is loaded."""
    return "ready"


app.get("/health")(health)
app.post("/predict" if horizon is None else "/forecast")(predict if horizon is None else forecast)
