"""Conversion of frames of any form to a panel, and of results back to that form."""
