"""What AWS says went wrong, in our words. Sorted by error code and status, never by text."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

from chalicelib.kernel.errors import LostRace, Unavailable

if TYPE_CHECKING:
    from botocore.exceptions import ClientError

_PASSING = {
    "ConditionalRequestConflict", "InternalError", "InternalServerError", "KMSInternalException", "LimitExceededException",
    "OperationAborted", "ProvisionedThroughputExceededException", "RequestLimitExceeded", "RequestTimeout",
    "ServiceUnavailable", "SlowDown", "Throttling", "ThrottlingException", "TooManyRequestsException",
    "TransactionInProgressException", "DependencyTimeoutException", "InternalErrorException",
}  # fmt: skip


def code_of(error: "ClientError") -> str:
    """The service's error code."""
    return str(cast(Any, error.response).get("Error", {}).get("Code", ""))


def status_of(error: "ClientError") -> int:
    """The HTTP status of the answer."""
    return int(cast(Any, error.response).get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


@contextmanager
def translated(*, conditions: Sequence[str] = ()) -> Iterator[None]:
    """Run an AWS call. `conditions` names the operations of a transaction, in order, for LostRace.

    Passing faults become Unavailable; anything unforeseen is raised as it came: the queue retries, then people look.
    """
    from botocore.exceptions import ClientError, HTTPClientError, IncompleteReadError
    from botocore.exceptions import ConnectionError as NoConnection

    try:
        yield
    except ClientError as error:
        code = code_of(error)
        if code == "TransactionCanceledException":
            reasons = cast(Any, error.response).get("CancellationReasons", [])
            lost = [
                name
                for name, reason in zip(conditions, reasons, strict=False)
                if reason.get("Code") in {"ConditionalCheckFailed", "TransactionConflict"}
            ]
            if lost:
                raise LostRace(*lost) from error
            if any(reason.get("Code") not in {None, "None"} | _PASSING | {"ThrottlingError"} for reason in reasons):
                raise
            raise Unavailable("transaction cancelled") from error
        if code in {"ConditionalCheckFailedException", "TransactionConflictException"}:
            raise LostRace(*conditions) from error
        if code in _PASSING or status_of(error) >= 500:
            raise Unavailable(f"{error.operation_name}: {code}") from error
        raise
    except (NoConnection, HTTPClientError, IncompleteReadError) as error:
        raise Unavailable(type(error).__name__) from error
