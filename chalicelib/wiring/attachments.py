"""Joins room 2 store: uploads, screening, custody."""

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from chalicelib.aws import clients
from chalicelib.wiring.ground import Ground

if TYPE_CHECKING:
    from chalicelib.attachments.custody import TakeCustody
    from chalicelib.attachments.derived import ShowDerived
    from chalicelib.attachments.multipart import PartUploads
    from chalicelib.attachments.service import ConfirmUpload, Screen
    from chalicelib.attachments.uploads import Uploads


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

        return Screening(office=self.office, scanner=scanner(self.settings.scanner, self.quarantine))

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
