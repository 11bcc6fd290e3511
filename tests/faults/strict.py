"""The strict shim: where moto is laxer than AWS, the product's clients get AWS's answer (`reference/reliability.md`, 7).

Each row of `ROWS` looks at a request just before it is sent, and may answer in AWS's place. `test_strict.py` shows for each
row that the shim answers so, and that moto alone still does not: when moto starts to, that test fails and the row goes.
One row is the other way round: moto wants a header of CopyObject that AWS does not want.
"""

import base64
import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from botocore.awsrequest import AWSResponse

from infra.local.clients import Clients, clients
from tests.faults.ground import our_clients

Answer = tuple[AWSResponse, dict[str, Any]]
Row = Callable[[Mapping[str, Any], Clients], "Answer | None"]

MAX_TRANSACTION = 4 * 1024 * 1024  # bytes; DynamoDB developer guide, quotas
MAX_RAW = 4096  # bytes; KMS API reference, Sign
EXPRESSIONS = (
    "ConditionExpression",
    "KeyConditionExpression",
    "UpdateExpression",
    "FilterExpression",
    "ProjectionExpression",
)


def refusal(status: int, code: str, message: str) -> Answer:
    """What botocore makes of an error answer."""
    headers: Any = {"x-amzn-requestid": "strict"}
    return AWSResponse("https://strict.invalid/", status, headers, None), {
        "Error": {"Code": code, "Message": message},
        "ResponseMetadata": {"HTTPStatusCode": status, "HTTPHeaders": headers, "RequestId": "strict"},
    }


def copy_is_write_once(request: Mapping[str, Any], own: Clients) -> Answer | None:
    """CopyObject with If-None-Match on a key that is taken: 412 (AWS since October 2025; moto overwrites)."""
    from botocore.exceptions import ClientError

    if request["headers"].get("If-None-Match") != "*":
        return None
    wanted = request["context"]["input_params"]
    try:
        own.s3.head_object(Bucket=wanted["Bucket"], Key=wanted["Key"])
    except ClientError:
        return None
    return refusal(412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold")


def copy_needs_no_checksum(request: Mapping[str, Any], own: Clients) -> Answer | None:
    """CopyObject into a bucket with a default retention: AWS asks for no checksum header, moto does."""
    request["headers"].setdefault("x-amz-sdk-checksum-algorithm", "SHA256")
    return None


def put_is_what_was_announced(request: Mapping[str, Any], own: Clients) -> Answer | None:
    """PutObject whose SHA-256 or MD5 is not that of its bytes: 400 (moto stores it)."""
    body, headers = _bytes(request["body"]), request["headers"]
    for header, own_digest in (
        ("x-amz-checksum-sha256", hashlib.sha256(body).digest()),
        ("Content-MD5", hashlib.md5(body, usedforsecurity=False).digest()),
    ):
        if header in headers and headers[header] != base64.b64encode(own_digest).decode():
            return refusal(400, "BadDigest", f"The {header} you specified did not match what we received")
    return None


def transaction_is_small(request: Mapping[str, Any], own: Clients) -> Answer | None:
    """TransactWriteItems over 4 MB in all: refused (moto commits it)."""
    items = json.loads(_bytes(request["body"]))["TransactItems"]
    if sum(_size(action) for item in items for action in item.values()) > MAX_TRANSACTION:
        return refusal(400, "ValidationException", "Member must have length less than or equal to 4194304")
    return None


def values_are_used(request: Mapping[str, Any], own: Clients) -> Answer | None:
    """An expression value or name that no expression uses: refused (moto accepts some)."""
    body = json.loads(_bytes(request["body"]))
    for part in [body, *(action for item in body.get("TransactItems", ()) for action in item.values())]:
        used = set(re.findall(r"[:#]\w+", " ".join(part.get(name, "") for name in EXPRESSIONS)))
        given = {*part.get("ExpressionAttributeValues", {}), *part.get("ExpressionAttributeNames", {})}
        if unused := sorted(given - used):
            return refusal(400, "ValidationException", f"Value provided in Expression unused: keys: {unused}")
    return None


def signs_short_messages(request: Mapping[str, Any], own: Clients) -> Answer | None:
    """KMS Sign, RAW over 4,096 bytes: refused (moto signs). DIGEST is hashed again by moto: never to be sent."""
    body = json.loads(_bytes(request["body"]))
    if body.get("MessageType", "RAW") != "RAW":
        raise AssertionError("KMS DIGEST: moto hashes again, so what it signs is not what AWS would sign")
    if len(base64.b64decode(body["Message"])) > MAX_RAW:
        return refusal(400, "ValidationException", "Member must have length less than or equal to 4096")
    return None


ROWS: tuple[tuple[str, Row], ...] = (
    ("s3.CopyObject", copy_is_write_once),
    ("s3.CopyObject", copy_needs_no_checksum),
    ("s3.PutObject", put_is_what_was_announced),
    ("dynamodb.TransactWriteItems", transaction_is_small),
    ("dynamodb.TransactWriteItems", values_are_used),
    ("dynamodb.UpdateItem", values_are_used),
    ("dynamodb.Query", values_are_used),
    ("kms.Sign", signs_short_messages),
)


@contextmanager
def strict() -> Iterator[None]:
    """While inside, the product's clients meet AWS's rules."""
    rows: dict[str, list[Row]] = defaultdict(list)
    for operation, row in ROWS:
        rows[operation].append(row)
    own, ours = clients(), our_clients()

    def before(model: Any, params: Mapping[str, Any], context: Mapping[str, Any], **_: Any) -> Any:
        for row in rows.get(f"{model.service_model.service_name}.{model.name}", ()):
            if answer := row({**params, "context": context}, own):
                return answer
        return None

    # not `before-call.s3.CopyObject`: the more special name would be called before those who count and choose (`calls`)
    for client in ours:
        client.meta.events.register("before-call", before)
    try:
        yield
    finally:
        for client in ours:
            client.meta.events.unregister("before-call", before)


def _bytes(body: Any) -> bytes:
    if isinstance(body, str):
        return body.encode()
    if hasattr(body, "read"):
        place = body.tell()
        content: bytes = body.read()
        body.seek(place)
        return content
    return bytes(body or b"")


def _size(action: Mapping[str, Any]) -> int:
    item = action.get("Item") or action.get("Key") or {}
    return sum(len(name.encode()) + len(json.dumps(value, ensure_ascii=False).encode()) for name, value in item.items())
