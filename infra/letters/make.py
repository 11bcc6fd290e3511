"""Write one of each letter at each level into a folder: `python -m infra.letters.make DIR`. `make letters DIR=…`.

Names: `<document>.<plain|odd>.<b-b|b-t|b-lta>.pdf`, beside each the log's proof (`….pdf.proof.json`); `roots.pem` is what a
validator is told to trust, `trust.json` what the offline verifier is. Test trust, made for this run: not for use, and every
letter says so. With `--drawn` also the letters before they are sealed.
"""

import hashlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from chalicelib.kernel.clock import stamp
from chalicelib.offices.load import load_office
from chalicelib.offices.model import Office
from chalicelib.proof.entries import letter_entry
from chalicelib.signing import cms, levels
from chalicelib.signing.cms import Chain
from chalicelib.signing.letter import TypstLetters
from chalicelib.signing.levels import Evidence
from chalicelib.signing.model import LetterContent
from chalicelib.signing.pades import PadesSealer
from chalicelib.signing.sealed import SealedLetters
from chalicelib.wiring.ground import fonts_folder
from infra.letters.log import SampleLog
from infra.letters.samples import RECEIPT_JSON, contents
from infra.local.authority import TestAuthority
from infra.local.trust import TestTrust

LEVELS = ("drawn", "b-b", "b-t", "b-lta")


class LocalKey:
    """A key of this process."""

    def __init__(self) -> None:
        self.key = rsa.generate_private_key(65537, 3072)

    def sign(self, message: bytes) -> bytes:
        """See `signing.model.Signer`."""
        return self.key.sign(message, padding.PKCS1v15(), hashes.SHA256())

    def public_pem(self) -> bytes:
        """The public key."""
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        return self.key.public_key().public_bytes(serialization.Encoding.PEM, form)


@dataclass(frozen=True)
class Workshop:
    """Draws, seals and raises letters with a key and a trust of its own."""

    office: Office
    trust: TestTrust
    key: LocalKey

    @classmethod
    def opened(cls, *, responder_url: str | None = None) -> "Workshop":
        """A new key, a new trust. `responder_url`: see `TestTrust`."""
        trust = TestTrust() if responder_url is None else TestTrust(responder_url=responder_url)
        return cls(load_office("kh", demo_fees=True), trust, LocalKey())

    @cached_property
    def sealer(self) -> PadesSealer:
        """Seals with the key."""
        chain = self.trust.issue_seal_certificate(self.key.public_pem(), self.office.names["en"])
        return PadesSealer(signer=self.key, chain=Chain.from_pem(chain))

    @cached_property
    def letters(self) -> SealedLetters:
        """Draws and seals."""
        return SealedLetters(office=self.office, letters=TypstLetters(fonts_folder()), sealer=self.sealer)

    @cached_property
    def authority(self) -> TestAuthority:
        """Time-stamps and states."""
        return TestAuthority(trust=self.trust)

    def stamped(self, sealed: bytes) -> bytes:
        """B-B to B-T."""
        value = cms.signature_value(levels.seal_cms(sealed))
        return levels.stamped(sealed, self.authority.stamp(hashlib.sha256(value).digest()).token)

    def evidence(self, stamped: bytes) -> Evidence:
        """What an archive of this letter needs."""
        chain, newest = self.sealer.chain.certificates, levels.newest_stamp(stamped)
        state = self.authority.status(chain[0], chain[1])
        held = [*chain, *newest.certificates, *state.certificates]
        return Evidence(certificates=held, ocsps=[state.response], lists=self.authority.lists())

    def archived(self, stamped: bytes) -> bytes:
        """B-T to B-LTA."""
        return levels.archived(stamped, self.evidence(stamped), self.authority)

    def every_level(self, content: LetterContent) -> Iterator[tuple[str, bytes]]:
        """Level and PDF."""
        drawn = self.letters.letters.render(content, receipt=RECEIPT_JSON)
        sealed = self.letters(content, RECEIPT_JSON)
        stamped = self.stamped(sealed)
        yield from zip(LEVELS, (drawn, sealed, stamped, self.archived(stamped)), strict=True)


def write(folder: Path, workshop: Workshop, *, drawn: bool = False) -> int:
    """Every letter at every level; `drawn`: unsealed too. Answers how many letters."""
    log = SampleLog()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "roots.pem").write_bytes(workshop.trust.roots())
    (folder / "trust.json").write_bytes(log.trust(workshop.trust.roots()))
    count = 0
    for name, content in contents(workshop.office).items():
        for level, pdf in workshop.every_level(content):
            if level == "drawn" and not drawn:
                continue
            path = folder / f"{name}.{level}.pdf"
            path.write_bytes(pdf)
            if level != "drawn":
                path.with_name(f"{path.name}.proof.json").write_bytes(log.proof(_entry(content, level, pdf)))
            count += 1
    return count


def _entry(content: LetterContent, level: str, pdf: bytes) -> bytes:
    return letter_entry(
        number=content.letter_number, code=content.letter_code, level=level, issued_at=stamp(content.issued_at),
        letter_sha256=hashlib.sha256(pdf).hexdigest(), receipt_sha256=hashlib.sha256(RECEIPT_JSON).hexdigest(),
    )  # fmt: skip


def main(arguments: list[str]) -> int:
    """Exit status 0 when written."""
    drawn, (place,) = "--drawn" in arguments, [one for one in arguments if one != "--drawn"]
    print(f"{write(Path(place), Workshop.opened(), drawn=drawn)} letters, their proofs, roots.pem and trust.json in {place}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
