"""Tests with third-party packages."""
