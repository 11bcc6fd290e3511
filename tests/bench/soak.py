"""Seal many letters and check every one: `make soak COUNT=10000`. Exit status 1 if one is not valid or memory grows.

Each letter has a number and a reference of its own, is drawn, sealed and time-stamped, and is held against the strict check.
Memory is looked at after a first tenth, when everything is loaded, and at the end.
"""

import resource
import sys
import time
from dataclasses import replace
from pathlib import Path

from chalicelib.signing.check import check_sealed
from infra.letters.make import Workshop
from infra.letters.samples import RECEIPT_JSON, contents

GROWTH_KB = 40_000  # what Python's allocator may still take once all is loaded


def soak(count: int) -> int:
    """How many were not valid; -1 if memory grew."""
    workshop = Workshop.opened()
    plain, roots = contents(workshop.office)["acknowledgement.plain"], workshop.trust.roots()
    bad, settled, began = 0, 0, time.monotonic()
    for number in range(1, count + 1):
        content = replace(plain, letter_number=f"KH/D/2026/{number}-ACK", application_number=f"KH/D/2026/{number}")
        report = check_sealed(workshop.stamped(workshop.letters(content, RECEIPT_JSON)), roots)
        if not (report.valid and report.level == "B-T"):
            bad += 1
            sys.stdout.write(f"letter {number} is not valid: {report}\n")
        if number == max(1, count // 10):
            settled = _resident_kb()
        if number % max(1, count // 10) == 0:
            passed = time.monotonic() - began
            sys.stdout.write(f"{number} letters, {bad} not valid, {_resident_kb()} KB, {number / passed:.1f} a second\n")
            sys.stdout.flush()
    grown = _resident_kb() - settled
    sys.stdout.write(f"{count} letters sealed and checked, {bad} not valid, memory grew by {grown} KB\n")
    return bad or (-1 if grown > GROWTH_KB else 0)


def _resident_kb() -> int:
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * resource.getpagesize() // 1024


if __name__ == "__main__":
    sys.exit(1 if soak(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000) else 0)
