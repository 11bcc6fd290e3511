"""Made-up offices, as folders of data: proof that a new office needs no change of code."""

from pathlib import Path

RURITANIA = Path(__file__).parent / "ruritania"
