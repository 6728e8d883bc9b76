"""Forecasts of many series at once: a DataFrame in, the same form out."""
