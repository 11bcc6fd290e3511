"""Signs receipts, for functions that carry no signing packages."""

from dataclasses import dataclass

from chalicelib.signing import cms
from chalicelib.signing.model import Signer


@dataclass(frozen=True, kw_only=True)
class SignedReceipts:
    """See `filing.submission.ReceiptSigner`."""

    signer: Signer
    chain: cms.Chain

    def sign_detached(self, payload: bytes) -> bytes:
        """A detached CMS signature (RFC 5652), DER; the same bytes give the same signature."""
        return cms.sign_detached(payload, chain=self.chain, signer=self.signer)
