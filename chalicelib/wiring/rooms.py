"""All rooms of one stage, joined; what `app.py` asks for."""

from chalicelib.contracts.envelope import Envelope
from chalicelib.register.model import StreamId
from chalicelib.wiring.attachments import Attachments
from chalicelib.wiring.filing import Filing
from chalicelib.wiring.inbound import Inbound
from chalicelib.wiring.officers import Officers
from chalicelib.wiring.payment import Payment
from chalicelib.wiring.proof import Proof
from chalicelib.wiring.registry import Registry
from chalicelib.wiring.relay import Relaying
from chalicelib.wiring.signing import Signing


class Rooms(Filing, Inbound, Attachments, Payment, Officers, Signing, Proof, Relaying, Registry):
    """Every use case of one stage, each made when first asked for."""


def subject(body: str) -> StreamId:
    """The stream that an event in a queue is about. ValidationError for what is not one of our events."""
    return StreamId.parse(Envelope.model_validate_json(body).subject)
