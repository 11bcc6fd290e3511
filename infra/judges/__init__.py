"""Judges that are not ours: how to get them, and how to ask them."""
