"""How good forecasts are: backtests, conformal intervals, calibration and scores."""
