"""Joins room 2 store: uploads, screening, custody."""

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from chalicelib.aws import clients
from chalicelib.wiring.ground import Ground

if TYPE_CHECKING:
    from pathlib import Path

    from chalicelib.attachments.custody import TakeCustody
    from chalicelib.attachments.derived import ShowDerived
    from chalicelib.attachments.letters import LookAtLetter
    from chalicelib.attachments.model import Made
    from chalicelib.attachments.multipart import PartUploads
    from chalicelib.attachments.screening.model import Task
    from chalicelib.attachments.service import ConfirmUpload, Screen
    from chalicelib.attachments.uploads import Uploads


SIGNATURES = "chalicelib.signing.incoming.child"  # the program that looks at signatures, in a cell of screening's


class Attachments(Ground):
    """2 store: uploads, screening, custody."""

    @cached_property
    def uploads(self) -> "Uploads":
        from chalicelib.attachments.uploads import Uploads

        return Uploads(
            register=self.register,
            office=self.office,
            quarantine=self.quarantine,
            parts=self.part_uploads,
            clock=self.clock,
        )

    @cached_property
    def paper_uploads(self) -> "Uploads":
        from chalicelib.attachments.holders import PAPERS

        return replace(self.uploads, parts=self.paper_part_uploads, holder=PAPERS)

    @cached_property
    def paper_part_uploads(self) -> "PartUploads":
        from chalicelib.attachments.holders import PAPERS

        return replace(self.part_uploads, holder=PAPERS)

    @cached_property
    def show_paper_derived(self) -> "ShowDerived":
        from chalicelib.attachments.holders import PAPERS

        return replace(self.show_derived, holder=PAPERS)

    @cached_property
    def show_derived(self) -> "ShowDerived":
        from chalicelib.attachments.derived import ShowDerived

        return ShowDerived(register=self.register, quarantine=self.quarantine)

    @cached_property
    def part_uploads(self) -> "PartUploads":
        from chalicelib.attachments.multipart import PartUploads
        from chalicelib.attachments.s3 import S3Parts

        store = S3Parts(name=self.settings.quarantine_bucket, client=clients.s3())
        return PartUploads(register=self.register, store=store)

    @cached_property
    def confirm_upload(self) -> "ConfirmUpload":
        from chalicelib.attachments.service import ConfirmUpload

        return ConfirmUpload(register=self.register, quarantine=self.quarantine, screen=self.screen, clock=self.clock)

    @cached_property
    def screen(self) -> "Screen":
        from chalicelib.attachments.screening.choice import scanner
        from chalicelib.attachments.screening.service import Screening
        from chalicelib.attachments.screening.signatures import SignatureCell

        return Screening(
            office=self.office,
            scanner=scanner(self.settings.scanner, self.quarantine),
            signatures=SignatureCell(program=SIGNATURES, roots=self.office.signer_roots, clock=self.clock),
        )

    @cached_property
    def look_at_letter(self) -> "LookAtLetter":
        from dataclasses import replace

        from chalicelib.attachments.letters import LookAtLetter
        from chalicelib.attachments.screening.service import Screening

        screen = self.screen
        return LookAtLetter(screen=replace(screen, make=_nothing) if isinstance(screen, Screening) else screen)

    @cached_property
    def take_custody(self) -> "TakeCustody":
        from chalicelib.attachments.custody import TakeCustody

        return TakeCustody(
            register=self.register,
            records=self.records,
            quarantine=self.quarantine,
            signer=self.receipts,
            clock=self.clock,
        )


def _nothing(_path: "Path", _task: "Task") -> "tuple[Made, ...]":
    """Of the office's own letters no copies are made."""
    return ()
