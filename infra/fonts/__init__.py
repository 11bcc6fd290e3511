"""The fonts of the letters: pinned, fetched at build time, checked."""
