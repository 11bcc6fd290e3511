"""S3's side of a presigned POST, done honestly: moto takes whatever it is sent, so the policy is evaluated here.

After the S3 documentation ("POST policy", "Authenticating requests in browser-based uploads using POST", Signature Version
4): 1. the signature is that of the policy; 2. it has not expired; 3. every field sent is named by a condition; 4. every
condition holds; 5. the size lies within the range; 6. a checksum that is named is that of the bytes.
"""

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from chalicelib.aws import clients as ours
from infra.local.clients import Clients
from infra.local.filer import Answer

UNNAMED = {"file", "policy", "x-amz-signature"}  # fields that no condition need name


class Refused(Exception):
    """S3 would refuse; says why."""


@dataclass(frozen=True)
class Storage:
    """Takes uploads into the buckets of `clients`. `now`: at what time; the real one, as presigning uses, if None."""

    clients: Clients
    now: datetime | None = None

    def __call__(self, url: str, fields: Mapping[str, str], body: bytes) -> Answer:
        """POST a file with these fields: 201, or 403 with the reason."""
        try:
            bucket = self.check(url, fields, body)
        except Refused as reason:
            return Answer(403, {}, str(reason).encode())
        tags = re.findall(r"<Key>(.*?)</Key><Value>(.*?)</Value>", fields.get("tagging", ""))
        self.clients.s3.put_object(
            Bucket=bucket,
            Key=fields["key"],
            Body=body,
            ContentType=fields["Content-Type"],
            Tagging="&".join(f"{name}={value}" for name, value in tags),
        )
        return Answer(int(fields.get("success_action_status", "204")), {}, b"")

    def check(self, url: str, fields: Mapping[str, str], body: bytes) -> str:
        """The bucket, if the policy allows all of this. Refused otherwise."""
        bucket = _bucket(url)
        lower = {name.lower(): value for name, value in fields.items()}
        if not hmac.compare_digest(_signature(lower), lower.get("x-amz-signature", "")):
            raise Refused("SignatureDoesNotMatch")
        policy = json.loads(base64.b64decode(lower["policy"]))
        expires = datetime.strptime(policy["expiration"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        if (self.now or datetime.now(UTC)) > expires:
            raise Refused("Invalid according to Policy: Policy expired.")
        named = {"bucket"}
        for condition in policy["conditions"]:
            named |= _holds(condition, {**lower, "bucket": bucket}, len(body))
        if extra := lower.keys() - named - UNNAMED:
            raise Refused(f"Invalid according to Policy: Extra input fields: {sorted(extra)}")
        digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
        if lower.get("x-amz-checksum-sha256", digest) != digest:
            raise Refused("BadDigest")
        return bucket


def _bucket(url: str) -> str:
    split = urlsplit(url)
    path = split.path.strip("/")
    return path or str(split.hostname).split(".s3", 1)[0]


def _signature(lower: Mapping[str, str]) -> str:
    client: Any = ours.s3()
    secret = client._request_signer._credentials.secret_key  # AWS knows the secret of who presigned
    key = b"AWS4" + secret.encode()
    for part in lower.get("x-amz-credential", "").split("/")[1:]:
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return hmac.new(key, lower.get("policy", "").encode(), hashlib.sha256).hexdigest()


def _holds(condition: Any, sent: Mapping[str, str], size: int) -> set[str]:
    """The fields that `condition` names. Refused if it does not hold."""
    if isinstance(condition, dict):
        for name, value in condition.items():
            if sent.get(name.lower()) != value:
                raise Refused(f"Invalid according to Policy: Policy Condition failed: {name}")
        return {name.lower() for name in condition}
    kind, name, value = condition
    if kind == "content-length-range":
        if not name <= size <= value:
            raise Refused("EntityTooLarge" if size > value else "EntityTooSmall")
        return set()
    name = name.removeprefix("$").lower()
    there = sent.get(name, "")
    if not (there == value if kind == "eq" else there.startswith(value)):
        raise Refused(f"Invalid according to Policy: Policy Condition failed: {name}")
    return {name}


def presigned(url: str) -> dict[str, str]:
    """What a presigned address says: bucket and key as `path`, and its parameters in lower case."""
    split = urlsplit(url)
    return {"path": split.path, "host": str(split.hostname)} | {
        name.lower(): values[0] for name, values in parse_qs(split.query).items()
    }
