"""Timestamps: their frequency, the timestamps that come next, and features of the calendar."""
