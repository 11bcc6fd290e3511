"""`./tra trust …`, for the persons of a key ceremony. docs/operator.md says who must be there.

    ./tra trust csr --key alias/tra-office-seal --subject 'C=KH;O=…;CN=…' > seal.csr
    ./tra trust import --key alias/tra-office-seal --stage office chain.pem [--roots roots.pem] [--write]
    ./tra trust show --stage office

`csr` signs a request with the key itself, in KMS or in a token (`--key pkcs11:…`, its PIN asked for at the terminal). `import`
checks everything first and writes nothing without `--write`; the old chain stays in the parameter's history.
"""

import argparse
import getpass
import re
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from cryptography import x509

from chalicelib.aws import clients
from chalicelib.signing import chain_check, csr
from chalicelib.signing.cms import Chain
from chalicelib.signing.kms import KmsSigner
from chalicelib.signing.pkcs11 import SCHEME, Pkcs11Signer

_PART = re.compile(r"\s*([A-Za-z]+)=(.*)")


class Key(Protocol):
    """A key that signs and shows its public half (DER)."""

    def sign(self, message: bytes) -> bytes: ...

    def public_key(self) -> bytes: ...


class Kept(KmsSigner):
    """A key in KMS."""

    def public_key(self) -> bytes:
        """See `Key`."""
        return self.client.get_public_key(KeyId=self.key_id)["PublicKey"]


def key_of(name: str) -> Key:
    """The key that `name` names."""
    if name.startswith(SCHEME):
        return Pkcs11Signer.of(name, getpass.getpass("PIN: "))
    return Kept(clients.kms(), name)


def subject_of(text: str) -> dict[str, str]:
    """`C=KH;O=…;CN=…` as parts. ValueError for anything else."""
    found = [_PART.fullmatch(part) for part in text.split(";")]
    if not all(found):
        raise ValueError("a subject is written C=KH;O=Office;CN=Seal of the office")
    return {match[1].upper(): match[2].strip() for match in found if match}


def install(chain: Chain, roots: bytes, key: Key, stage: str, *, write: bool) -> tuple[str, ...]:
    """Faults; with none and `write`, the parameters are set."""
    found = chain_check.faults(chain.certificates, key.public_key(), datetime.now(UTC))
    if not found and write:
        pem = b"".join(_pem(der) for der in chain.certificates).decode("ascii")
        for name, value in (("seal/certificate", pem), ("trust/roots", roots.decode("ascii"))):
            clients.ssm().put_parameter(
                Name=f"/tra/{stage}/{name}", Value=value, Type="String", Tier="Intelligent-Tiering", Overwrite=True
            )
    return found


def _pem(der: bytes) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding

    return x509.load_der_x509_certificate(der).public_bytes(Encoding.PEM)


def _said(der: bytes) -> str:
    one = x509.load_der_x509_certificate(der)
    return f"{one.subject.rfc4514_string()}\n  until {one.not_valid_after_utc:%Y-%m-%d}, number {one.serial_number:x}"


def main(arguments: list[str]) -> int:
    """Exit status: 0 done, 1 faults found, 2 wrongly called."""
    parser = argparse.ArgumentParser(prog="tra")
    trust = parser.add_subparsers(required=True).add_parser("trust").add_subparsers(dest="act", required=True)
    asking = trust.add_parser("csr", help="a certificate request, signed by the key itself")
    asking.add_argument("--key", required=True)
    asking.add_argument("--subject", required=True)
    importing = trust.add_parser("import", help="check a chain, and with --write install it")
    importing.add_argument("chain", type=Path)
    importing.add_argument("--key", required=True)
    importing.add_argument("--stage", required=True)
    importing.add_argument("--roots", type=Path, help="further roots that time-stamps end in")
    importing.add_argument("--write", action="store_true")
    showing = trust.add_parser("show", help="what is installed")
    showing.add_argument("--stage", required=True)
    asked = parser.parse_args(arguments)
    if asked.act == "csr":
        key = key_of(asked.key)
        sys.stdout.write(csr.request(key.public_key(), subject_of(asked.subject), key).decode("ascii"))
        return 0
    if asked.act == "show":
        for name in ("seal/certificate", "trust/roots"):
            value = clients.ssm().get_parameter(Name=f"/tra/{asked.stage}/{name}")["Parameter"]["Value"]
            print(f"{name}:", *map(_said, Chain.from_pem(value.encode()).certificates), sep="\n")
        return 0
    chain = Chain.from_pem(asked.chain.read_bytes())
    roots = _pem(chain.certificates[-1]) + (asked.roots.read_bytes() if asked.roots else b"")
    found = install(chain, roots, key_of(asked.key), asked.stage, write=asked.write)
    print(*map(_said, chain.certificates), sep="\n")
    print(*(f"FAULT: {fault}" for fault in found), sep="\n")
    if not found:
        print("Installed." if asked.write else "No faults. Nothing was written: say --write.")
        print("Set TestTrust to 0 with the next deployment only if this chain is for use.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
