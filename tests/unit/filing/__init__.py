"""Unit tests of filing."""
