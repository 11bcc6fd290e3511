"""The figures: `python -m tests.bench` prints one line each and writes `build/bench.json`. Compared within one run only."""
