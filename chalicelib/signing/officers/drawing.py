"""A letter as it would be, drawn and not sealed, for those who approve it. It says on every page that it is a draft.

Drawing needs packages and fonts that the function of the API does not carry: a function of its own draws, which has no rights,
no secrets and no key. What it needs comes in the call.
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

from chalicelib.aws.errors import translated
from chalicelib.kernel.errors import Finding, Unavailable
from chalicelib.offices.messages import words
from chalicelib.offices.model import Office
from chalicelib.signing.model import LetterContent, Texts
from chalicelib.signing.officers import frozen
from chalicelib.signing.officers.model import PreparedLetter

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

    from chalicelib.signing.letter import TypstLetters


class Drawer(Protocol):
    """Draws letters."""

    def __call__(self, content: LetterContent, receipt: bytes) -> bytes:
        """The PDF, not sealed. Unavailable if nobody draws now."""


def as_draft(letter: PreparedLetter, office: Office, trust_label: Texts | None) -> LetterContent:
    """What is shown of a letter before it is sealed."""
    content = letter.content
    said = words(office, Finding(code="letter.draft"))
    own = content.warning or {}
    warning = {code: " · ".join(filter(None, (message, own.get(code)))) for code, (message, _) in said.items()}
    number = f"{content.letter_number}-DRAFT"
    return replace(
        content, letter_number=number, warning=warning, signatories=letter.signatories, trust_label=trust_label
    )


@dataclass(frozen=True, kw_only=True)
class LambdaDrawer:
    """See `Drawer`: one synchronous call."""

    function: str
    client: "LambdaClient"

    def __call__(self, content: LetterContent, receipt: bytes) -> bytes:
        """See `Drawer`."""
        call = {"letter": frozen.text(content), "receipt": receipt.decode()}
        with translated():
            answer = self.client.invoke(FunctionName=self.function, Payload=json.dumps(call).encode())
            said = answer["Payload"].read()
        if answer.get("FunctionError"):
            raise Unavailable("the letter could not be drawn")
        return base64.b64decode(json.loads(said)["pdf"])


def handle(call: Mapping[str, Any], letters: "TypstLetters") -> dict[str, str]:
    """The function's side of a call."""
    drawn = letters.render(frozen.content(str(call["letter"])), receipt=str(call["receipt"]).encode())
    return {"pdf": base64.b64encode(drawn).decode()}
