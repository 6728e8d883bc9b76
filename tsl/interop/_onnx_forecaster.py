"""Forecasters that were converted to ONNX: frames in, frames out, without Numba and scikit-learn."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsl._checks import check_count
from tsl._labels import check_new_labels
from tsl._tables.columns import POINT
from tsl.forecasting.arguments import checked_horizon
from tsl.forecasting.bounds import Bounds
from tsl.forecasting.evaluation.calibration import scales_as_fitted
from tsl.forecasting.evaluation.conformal import Calibration
from tsl.forecasting.frames.continuation import StepsAhead
from tsl.forecasting.frames.cutoffs import known_in_parts
from tsl.forecasting.frames.intervals import IntervalRequest
from tsl.forecasting.frames.schema import Schema
from tsl.forecasting.model.counts import check_counts, count_quantiles
from tsl.forecasting.model.quantiles import interpolated
from tsl.forecasting.model.recursive import rolled
from tsl.forecasting.panel.domain import floored, one_warning
from tsl.forecasting.panel.missing import check_missing
from tsl.forecasting.panel.panel import Panel
from tsl.forecasting.times.stamps import stamps_of
from tsl.interop._metadata import FRAMES, unpack

Rows = NDArray[np.int64]


class OnnxForecaster:
    """Forecaster that was converted by `to_onnx`, run by ONNX Runtime.

    It predicts like the original `LSTMForecaster`, and needs NumPy, pandas, safetensors and onnxruntime, but not Numba,
    scikit-learn or onnx: nothing is compiled, and a process starts as quickly as it imports these. Quantiles of counts
    also need SciPy. The model contains no series: `predict` takes the rows to forecast from.

    Parameters
    ----------
    model : path-like, bytes or onnx.ModelProto
        The model that `to_onnx` wrote or returned.
    n_threads : int, optional
        Number of threads for a prediction. Default: all cores.

    Attributes
    ----------
    horizon : int
        Number of steps that `predict` forecasts by default.
    season_ : int
        Length of the season in steps, 1 for none.

    Raises
    ------
    ImportError
        If the package onnxruntime is not installed.
    ValueError
        If `model` is not an ONNX model of a forecaster, or `n_threads` is below 1.
    OSError
        If the file cannot be read.

    See Also
    --------
    to_onnx : Convert a fitted estimator to ONNX.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from tsl import LSTMForecaster
    >>> from tsl.interop import OnnxForecaster, to_onnx
    >>> sales = pd.Series(np.arange(40.0) % 7, pd.date_range("2024-01-01", periods=40, freq="D"), name="sales")
    >>> forecaster = LSTMForecaster(2, window=14, max_iter=5, random_state=0).fit(sales)
    >>> converted = OnnxForecaster(to_onnx(forecaster))
    >>> forecast = converted.predict(data=sales)
    >>> forecast.index.strftime("%d %B").tolist()
    ['10 February', '11 February']
    >>> bool(np.allclose(forecast, forecaster.predict(), rtol=1e-5))
    True
    """

    def __init__(self, model: Any, *, n_threads: int | None = None) -> None:
        if n_threads is not None:
            check_count("n_threads", n_threads, 1)
        self._content = _content(model)
        self._n_threads = n_threads
        self._session = _session(self._content, n_threads)
        self._inputs = {one.name for one in self._session.get_inputs()}
        self._outputs = [one.name for one in self._session.get_outputs()]
        metadata = self._session.get_modelmeta().custom_metadata_map
        try:
            self._block, self._context, self._window = (
                json.loads(metadata[k]) for k in ("horizon", "context", "window")
            )
            self._quantiles = tuple(json.loads(metadata["quantiles"]))
            self._counts: str | None = json.loads(
                metadata.get("counts", "null")
            )  # missing in older files, like the next
            self._bounds = Bounds.of(json.loads(metadata.get("bounds", "null")))
            frames = unpack(metadata[FRAMES])
            self._schema: Schema = frames["schema"]
            self._calibrations: dict[int, Calibration] = frames["calibrations"]
            self._frames = frames
            self.horizon: int = frames["horizon"]
            self.season_: int = frames["season"]
        except (AttributeError, LookupError, TypeError, ValueError) as error:
            raise ValueError(f"model must be an ONNX model of a forecaster that to_onnx wrote: {error!r}") from None

    def __getstate__(self) -> dict[str, Any]:
        return {"model": self._content, "n_threads": self._n_threads}  # sessions cannot be pickled

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(**state)  # type: ignore[misc]

    @one_warning
    def predict(
        self, horizon: int | None = None, *, data: Any, future: Any = None, level: Any = None, quantiles: Any = None
    ) -> Any:
        """Forecast the steps after each series.

        Parameters
        ----------
        horizon : int, optional
            Number of steps to forecast; by default that of the forecaster.
        data : Series or DataFrame
            The series to forecast from, in the form of the data of `fit`. Each needs as many rows as a forecast depends
            on: ``context`` in the metadata of the model. A shorter one is forecast as a series that begins there.
        future : DataFrame, optional
            Covariates that are known ahead, in the form of `make_future_frame`.
        level : float or sequence of float, optional
            Levels of prediction intervals in percent. Unless the model was trained for quantiles, the forecaster must
            have been calibrated before it was converted (`LSTMForecaster.calibrate`).
        quantiles : float or sequence of float, optional
            Quantiles between 0 and 1.

        Returns
        -------
        Series or DataFrame
            As from `LSTMForecaster.predict`.

        Raises
        ------
        TypeError
            If `data` is neither a Series nor a DataFrame.
        ValueError
            If `horizon` is below 1, a level or quantile is out of range or needs a missing calibration, or `data` or
            `future` is not what the forecaster takes.

        Warns
        -----
        IrregularTimesWarning
            If timestamps are missing in `data`.
        OutlierWarning
            If values are replaced because the transform of the target is not defined for them.
        """
        horizon, request = checked_horizon(horizon, self.horizon), IntervalRequest.of(level, quantiles)
        has_quantiles = self._quantiles or self._counts
        calibration = self._calibration(horizon) if request.quantiles and not has_quantiles else None
        n_ahead = -(-horizon // self._block) * self._block
        known = self._read(data)
        ahead = StepsAhead.of(self._schema, known, horizon, n_ahead, future, self._frames["unknown"])
        found = self._forecast(ahead, horizon, n_ahead)
        points = self._bounds.clip(found[:, :, self._point(found)])
        columns = {POINT: points.ravel()}
        if request.quantiles:
            if calibration is not None:
                own = calibration.quantiles_around(points, known.ids, self._scales(known), request.quantiles)
            elif self._counts:
                own = _quantiles_of_counts(found, request.quantiles)
            else:
                own = interpolated(found, self._quantiles, request.quantiles)
            columns |= request.named(self._bounds.clip(own))
        return self._schema.write(known.ids, ahead.times, columns, np.full(known.n_series, horizon))

    def make_future_frame(self, horizon: int | None = None, *, data: Any) -> Any:
        """Return a template for the argument `future` of `predict`, to be filled in with covariates.

        Parameters
        ----------
        horizon : int, optional
            As in `predict`.
        data : Series or DataFrame
            As in `predict`.

        Returns
        -------
        DataFrame
            A row for each timestamp to forecast; in a long frame, for each series and timestamp.
        """
        return self._schema.future_frame(self._read(data), checked_horizon(horizon, self.horizon))

    # --- frames -------------------------------------------------------------------------------------------------

    def _read(self, data: Any) -> Panel:
        """Read a frame as a panel, with the checks of `LSTMForecaster.predict`."""
        ids, frames = self._frames["ids"], self._frames
        panel = self._schema.read(data, unknown=frames["unknown"])
        check_new_labels(panel.ids[ids.get_indexer(panel.ids) < 0], ids, "data")
        self._schema.axis.check(panel.ids, stamps_of(panel.times), panel.offsets, frames["freq"])
        check_missing(panel, frames["missing"])
        if self._counts and (panel.values < 0).any():
            check_counts(panel, self._counts)
        return panel

    def _calibration(self, horizon: int) -> Calibration:
        """Return the calibration for `horizon` steps."""
        if self._frames["dropout_intervals"]:
            raise ValueError("level and quantiles must be None if intervals='dropout': an ONNX model draws nothing")
        found = self._calibrations.get(max(horizon, self.horizon))
        if found is None:
            raise ValueError(
                f"level and quantiles need a calibration for {horizon} steps, got a model of a forecaster without it: "
                f"call its calibrate({horizon}) before to_onnx"
            )
        return found

    def _scales(self, known: Panel) -> NDArray[np.float64]:
        frames, n_covariates = self._frames, len(self._schema.future.names)
        return scales_as_fitted(known, frames["ids"], frames["scales"], self.season_, n_covariates)

    # --- the network --------------------------------------------------------------------------------------------

    def _forecast(self, ahead: StepsAhead, horizon: int, n_ahead: int) -> NDArray[np.float64]:
        """Return forecasts (n_series, horizon, ·): ascending quantiles, or parameters of count distributions."""
        found = []
        for panel, cutoffs in known_in_parts(
            ahead.panel,
            ahead.cutoffs,
            self._schema,
            self._frames["missing"],
            context=self._context,
            n_known=ahead.n_known,
            n_ahead=n_ahead,
            repeats=self._frames["repeats"],
        ):
            panel = self._floored(panel)
            if horizon <= self._block:
                found.append(self._run(panel, cutoffs)[:, :horizon])
            else:
                point = 0 if self._counts else None
                found.append(rolled(self._run, panel, cutoffs, horizon, self._block, point))
        return np.concatenate(found)

    def _floored(self, panel: Panel) -> Panel:
        """Replace values outside the domain of the transform once: later blocks keep what replaced them."""
        outside = self._frames.get("replaced_outside")  # missing in older files
        return panel if outside is None else floored(panel, **outside)

    def _run(self, panel: Panel, cutoffs: Rows) -> NDArray[np.float64]:
        """Return the network's forecasts at `cutoffs` (n,), one per series, before clipping to the bounds."""
        starts = panel.offsets[panel.series_of(cutoffs - 1)]
        window = -self._window
        inputs = {
            "values": _rows_of(panel.values, starts, cutoffs, range(-self._context, 0)),
            "n_rows": cutoffs - starts,
            "past": _rows_of(panel.past, starts, cutoffs, range(window, 0)),
            "future": _rows_of(panel.future, starts, cutoffs, range(window, self._block)),
            "static": panel.static[panel.series_of(cutoffs - 1)],
        }
        if "shares" in self._inputs:
            inputs["shares"] = self._frames["shares"].of(panel.ids)
        given = {name: inputs[name] for name in self._inputs}
        found = dict(zip(self._outputs, self._session.run(self._outputs, given)))
        forecasts = found["unbounded" if "unbounded" in found else "forecasts"]
        return np.concatenate([forecasts, found["inverse_size"]], axis=2) if "inverse_size" in found else forecasts

    def _point(self, found: NDArray[np.float64]) -> int:
        """Return the index in the last axis of the point forecast."""
        return 0 if self._counts else found.shape[2] // 2


def _rows_of(block: NDArray[np.float64], starts: Rows, cutoffs: Rows, places: Sequence[int]) -> NDArray[np.float64]:
    """Return the rows of `block` at these offsets from each of `cutoffs` (n,); NaN before `starts` (n,)."""
    rows = cutoffs[:, None] + np.asarray(places)
    found = block[np.maximum(rows, 0)]
    found[rows < starts[:, None]] = np.nan
    return found


def _quantiles_of_counts(parameters: NDArray[np.float64], quantiles: Sequence[float]) -> NDArray[np.float64]:
    try:
        return count_quantiles(parameters, quantiles)
    except ImportError:
        raise ImportError("level and quantiles of counts need SciPy: pip install scipy") from None


def _content(model: Any) -> bytes:
    """Return a model as bytes, given as bytes, a file, or a result of `to_onnx`."""
    if isinstance(model, bytes):
        return model
    if isinstance(model, str | os.PathLike):
        return Path(model).read_bytes()
    if hasattr(model, "SerializeToString"):
        return model.SerializeToString()
    raise TypeError(f"model must be a path, bytes or an onnx.ModelProto, got {type(model).__name__}")


def _session(content: bytes, n_threads: int | None) -> Any:
    try:
        import onnxruntime
    except ImportError:
        raise ImportError("OnnxForecaster needs onnxruntime: pip install onnxruntime") from None
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = n_threads or 0
    try:
        return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime's errors have no common class
        raise ValueError(f"model must be an ONNX model, got {len(content)} bytes of something else: {error}") from None
