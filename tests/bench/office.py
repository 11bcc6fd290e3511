"""How long an applicant waits in the local office, from the verified payment to the letter that can be downloaded."""

import statistics
import time

from chalicelib.kernel.clock import parse_stamp
from chalicelib.register.dynamodb import DynamoRegister
from chalicelib.register.model import StreamId
from infra.local import samples
from infra.local.filer import Filer, all_stored, http_transport
from infra.local.office import LocalOffice
from tests.bench.figure import Figure, percentile

RUNS = 20


def payment_to_letter() -> tuple[Figure, Figure]:
    """p50 and p95 seconds over `RUNS` filings, one after another, functions warm, against the fastest of them."""
    with LocalOffice() as office:
        send, upload = http_transport(office.api_url)
        filer = Filer(send, upload, office.token("bench"))
        register = DynamoRegister(table=office.environment["TRA_REGISTER_TABLE"], client=office.clients.dynamodb)
        waits = [_one(office, filer, register) for _ in range(RUNS + 1)][1:]
    fastest = min(waits)
    p50, p95 = statistics.median(waits), percentile(waits, 0.95)
    against = "the fastest of the run"
    return (
        Figure(name="payment_to_letter_p50", value=p50, unit="s", against=against, ratio=p50 / fastest, runs=RUNS),
        Figure(name="payment_to_letter_p95", value=p95, unit="s", against=against, ratio=p95 / fastest, runs=RUNS),
    )


def _one(office: LocalOffice, filer: Filer, register: DynamoRegister) -> float:
    filing = filer.begin(samples.patent_form())
    for file in samples.patent_files():
        filer.attach(filing, file)
    filer.wait(filing, all_stored)
    filer.submit(filing)
    order = filer.order(filing)
    office.bank.pay(order["pay"]["reference"])
    view = filer.wait(filing, lambda seen: any(event["type"] == "LetterIssued" for event in seen["history"]))
    issued = next(parse_stamp(event["at"]) for event in view["history"] if event["type"] == "LetterIssued")
    stream = register.load(StreamId("ORDER", order["id"]))
    verified = next(
        parse_stamp(entry.at) for entry in (stream.entries if stream else ()) if entry.type == "PaymentVerified"
    )
    filer.acknowledgement(filing)
    time.sleep(0.2)  # let what follows the letter end, so that filings do not wait for each other
    return (issued - verified).total_seconds()
