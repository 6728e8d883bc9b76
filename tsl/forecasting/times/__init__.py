"""Timestamps: their frequency, the timestamps that come next, and calendar features."""
