"""The commands `export`, `verify` and `restore`: carrying an office away, proving what was carried, beginning with it."""

import time
from argparse import Namespace
from collections.abc import Callable

from chalicelib.aws import clients
from chalicelib.aws.s3 import Bucket
from chalicelib.kernel.clock import stamp, system_clock
from chalicelib.kernel.errors import Corrupt
from chalicelib.register.rows import DynamoRows
from chalicelib.registry.export import Export
from chalicelib.registry.proof import Proof
from chalicelib.registry.restore import Restore
from chalicelib.registry.seal import TrustedSeals

Say = Callable[[str], None]


def export(chosen: Namespace, say: Say) -> int:
    """Write the export; how long it took."""
    began = time.monotonic()
    rows, objects = Export(
        rows=DynamoRows(table=chosen.table, client=clients.dynamodb()),
        records=Bucket(name=chosen.bucket, client=clients.s3()),
        folder=chosen.folder,
    )(stamp(system_clock()))
    say(f"done      {rows} rows, {objects} objects in {time.monotonic() - began:.1f} s")
    return 0


def verify(chosen: Namespace, say: Say) -> int:
    """Prove the export, offline."""
    return _proved(_proof(chosen), say)


def restore(chosen: Namespace, say: Say) -> int:
    """Prove it, then put it into an empty office."""
    restoring = Restore(
        proof=_proof(chosen),
        records=Bucket(name=chosen.bucket, client=clients.s3()),
        table=DynamoRows(table=chosen.table, client=clients.dynamodb()),
        say=say,
        receipts=chosen.receipts,
    )
    return _proved(restoring, say)


def _proof(chosen: Namespace) -> Proof:
    return Proof(folder=chosen.folder, seals=TrustedSeals(chosen.trust.read_bytes()))


def _proved(act: Callable[[], dict[str, int]], say: Say) -> int:
    began = time.monotonic()
    try:
        told = act()
    except Corrupt as error:
        say(f"differs   {error}")
        return 3
    counted = ", ".join(f"{count} {what}" for what, count in told.items())
    say(f"done      {counted} in {time.monotonic() - began:.1f} s")
    return 0
