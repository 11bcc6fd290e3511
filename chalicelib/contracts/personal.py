"""Where an event may say something about a person, and why: nowhere but here. The schemas list it as `x-personal-data`.

Everything else in an event is bound so that no name, address or file name fits (`tests/architecture/test_facts.py`). Data about
people lie in the objects that a package points to, where access is controlled and where the law may have them erased.
"""

from chalicelib.contracts.fact import Fact

PSEUDONYM = "who acted, as a digest of issuer and subject; only the office's issuer can say whose it is"
CERTIFICATE = "who signed a file, as the digest of a certificate; only who has the certificate can say whose it is"
EVERYWHERE = {"/actor": PSEUDONYM}  # RFC 6901 pointers into the message
OF_FACT: dict[str, dict[str, str]] = {
    "AttachmentStored": {"/data/signatures": CERTIFICATE},
    "AttachmentHeld": {"/data/signatures": CERTIFICATE},
    "CaseDecided": {"/data/proposed_by": PSEUDONYM},
    "LetterApproved": {"/data/prepared_by": PSEUDONYM},
}


def allowed(fact: type[Fact]) -> dict[str, str]:
    """Pointer → why, for the messages that carry `fact`."""
    return {**EVERYWHERE, **OF_FACT.get(fact.__name__, {})}
