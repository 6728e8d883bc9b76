"""Tests beside packages of other people."""
