"""Frames of other libraries than pandas, on their way in and out."""

from tsl._tables.conversion import PANDAS, library_of, like_input, one_level, to_pandas

__all__ = ["PANDAS", "library_of", "like_input", "one_level", "to_pandas"]
