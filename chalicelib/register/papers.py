"""How a later paper is found, and whose it is: whoever owns the filing owns its papers."""

from chalicelib.kernel import ids
from chalicelib.kernel.errors import Corrupt, NotFound
from chalicelib.register.model import Register, Stream, filing, paper


def filing_of(stream: Stream) -> str:
    """The id of the filing that a paper is for."""
    return str(stream.head.attributes["filing"])


def owned_paper(register: Register, account: str, identifier: str) -> tuple[Stream, Stream]:
    """The paper's stream and its filing's, if the filing is this account's. NotFound otherwise: another's does not exist."""
    stream = register.load(paper(identifier)) if ids.is_ulid(identifier) else None
    if stream is None:
        raise NotFound.because("paper.not-found")
    application = register.load(filing(filing_of(stream)))
    if application is None:
        raise Corrupt(f"{stream.id} is for no filing")
    if application.head.owner != account:
        raise NotFound.because("paper.not-found")
    return stream, application
