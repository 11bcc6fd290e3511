"""Joins room 1 receive: drafts, what an owner sees, submission; later papers."""

from functools import cached_property
from typing import TYPE_CHECKING

from chalicelib.wiring.ground import Ground

if TYPE_CHECKING:
    from chalicelib.filing.drafts import Drafts
    from chalicelib.filing.paper_submission import SubmitPaper
    from chalicelib.filing.papers import Papers
    from chalicelib.filing.submission import Submit
    from chalicelib.filing.view import Filings


class Filing(Ground):
    """1 receive: drafts, what an owner sees, submission; later papers."""

    @cached_property
    def drafts(self) -> "Drafts":
        from chalicelib.filing.drafts import Drafts

        return Drafts(register=self.register, office=self.office, clock=self.clock)

    @cached_property
    def filings(self) -> "Filings":
        from chalicelib.filing.view import Filings

        return Filings(register=self.register, office=self.office)

    @cached_property
    def submit(self) -> "Submit":
        from chalicelib.filing.submission import Submit

        return Submit(register=self.register, office=self.office, quarantine=self.quarantine, signer=self.receipts)

    @cached_property
    def papers(self) -> "Papers":
        from chalicelib.filing.papers import Papers

        return Papers(register=self.register, office=self.office, clock=self.clock)

    @cached_property
    def submit_paper(self) -> "SubmitPaper":
        from chalicelib.filing.paper_submission import SubmitPaper

        return SubmitPaper(
            register=self.register, office=self.office, quarantine=self.quarantine, signer=self.receipts
        )
