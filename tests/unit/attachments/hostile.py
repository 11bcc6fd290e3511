"""The table of hostile inputs (security reference, section 6), as an index: its rows that concern files and their sending.

A test belongs to a row if its name says so (`test_24_…`, `test_31_32_33_…`), or the id of one of its parameters begins with the
row's number (`"31-flat"`), or the row names it (`file::test`). `test_hostile_index.py` checks that no row is without, and that
what is named is there. `python -m tests.unit.attachments.hostile` prints the index.
"""

import ast
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

TESTS = Path(__file__).parents[2]
_NAME = re.compile(r"test_((?:\d+_)+)")
_ID = re.compile(r"(\d+)-[a-z]")

A = "integration/attachments/"
PDFS, PICTURES, OTHERS, WAY = (f"{A}test_hostile_{name}.py" for name in ("pdfs", "pictures", "others", "on_the_way"))
SCREENING, UPLOADS, LIMITS = (f"unit/attachments/test_{name}.py" for name in ("screening", "uploads", "limits"))
SIGNATURES = A + "test_hostile_signatures.py"
FOUND = A + "test_findings_in_pdfs.py"
POLICY, PARTS, STORE = A + "test_upload_policy.py", "unit/attachments/test_parts.py", A + "test_part_store.py"


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the table: files that hold a test of it, or `file::test` where the name does not say it."""

    title: str
    required: str
    tests: tuple[str, ...]


def row(title: str, required: str, *tests: str) -> Row:
    return Row(title, required, tests)


ROWS: Mapping[int, Row] = {
    1: row("PDF that is also ZIP", "refuse", PDFS, OTHERS),
    2: row("PDF that is also HTML", "refuse", PDFS),
    3: row("Image that is also PDF or script", "refuse", PICTURES),
    4: row("Program renamed .pdf", "refuse", PDFS),
    5: row("Junk before the header", "refuse", PDFS),
    6: row("Two PDFs joined", "refuse", PDFS),
    7: row("Content masking", "two renderers agree, or refuse", PDFS),
    8: row("JavaScript anywhere", "refuse", PDFS),
    9: row("Launch, SubmitForm, GoToR, file links", "refuse; web links pass", PDFS),
    10: row("The same, names escaped or in object streams", "found like 8", PDFS),
    11: row("Font matrix injection", "refuse", OTHERS),
    12: row("Embedded files, portfolios", "refuse unless the form allows", PDFS),
    13: row("XFA form", "refuse: flatten the form", PDFS),
    14: row("User password", "refuse: password protected", PDFS),
    15: row("Owner password only", "taken unaltered, said", PDFS),
    16: row("Deflate bomb", "refuse within limits", PDFS, OTHERS),
    17: row("Loops in pages, outlines, object streams, xref", "refuse or finish in 10 s", PDFS, OTHERS),
    18: row("Calculator-function or font loops", "time-out", PDFS, OTHERS),
    19: row("Truncated, bad xref, hopeless startxref", "refuse damaged; never repaired", PDFS),
    20: row("No pages, 100,000 pages, boxes", "refuse", PDFS),
    21: row("PDF already signed", "bytes untouched, state reported", PDFS, SIGNATURES),
    22: row("Stream kept in an external file", "refuse", PDFS),
    23: row("Hidden text, bad redaction", "warn", FOUND),
    24: row("Anti-virus test string: plain, zip, zip in zip, attachment", "refuse: virus", OTHERS, SCREENING, WAY),
    25: row("Scanner down, slow or unsure", "quarantine, retried, never clean", SCREENING, WAY),
    26: row("Bytes swapped after the scan", "impossible", WAY),
    27: row("TIFF, JPEG 2000, PSD, BLP", "refuse", PICTURES),
    28: row("Pixel flood", "refuse from the header", PICTURES),
    29: row("EXIF place, script in comments", "said; original kept", PICTURES),
    30: row("SVG tricks", "refuse", PICTURES),
    31: row("Zip bombs", "refuse unopened", OTHERS),
    32: row("Zip paths", "refuse unopened", OTHERS),
    33: row("DOCX with macro, template, OLE", "refuse unopened", OTHERS),
    34: row("XXE, entity bomb, XInclude, external DTD", "refuse", PICTURES),
    35: row("XML signature wrapping", "no signature of XML is read; one parse", OTHERS),
    36: row(
        "File names: paths, NUL, 4,000 chars, CON, dash", "a cleaned label; key is a uuid",
        f"{UPLOADS}::test_a_file_name_is_kept_as_a_harmless_label",
        f"{UPLOADS}::test_a_key_cannot_be_guessed_from_anything",
        f"{POLICY}::test_a_strange_file_name_is_a_label_and_nothing_more",
    ),
    37: row(
        "File names with U+202E, zero-width", "removed",
        f"{UPLOADS}::test_a_file_name_is_kept_as_a_harmless_label",
        f"{POLICY}::test_a_strange_file_name_is_a_label_and_nothing_more",
    ),
    40: row("Wrong magic, lying type, empty, one byte", "refuse by content", PDFS, WAY),
    41: row("HTML error page saved as PDF", "refuse", PDFS),
    42: row(
        "Longer than declared; parts replayed, out of order, wrong hash", "refuse; I4 holds",
        f"{POLICY}::test_another_size_is_refused",
        f"{STORE}::test_other_bytes_than_the_address_says_are_refused",
        f"{STORE}::test_parts_sent_in_any_order_become_the_file_under_the_draft_tag",
        f"{STORE}::test_a_part_may_be_sent_again",
    ),
    43: row(
        "Presigned POST used for another key or filing", "refused by the policy",
        f"{POLICY}::test_a_changed_or_added_field_is_refused",
        f"{POLICY}::test_the_address_of_one_file_does_not_serve_for_another",
    ),
    44: row(
        "10,000 uploads, no submit", "429; swept",
        f"{LIMITS}::test_a_filers_files_of_a_day_have_a_limit_over_all_filings",
        f"{LIMITS}::test_drafts_that_are_not_submitted_have_a_limit_until_they_are_old",
        f"{POLICY}::test_the_object_is_tagged_as_a_draft_so_that_it_expires_if_nobody_files_it",
    ),
    79: row("Script in file names and PDF metadata", "never markup", WAY),
}  # fmt: skip


def held_by(file: str) -> Mapping[str, set[int]]:
    """Every test of a file → the rows that its name or its parameters' ids say."""
    found: dict[str, set[int]] = {}
    for node in ast.walk(ast.parse((TESTS / file).read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            said = _NAME.match(node.name)
            rows = {int(number) for number in said[1].split("_") if number} if said else set()
            found[node.name] = rows | {int(number) for number in _ids(node)}
    return found


def _ids(node: ast.FunctionDef) -> Iterator[str]:
    for decorator in node.decorator_list:
        for part in ast.walk(decorator):
            if isinstance(part, ast.Constant) and isinstance(part.value, str) and (said := _ID.match(part.value)):
                yield said[1]


def main() -> None:
    """Print the index."""
    for number, one in ROWS.items():
        sys.stdout.write(f"{number:>3} {one.title} → {one.required}\n")
        for place in one.tests:
            file, _, name = place.partition("::")
            names = [name] if name else [test for test, rows in held_by(file).items() if number in rows]
            sys.stdout.writelines(f"      {file}::{test}\n" for test in names)


if __name__ == "__main__":
    main()
