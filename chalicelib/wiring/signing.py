"""Joins room 4 seal: letters and reports."""

from dataclasses import replace
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from chalicelib.aws import clients
from chalicelib.log import log
from chalicelib.register.model import StreamId
from chalicelib.wiring.ground import Ground, fonts_folder

if TYPE_CHECKING:
    from chalicelib.signing.authorities import States, TimeStamps
    from chalicelib.signing.contents import Contents
    from chalicelib.signing.mailbox import Mailbox
    from chalicelib.signing.model import Signer
    from chalicelib.signing.officers.sealing import SealApproved
    from chalicelib.signing.raising import RaiseLetters, Trust
    from chalicelib.signing.report import FetchReport, SealReport
    from chalicelib.signing.sealed import SealedLetters
    from chalicelib.signing.service import FetchLetter, SealLetter


class Signing(Ground):
    """4 seal: letters and reports."""

    @cached_property
    def letters(self) -> "SealedLetters":
        from chalicelib.signing.cms import Chain
        from chalicelib.signing.letter import TypstLetters
        from chalicelib.signing.pades import PadesSealer
        from chalicelib.signing.sealed import SealedLetters

        sealer = PadesSealer(
            signer=self._seal_key(),
            chain=Chain.from_pem(self.parameters(self.settings.seal_certificate_parameter).encode()),
        )
        return SealedLetters(office=self.office, letters=TypstLetters(fonts_folder()), sealer=sealer)

    def _seal_key(self) -> "Signer":
        """In KMS, or in a token that a `pkcs11:` URI names."""
        from chalicelib.signing.kms import KmsSigner
        from chalicelib.signing.pkcs11 import SCHEME, Pkcs11Signer

        name = self.settings.seal_key_id
        if name.startswith(SCHEME):
            return Pkcs11Signer.of(name, self.parameters(Pkcs11Signer.pin_source(name)))
        return KmsSigner(clients.kms(), name)

    @cached_property
    def seal_letter(self) -> "SealLetter":
        from chalicelib.signing.service import SealLetter
        from chalicelib.signing.transparency.service import LoggedReceipts

        return SealLetter(
            register=self.register,
            office=self.office,
            records=self.records,
            letters=self.letters,
            proofs=LoggedReceipts(public=self.public),
            public_url=self.settings.public_url,
            test_trust=self.settings.test_trust,
            clock=self.clock,
        )

    @cached_property
    def seal_receipt(self) -> "SealLetter":
        from chalicelib.signing.documents import RECEIPT

        return replace(self.seal_letter, code=RECEIPT)

    @cached_property
    def contents(self) -> "Contents":
        from chalicelib.signing.contents import Contents
        from chalicelib.signing.documents import Writing
        from chalicelib.signing.transparency.service import LoggedReceipts

        writing = Writing(
            office=self.office, public_url=self.settings.public_url, test_trust=self.settings.test_trust
        )
        return Contents(
            register=self.register, office=self.office, writing=writing, proofs=LoggedReceipts(public=self.public)
        )

    @cached_property
    def seal_approved(self) -> "SealApproved":
        from chalicelib.signing.officers.sealing import SealApproved

        return SealApproved(
            register=self.register, contents=self.contents, records=self.records, letters=self.letters, clock=self.clock
        )

    @cached_property
    def seal_report(self) -> "SealReport":
        from chalicelib.signing.report import SealReport

        return SealReport(
            register=self.register, office=self.office, records=self.records, reports=self.letters,
            test_trust=self.settings.test_trust, clock=self.clock,
        )  # fmt: skip

    @cached_property
    def stamps(self) -> "TimeStamps | None":
        """Who time-stamps; None if nobody is configured, then letters stay B-B."""
        from chalicelib.signing.authorities import Breaker, HttpTimeStamps, Urllib3Post

        if not self.settings.tsa_url:
            return None
        roots = self._roots()
        return Breaker(
            authority=HttpTimeStamps(url=self.settings.tsa_url, roots=roots, post=Urllib3Post()), clock=self.clock
        )

    @cached_property
    def states(self) -> "States":
        from chalicelib.signing.authorities import HttpStates, Urllib3Post

        return HttpStates(
            ocsp_url=self.settings.ocsp_url, crl_urls=self.settings.crl_urls.split(), post=Urllib3Post()
        )

    def _roots(self) -> tuple[bytes, ...]:
        from chalicelib.signing.cms import Chain

        return Chain.from_pem(self.parameters(self.settings.trust_roots_parameter).encode()).certificates

    def _trust(self) -> "Trust":
        from chalicelib.signing.cms import Chain
        from chalicelib.signing.raising import Trust

        chain = Chain.from_pem(self.parameters(self.settings.seal_certificate_parameter).encode())
        settle = timedelta(seconds=int(self.settings.settle_seconds))
        return Trust(chain=chain.certificates, roots=self._roots(), settle=settle)

    @cached_property
    def raise_letters(self) -> "RaiseLetters | None":
        from chalicelib.signing.raising import RaiseLetters

        if self.stamps is None:
            return None
        return RaiseLetters(
            register=self.register, waiting=self.register, records=self.records, stamps=self.stamps, states=self.states,
            trust=self._trust, clock=self.clock,
        )  # fmt: skip

    def raise_due(self) -> None:
        """What letters wait for: time-stamps, archives, renewals."""
        if self.raise_letters is not None:
            self.raise_letters()

    def seal(self, stream: StreamId) -> None:
        """What a stream that waits in the sealing queue is to have: a day its report, a filing its letters, a letter that two
        persons answer for its seal. A later paper whose fee was paid has no letter yet: its signed receipt is the proof."""
        if stream.kind == "PAPER":
            log("no-letter-for-a-paper", stream=str(stream))
            return
        if stream.kind == "RECONCILIATION":
            self.seal_report(stream)
            return
        if stream.kind == "LETTER":
            sealed = self.seal_approved(stream)
            if sealed and self.raise_letters is not None:
                self.raise_letters.at_once(*sealed)
            return
        for room in (self.seal_receipt, self.seal_letter):
            room(stream)
            if self.raise_letters is not None:
                self.raise_letters.at_once(stream.id, room.code)

    @cached_property
    def fetch_report(self) -> "FetchReport":
        from chalicelib.signing.report import FetchReport

        return FetchReport(register=self.register, links=self.records)

    @cached_property
    def fetch_letter(self) -> "FetchLetter":
        from chalicelib.signing.service import FetchLetter

        return FetchLetter(register=self.register, links=self.records)

    @cached_property
    def mailbox(self) -> "Mailbox":
        from chalicelib.signing.mailbox import Mailbox

        return Mailbox(register=self.register, office=self.office)
