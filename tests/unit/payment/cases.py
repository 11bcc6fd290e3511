"""The adversarial table of payments.md section 12, as an index: each row, what it requires, and the files that test it.

A test belongs to a row if its name says so (`test_case_69_…`, `test_cases_46_and_48_…`), or the id of one of its parameters
begins with the row's number (`"69 about another transaction"`). `test_cases_index.py` reads the files and checks that each
file named here holds such a test, and that no row is without. `python -m tests.unit.payment.cases` prints the index.
"""

import ast
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

TESTS = Path(__file__).parents[2]
_NAME = re.compile(r"test_cases?_((?:\d{2}_)+(?:(?:and|to)_\d{2}_)*)")
_ID = re.compile(r"(\d{2}) \S")

U, R = "unit/payment/", "unit/payment/rails/"
PUSHBACK, CHECK, SETTLE = U + "test_aba_pushback.py", U + "test_aba_check.py", U + "test_settle.py"
KNOWN, BAKONG, CODE = R + "test_known.py", R + "test_khqr_rail.py", R + "test_khqr_code.py"
ACLEDA, WING, IPAY88, BANKS = R + "test_acleda.py", R + "test_wing.py", R + "test_ipay88.py", R + "test_banks.py"
STATEMENTS, SERVICE = U + "test_statements.py", U + "test_service.py"
BELLS = U + "test_bells_and_answers.py"
STRANGERS = U + "test_strangers.py"
HTTP, MORE = "integration/payment/test_http.py", R + "test_aba_more.py"


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the table."""

    title: str
    required: str
    files: tuple[str, ...]


def row(title: str, required: str, *files: str) -> Row:
    return Row(title, required, files)


ROWS: Mapping[int, Row] = {
    1: row("No signature header", "REJ, BELL if unsigned", PUSHBACK, ACLEDA, WING, IPAY88, BAKONG),
    2: row("Empty signature", "REJ", PUSHBACK, ACLEDA, WING, IPAY88, BAKONG),
    3: row("One byte of body changed", "REJ", PUSHBACK, ACLEDA, WING, IPAY88, BAKONG),
    4: row("Truncated or extended signature", "REJ", PUSHBACK, ACLEDA, BAKONG),
    5: row("Wrong encoding", "REJ", PUSHBACK, ACLEDA, WING, BAKONG),
    6: row("Wrong algorithm", "REJ", PUSHBACK, ACLEDA, IPAY88, BAKONG),
    7: row("Empty or default key", "no start; REJ", PUSHBACK, U + "test_rail_config.py", KNOWN, ACLEDA, WING),
    8: row("Another merchant's or the sandbox's key", "REJ", PUSHBACK, KNOWN, ACLEDA, WING, IPAY88, BAKONG, BANKS),
    9: row("Retired key", "REJ + alarm", PUSHBACK, ACLEDA, WING, IPAY88),
    10: row("Future key", "REJ", PUSHBACK, ACLEDA, WING, IPAY88),
    11: row("Signature repeated", "REJ", PUSHBACK, BAKONG),
    12: row("Header name variants", "REJ", PUSHBACK),
    13: row("Timing probe", "constant time, every key tried", R + "test_constant_time.py"),
    14: row("Non-ASCII signature", "REJ, not 500", PUSHBACK, ACLEDA, WING, IPAY88, BAKONG),
    15: row("Field-boundary shift", "REJ by schema", PUSHBACK, WING),
    16: row("Digit moved between fields", "REJ", PUSHBACK, IPAY88),
    17: row("Extra key", "REJ", PUSHBACK, ACLEDA, WING, IPAY88, BAKONG),
    18: row("All values in one key", "REJ", PUSHBACK),
    19: row("Key renamed keeping sort order", "REJ", PUSHBACK),
    20: row("Duplicate JSON keys", "REJ", PUSHBACK, CHECK, ACLEDA, WING, KNOWN),
    21: row("Type confusion", "REJ", PUSHBACK, CHECK, ACLEDA, WING, IPAY88, BAKONG),
    22: row("Number re-formatting", "literal kept", PUSHBACK, ACLEDA, WING, BAKONG),
    23: row("NaN, Infinity, huge numbers", "REJ before conversion", PUSHBACK, CHECK, KNOWN),
    24: row("Unicode tricks", "REJ", PUSHBACK, CHECK, ACLEDA, WING, IPAY88, BAKONG),
    25: row("BOM, non-UTF-8, trailing data, NUL", "REJ", PUSHBACK, ACLEDA, KNOWN),
    26: row("Body re-encoded by a gateway", "raw bytes; else REJ", PUSHBACK),
    27: row("Content-Type lies", "REJ", PUSHBACK, ACLEDA, WING, IPAY88),
    28: row("Oversized or deeply nested body", "REJ before parsing", PUSHBACK, KNOWN, ACLEDA),
    29: row("Form: repeated or array field", "REJ", ACLEDA, WING, IPAY88),
    30: row("GET, or fields in the query string", "IGN; may BELL", PUSHBACK, ACLEDA, WING, IPAY88),
    31: row("Space in a space-joined field", "REJ", ACLEDA),
    32: row("Amount/currency boundary", "REJ", WING),
    33: row("Self-made enciphered return", "BELL", WING, KNOWN),
    34: row("Padding oracle", "one uniform answer", WING),
    35: row("Computable digest", "BELL (no such rail here)", KNOWN),
    36: row("Exact replay", "DUP", SETTLE, U + "test_bank.py", BANKS),
    37: row("Replay under another event id", "DUP by bank_ref", SETTLE),
    38: row("Replay against another order", "REJ", PUSHBACK, SETTLE),
    39: row("Old stamp", "REJ", BAKONG),
    40: row("Future stamp", "REJ", BAKONG),
    41: row("Our clock is wrong", "LATER + alarm", KNOWN, BELLS),
    42: row("Two deliveries at once", "one APPLY, one DUP", SERVICE),
    43: row("Crash between acknowledge and apply", "finished once", SERVICE, BELLS, U + "test_reconcile.py"),
    44: row("Unknown order", "store, BELL later; expire to case", STRANGERS, U + "test_bank.py", BANKS),
    45: row("Order of another applicant", "REJ; no status told", STRANGERS, PUSHBACK, ACLEDA, WING, IPAY88, BAKONG),
    46: row("Underpaid", "PARK", SETTLE, CHECK, BAKONG, BANKS),
    47: row("Overpaid", "PARK", SETTLE, CHECK, BAKONG, BANKS),
    48: row("Right number, wrong currency", "PARK", SETTLE, CHECK, BAKONG, ACLEDA, BANKS, MORE),
    49: row("Converted amount", "original currency", SETTLE, CHECK, MORE),
    50: row("Minor-unit error", "PARK", SETTLE, CHECK, BAKONG),
    51: row("KHR with decimals, negative, zero", "REJ / refuse", CHECK, U + "test_aba_rail.py", CODE, BAKONG, WING),
    52: row("Discount applied by the bank", "PARK", SETTLE, CHECK),
    53: row("Wrong payee", "PARK + alarm", SETTLE, BAKONG, BANKS),
    54: row("Two part payments", "PARK each", SETTLE),
    55: row("Same QR paid twice in full", "APPLY, PARK", SETTLE, U + "test_bank.py", BANKS),
    56: row("Two attempts both paid", "APPLY, PARK", SETTLE),
    57: row("Paid after expiry", "PARK", SETTLE, U + "test_bank.py", BAKONG, BANKS),
    58: row("Paid after order cancelled", "PARK", U + "test_groups.py", U + "test_cases.py"),
    59: row("PRE-AUTH reads as code 0", "HELD", SETTLE, CHECK, U + "test_bank.py", MORE),
    60: row("Missing status code", "UNKNOWN", SETTLE, CHECK, KNOWN, BAKONG, ACLEDA, WING, MORE),
    61: row("Envelope success, data pending", "PENDING", SETTLE, CHECK, ACLEDA, MORE),
    62: row("Words of success only", "UNKNOWN / PARK", SETTLE, CHECK, BAKONG, ACLEDA, WING, IPAY88, BANKS),
    63: row("Unknown status value", "UNKNOWN + alarm", CHECK, BAKONG, ACLEDA, WING),
    64: row("Out of order", "IGN", SETTLE, CHECK, BAKONG, ACLEDA, IPAY88),
    65: row("Late PAID after REFUNDED", "IGN + case", SETTLE, BELLS),
    66: row("Refund or reversal after grant", "state + case", SETTLE, CHECK, U + "test_bank.py", U + "test_refunding.py"),
    67: row("Partial refund shown as REFUNDED", "refund_amount", SETTLE, CHECK, MORE),
    68: row("Query answered by an impostor", "TLS, host list, no redirects", HTTP),
    69: row("Query for X answered with Y", "UNKNOWN + alarm", CHECK, BAKONG, ACLEDA, WING, BANKS, MORE),
    70: row("Cached or stale query", "per-payment endpoint only", BAKONG, BANKS),
    71: row("Query rate-limited or down", "UNKNOWN", CHECK, HTTP, KNOWN, BAKONG, WING, IPAY88, BANKS),
    72: row("Query window passed", "detail, else statement", U + "test_bank.py", MORE),
    73: row("Create times out", "same reference", U + "test_aba_rail.py", BANKS),
    74: row("Third-party relay in path", "refused", HTTP, KNOWN),
    75: row("Spoofed X-Forwarded-For", "requestContext; never sufficient", KNOWN, "integration/payment/test_service_routes.py"),
    76: row("execute-api bypass of mTLS", "endpoint disabled", "integration/infra/test_infra_template.py"),
    77: row("Static secret leaked", "DOORBELL (no such rail here)", KNOWN),
    78: row("Log or reply leakage", "redacted; uniform", BELLS, PUSHBACK, U + "test_rail_config.py", KNOWN),
    79: row("Flood of valid bells", "one query per interval", U + "test_question_schedule.py", R + "test_every_rail.py"),
    80: row("QR: CRC wrong, 63 not last, data after", "refuse", U + "test_khqr.py", CODE),
    81: row("QR: parser confusion", "refuse", U + "test_khqr.py", CODE),
    82: row("QR: the package's defects", "refuse to build", CODE),
    83: row("QR: bad tag 99", "refuse", CODE),
    84: row("QR rebuilt instead of stored", "MD5 of the stored string", BAKONG),
    85: row("Static QR used for an order", "refuse to issue", CODE, BAKONG, BANKS),
    86: row("Statement loaded twice, or edited", "DUP; changed = case", STATEMENTS),
    87: row("Statement closing altered, gap", "refuse file", STATEMENTS),
    88: row("Statement of another account", "refuse file", STATEMENTS),
    89: row("Several statements in one MT940", "split, check each", STATEMENTS),
    90: row("XML entity bomb, DTD", "refuse", STATEMENTS),
    91: row("CSV formula or shifted columns", "escape; strict columns", STATEMENTS, U + "test_reconcile.py"),
    92: row("Entry marked reversal or pending", "not income", STATEMENTS),
    93: row("Same amount, two payers", "suggestion only", U + "test_reconcile.py", U + "test_cases.py", U + "test_nameless.py"),
    94: row("Prose against example", "one form by contract", IPAY88),
}


def rows_of(file: str) -> Mapping[int, tuple[str, ...]]:
    """Row → the ids of the tests in `file` (relative to `tests`) that say they are of it."""
    found: dict[int, list[str]] = {}
    tree = ast.parse((TESTS / file).read_text("utf-8"))
    for node in ast.walk(tree):
        for number, told in _told(node):
            found.setdefault(number, []).append(f"{file}::{told}")
    return {number: tuple(ids) for number, ids in found.items()}


def _told(node: ast.AST) -> Iterator[tuple[int, str]]:
    if isinstance(node, ast.FunctionDef) and (named := _NAME.match(node.name)):
        numbers = [int(text) for text in re.findall(r"\d{2}", named[1])]
        if "_to_" in named[1]:
            numbers = list(range(numbers[0], numbers[-1] + 1))
        for number in numbers:
            yield number, node.name
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and (named := _ID.match(node.value)):
        yield int(named[1]), f"[{node.value}]"


def main() -> None:
    """Print the index."""
    for number, one in ROWS.items():
        ids = [found for file in one.files for found in rows_of(file).get(number, ())]
        sys.stdout.write(f"{number:2} {one.title} ({one.required}): {len(ids)}\n")
        for found in ids:
            sys.stdout.write(f"     {found}\n")


if __name__ == "__main__":
    main()
