"""One seal key in moto's KMS, its certificate and its sealer, for a module of tests: making keys is slow.

Not for longer: an AWS that outlives its module would be met by the next one's.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from moto import mock_aws

from chalicelib.signing.cms import Chain
from chalicelib.signing.kms import KmsSigner
from chalicelib.signing.letter import TypstLetters
from chalicelib.signing.pades import PadesSealer
from infra.local.trust import TestTrust
from tests.unit.signing.conftest import FONTS
from tests.unit.signing.letters import ISSUED, RECEIPT, full_letter


@dataclass(frozen=True)
class Room:
    """The signing room as a test meets it."""

    letters: TypstLetters
    signer: KmsSigner
    sealer: PadesSealer
    trust: TestTrust
    drawn: bytes
    sealed: bytes

    def seal(self, pdf: bytes, content: Any = None) -> bytes:
        """Seal as the service will."""
        panel = self.letters.panel(content or full_letter(), sealed_by=self.sealer.sealed_by, sealed_at=ISSUED)
        return self.sealer.seal(
            pdf, sealed_at=ISSUED, reason="Acknowledgement of receipt", location="Test Office", panel=panel
        )


@pytest.fixture(scope="module")
def room() -> Iterator[Room]:
    from infra.fonts.fetch import complete

    assert complete(FONTS), "fonts are missing: run `python -m infra.fonts.fetch`"
    with mock_aws():
        client = boto3.client("kms", region_name="ap-southeast-1", aws_access_key_id="x", aws_secret_access_key="x")
        key = client.create_key(KeySpec="RSA_3072", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
        signer, trust = KmsSigner(client, key), TestTrust()
        chain = Chain.from_pem(trust.issue_seal_certificate(signer.public_key_pem(), "Test Office"))
        letters, sealer = TypstLetters(FONTS), PadesSealer(signer=signer, chain=chain)
        drawn = letters.render(full_letter(), receipt=RECEIPT)
        room = Room(letters, signer, sealer, trust, drawn, b"")
        yield Room(letters, signer, sealer, trust, drawn, room.seal(drawn))
