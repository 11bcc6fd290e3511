"""What proving costs: a leaf put into the log, and a letter checked, each against the least that could do it."""

import hashlib

from cryptography import x509

from chalicelib.proof.merkle import leaf_hash
from chalicelib.proof.seal import check
from chalicelib.signing.cms import Chain
from chalicelib.signing.pades import PadesSealer
from chalicelib.signing.verification.inspection import inspect
from infra.letters.make import LocalKey
from infra.local.samples import patent_files
from infra.local.trust import TestTrust
from tests.bench.figure import Figure, median_ms
from tests.factories import log_facts
from tests.fakes import NOON, FixedClock, InMemoryBucket, InMemoryRegister

LEAVES = 5_000
RUNS = 15


def log_append() -> Figure:
    """Median milliseconds to give one more leaf its place, in a log of some thousands, in memory; against its hash."""
    log = log_facts(InMemoryRegister(), InMemoryBucket(), FixedClock())
    numbers = iter(range(10 * LEAVES))

    def append() -> None:
        log.sequence(b'{"entry":%d}' % next(numbers))

    spent = median_ms(append, LEAVES)
    least = median_ms(lambda: leaf_hash(b'{"entry":0}'), LEAVES)
    return Figure(
        name="log_append", value=spent, unit="ms", against="one leaf's hash", ratio=spent / least, runs=LEAVES,
        detail={"leaves": LEAVES},
    )  # fmt: skip


def verify_letter() -> Figure:
    """Median milliseconds of an inspector over one sealed letter (strict check and AdES); against hashing it."""
    key = LocalKey()
    trust = TestTrust(now=NOON)
    chain_pem = trust.issue_seal_certificate(key.public_pem(), "Bench")
    sealer = PadesSealer(signer=key, chain=Chain.from_pem(chain_pem))
    letter = sealer.seal(patent_files()[0].body, sealed_at=NOON, reason="bench", location="here")
    roots = x509.load_pem_x509_certificates(trust.roots())
    assert inspect(letter, chain_pem=chain_pem.decode(), stamp_roots_pem="", issued=None).seals[0].intact
    spent = median_ms(lambda: inspect(letter, chain_pem=chain_pem.decode(), stamp_roots_pem="", issued=None), RUNS)
    offline = median_ms(lambda: check(letter, roots), RUNS)
    least = median_ms(lambda: hashlib.sha256(letter).digest(), RUNS)
    return Figure(
        name="verify_letter", value=spent, unit="ms", against="one hash of it", ratio=spent / least, runs=RUNS,
        detail={"offline_ms": round(offline, 2), "letter_bytes": len(letter)},
    )  # fmt: skip
