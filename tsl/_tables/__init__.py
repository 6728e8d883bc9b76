"""Tables of any library: conversion to pandas and back; `columns` tells which column is what."""

from tsl._tables.conversion import PANDAS, library_of, like_input, one_level, to_pandas

__all__ = ["PANDAS", "library_of", "like_input", "one_level", "to_pandas"]
