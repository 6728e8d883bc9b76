"""Tables of any library: conversion to pandas and back, and the roles of columns."""

from tsl._tables.conversion import PANDAS, library_of, like_input, one_level, to_pandas

__all__ = ["PANDAS", "library_of", "like_input", "one_level", "to_pandas"]
