"""What we promise to others: the events and their envelope. `python -m chalicelib.contracts` writes `schemas/`."""
