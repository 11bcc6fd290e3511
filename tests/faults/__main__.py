"""`python -m tests.faults`: everything in this folder, the figures printed and written to `build/faults.json`."""

import sys

import pytest

if __name__ == "__main__":
    sys.exit(pytest.main(["-q", "tests/faults", *sys.argv[1:]]))
