"""Joins room 2 store: uploads, screening, custody."""

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
