"""How long a function takes to start: a fresh interpreter that imports the map and what the function's room needs."""

import os
import re
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.bench.figure import Figure

ROOT = Path(__file__).resolve().parents[2]
RUNS = 5
FLOOR = "import chalice, boto3; boto3.client('dynamodb', region_name='eu-west-1')"
ROOMS = {  # function → what its room imports when first asked for, clients included
    "http": (
        "app.rooms.drafts; app.rooms.filings; app.rooms.uploads; app.rooms.orders",
        "import jwt, chalicelib.filing.submission",
    ),
    "receive_upload": ("app.rooms.confirm_upload", "import pikepdf"),
    "take_custody": ("app.rooms.records", "import chalicelib.attachments.custody, chalicelib.signing.receipts"),
    "ask_bank": (
        "app.rooms.bells",
        "import chalicelib.payment.service, chalicelib.payment.rails.aba, chalicelib.payment.http",
    ),
    "credit_filing": ("app.rooms.credit_filing",),
    "seal": (
        "app.rooms.records",
        "import chalicelib.signing.service, chalicelib.signing.sealed, pyhanko.sign.signers, typst, segno",
    ),
    "relay": ("app.rooms.relay",),
    "hand_over": ("app.rooms.hand_over",),
}
VARIABLES = (
    "STAGE REGISTER_TABLE QUARANTINE_BUCKET RECORDS_BUCKET FACTS_TOPIC_ARN BELLS_QUEUE_URL SEAL_KEY_ID RECEIPT_KEY_ID "
    "SEAL_CERTIFICATE_PARAMETER RECEIPT_CERTIFICATE_PARAMETER OIDC_ISSUER OIDC_AUDIENCE OIDC_JWKS_URL PUBLIC_URL "
    "PAYMENT_SECRETS_PARAMETER"
)
ENVIRONMENT = {
    **{f"TRA_{name}": "x" for name in VARIABLES.split()},
    "TRA_OFFICE": "kh",
    "TRA_PAYMENT_RAILS": "[]",
    "AWS_DEFAULT_REGION": "eu-west-1",
    "PYTHONDONTWRITEBYTECODE": "",
}
_LINE = re.compile(r"import time:\s+\d+ \|\s+(\d+) \|( *)(\S+)")


def cold_imports() -> tuple[Figure, ...]:
    """Milliseconds to start each function, compiled code on disk as in our packages."""
    with tempfile.TemporaryDirectory() as cache:
        floor = _median(FLOOR, cache)
        all_of = {name: _median(_start(name), cache) for name in ROOMS}
        return tuple(
            Figure(
                name=f"cold_import_{name}",
                value=milliseconds,
                unit="ms",
                against="interpreter, chalice, boto3 and one client",
                ratio=milliseconds / floor,
                runs=RUNS,
                detail=_largest(_start(name), cache),
            )
            for name, milliseconds in all_of.items()
        )


def _start(name: str) -> str:
    return "; ".join(("import app", *ROOMS[name]))


def _run(code: str, cache: str, *flags: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **ENVIRONMENT, "PYTHONPYCACHEPREFIX": cache}
    timed = f"import time; b = time.perf_counter(); {code}; print((time.perf_counter() - b) * 1000)"
    command = [sys.executable, *flags, "-c", timed]
    return subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT, env=environment)  # noqa: S603


def _median(code: str, cache: str) -> float:
    _run(code, cache)
    return statistics.median(float(_run(code, cache).stdout) for _ in range(RUNS))


def _largest(code: str, cache: str) -> dict[str, str]:
    """The heaviest top-level packages, with what they import in turn."""
    times: dict[str, int] = {}
    for cumulative, _, module in _LINE.findall(_run(code, cache, "-X", "importtime").stderr):
        top = module.split(".")[0]
        if top not in {"app", "chalicelib"}:
            times[top] = max(times.get(top, 0), int(cumulative))
    heaviest = sorted(times.items(), key=lambda pair: -pair[1])[:5]
    return {name: f"{microseconds / 1000:.0f} ms" for name, microseconds in heaviest}
