"""Stamps of time: what they keep to, which come next, and what the calendar says of them."""
