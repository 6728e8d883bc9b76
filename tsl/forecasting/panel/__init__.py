"""Panels: many series in flat arrays, and computations on each series."""
