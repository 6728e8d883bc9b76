"""Evaluation of forecasts: backtests, conformal intervals, calibration and scores."""
