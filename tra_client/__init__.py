"""Tra's client for Python: sends files to a filing over bad lines. The standard library is all that it needs."""
