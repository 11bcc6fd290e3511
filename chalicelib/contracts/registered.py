"""What the office's registry said of a filing, as facts on the filing's stream. Each names the message that it was taken from:
the registry, and the message's place among those of that registry about this filing."""

from typing import Annotated

from pydantic import Field, StringConstraints

from chalicelib.contracts.fact import Code, Count, Fact, Id, Key, MediaType, Sha256, Stamp

RegistryNumber = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9/._-]{0,39}$")]
StatusCode = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$")]
KeyEvent = Annotated[str, StringConstraints(pattern=r"^[A-Z][0-9]{2}$")]  # WIPO ST.27
Place = Annotated[int, Field(ge=1)]


class RegistryAccepted(Fact):
    """The registry has the filing, or the `paper` that was filed later, whole, under its own number."""

    TYPE = "int.tra.registry.accepted.v1"
    registry: Code
    message: Place
    number: RegistryNumber
    paper: Id | None = None


class RegistryRejected(Fact):
    """The registry does not take the filing, or the `paper` that was filed later. `case` is with whom in the office it now
    lies: nothing is lost, and nothing is decided by this."""

    TYPE = "int.tra.registry.rejected.v1"
    registry: Code
    message: Place
    number: RegistryNumber
    reason: Code
    case: Id
    paper: Id | None = None


class RegistryStatusChanged(Fact):
    """The registry's status of the file since `since`. `st27` is the key event of WIPO ST.27 it stands for, `due` by when
    somebody has to answer."""

    TYPE = "int.tra.registry.status-changed.v1"
    registry: Code
    message: Place
    status: StatusCode
    since: Stamp
    st27: KeyEvent | None = None
    due: Stamp | None = None


class OfficeLetterReceived(Fact):
    """A letter that the registry issued lies in the records under `key`, looked at, and can be had by the owner since this
    was entered."""

    TYPE = "int.tra.registry.letter-received.v1"
    registry: Code
    message: Place
    code: Code
    number: RegistryNumber
    issued_at: Stamp
    key: Key
    sha256: Sha256
    size: Count
    media_type: MediaType
