"""Whether a file is a letter of ours: asked by digest, answered from the register, in the office's languages."""

from typing import Any

import pytest

from chalicelib.kernel.digest import Digest
from chalicelib.kernel.errors import Corrupt
from chalicelib.register.model import Key, Put
from chalicelib.signing.verification import VerifyDigest
from tests.factories import Desk

FOREIGN = Digest.of(b"somebody else's letter").hex


def asked(desk: Desk, sha256: str) -> dict[str, Any]:
    return VerifyDigest(register=desk.register, office=desk.office)(sha256)


def test_a_foreign_file_is_unknown_in_both_languages_with_what_to_do() -> None:
    said = asked(Desk(), FOREIGN)
    assert said["verdict"] == "unknown"
    assert "letter" not in said
    assert set(said["message"]) == set(said["action"]) == {"km", "en"}


def test_a_digest_that_is_listed_but_in_no_entry_is_never_called_ours() -> None:
    desk = Desk()
    identifier = desk.complete()
    stream = {"stream": f"FILING#{identifier}", "code": "acknowledgement", "level": "b-b"}
    desk.register.commit(Put(Key(f"SHA256#{FOREIGN}", "ISSUED"), stream))
    with pytest.raises(Corrupt):
        asked(desk, FOREIGN)
