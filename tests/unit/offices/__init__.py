"""Unit tests of the offices' data."""
