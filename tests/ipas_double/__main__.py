"""Start the double on this machine: `python -m tests.ipas_double [--port 8765]`. Its state lives as long as it runs.

Lines on standard input make an officer act: `KH/D/2026/10 EXA` gives a file a status, `KH/D/2026/10 EXA ADDOC letter.pdf`
issues a letter as well.
"""

import argparse
import sys
from pathlib import Path

from tests.ipas_double.server import serving
from tests.ipas_double.state import Double


def main(arguments: list[str]) -> int:
    """Serve until standard input ends."""
    words = argparse.ArgumentParser(prog="python -m tests.ipas_double", description=__doc__)
    words.add_argument("--port", type=int, default=8765)
    double = Double()
    with serving(double, words.parse_args(arguments).port) as server:
        say(f"IPAS double at {server.address} (WSDL: {server.address}?wsdl)")
        for line in sys.stdin:
            act(double, line.split())
    return 0


def act(double: Double, words: list[str]) -> None:
    """One line."""
    match words:
        case [number, status, *more] if number.count("/") == 3 and len(more) in {0, 2}:
            seq, type_, series, serial = number.split("/")
            key = (seq, type_, int(series), int(serial))
            if key not in double.files:
                say(
                    f"no file {number}; there are: {', '.join('/'.join(map(str, one)) for one in double.files) or 'none'}"
                )
                return
            letter = Path(more[1]).read_bytes() if more else b""
            double.act(key, "ACT", status, letter=letter, letter_type=more[0] if more else "")
            say(f"{number}: {status}")
        case []:
            pass
        case _:
            say("NUMBER STATUS [LETTER-TYPE FILE]")


def say(line: str) -> None:
    """A line for people."""
    print(line, flush=True)  # noqa: T201 - a program


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
