"""Joins room 4 seal: letters and reports, and looking them up."""

from functools import cached_property
from typing import TYPE_CHECKING

from chalicelib.aws import clients
from chalicelib.log import log
from chalicelib.register.model import StreamId
from chalicelib.wiring.ground import Ground, fonts_folder

if TYPE_CHECKING:
    from chalicelib.signing.report import FetchReport, SealReport
    from chalicelib.signing.sealed import SealedLetters
    from chalicelib.signing.service import FetchLetter, SealLetter
    from chalicelib.signing.verification import VerifyDigest


class Signing(Ground):
    """4 seal: letters and reports, and looking them up."""

    @cached_property
    def letters(self) -> "SealedLetters":
        from chalicelib.signing.cms import Chain
        from chalicelib.signing.kms import KmsSigner
        from chalicelib.signing.letter import TypstLetters
        from chalicelib.signing.pades import PadesSealer
        from chalicelib.signing.sealed import SealedLetters

        sealer = PadesSealer(
            signer=KmsSigner(clients.kms(), self.settings.seal_key_id),
            chain=Chain.from_pem(self.parameters(self.settings.seal_certificate_parameter).encode()),
        )
        return SealedLetters(office=self.office, letters=TypstLetters(fonts_folder()), sealer=sealer)

    @cached_property
    def seal_letter(self) -> "SealLetter":
        from chalicelib.signing.service import SealLetter

        return SealLetter(
            register=self.register,
            office=self.office,
            records=self.records,
            letters=self.letters,
            public_url=self.settings.public_url,
            test_trust=self.settings.test_trust,
            clock=self.clock,
        )

    @cached_property
    def seal_report(self) -> "SealReport":
        from chalicelib.signing.report import SealReport

        return SealReport(
            register=self.register, office=self.office, records=self.records, reports=self.letters,
            test_trust=self.settings.test_trust, clock=self.clock,
        )  # fmt: skip

    def seal(self, stream: StreamId) -> None:
        """What a stream that waits in the sealing queue is to have: a day its report, a filing its letter. A later paper whose
        fee was paid has no letter yet: its signed receipt is the proof."""
        if stream.kind == "PAPER":
            log("no-letter-for-a-paper", stream=str(stream))
            return
        (self.seal_report if stream.kind == "RECONCILIATION" else self.seal_letter)(stream)

    @cached_property
    def fetch_report(self) -> "FetchReport":
        from chalicelib.signing.report import FetchReport

        return FetchReport(register=self.register, links=self.records)

    @cached_property
    def fetch_letter(self) -> "FetchLetter":
        from chalicelib.signing.service import FetchLetter

        return FetchLetter(register=self.register, links=self.records)

    @cached_property
    def verify_digest(self) -> "VerifyDigest":
        from chalicelib.signing.verification import VerifyDigest

        return VerifyDigest(register=self.register, office=self.office)
