"""Which scanner the configuration names: `guardduty`, `clamav:HOST:PORT`, or `test-signature` (tests and trials)."""

from typing import TYPE_CHECKING

from chalicelib.attachments.screening.scanner import Scanner

if TYPE_CHECKING:
    from chalicelib.aws.s3 import Bucket


def scanner(name: str, quarantine: "Bucket") -> Scanner:
    """The scanner of this name. ValueError for any other: nobody goes without by a slip of the pen."""
    match name.split(":"):
        case ["test-signature"]:
            from chalicelib.attachments.screening.eicar import EicarOnly

            return EicarOnly()
        case ["guardduty"]:
            from chalicelib.attachments.screening.guardduty import GuardDuty

            return GuardDuty(bucket=quarantine.name, client=quarantine.client)
        case ["clamav", host, port]:
            from chalicelib.attachments.screening.clamav import ClamAV

            return ClamAV(host=host, port=int(port))
    raise ValueError("TRA_SCANNER names no scanner that we know")
