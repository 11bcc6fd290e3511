"""S3's side of a presigned part address, done honestly: moto and the emulator take whatever they are sent.

After the S3 API reference ("Authenticating requests: using query parameters", UploadPart): 1. the signature is that of method,
path, parameters and signed headers; 2. it has not expired; 3. the signed headers were sent, with the signed values; 4. the
length and SHA-256 that were signed are those of the bytes.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, quote, urlsplit

from infra.local.clients import ENVIRONMENT, Clients
from infra.local.filer import Answer

SECRETS = {  # access key → secret: ours, and what moto sets while it is at work
    ENVIRONMENT["AWS_ACCESS_KEY_ID"]: ENVIRONMENT["AWS_SECRET_ACCESS_KEY"],
    "FOOBARKEY": "FOOBARSECRET",
}


@dataclass
class PartStorage:
    """Takes parts into the buckets of `clients`. `received` lists (part number, bytes) of whatever was taken whole."""

    clients: Clients
    now: datetime | None = None
    received: list[tuple[int, int]] = field(default_factory=list)

    def __call__(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """PUT a part with these headers: 200, or 403 or 400 with the reason."""
        split = urlsplit(url)
        query = dict(parse_qsl(split.query, keep_blank_values=True))
        sent = {name.lower(): value for name, value in headers.items()}
        sent |= {"host": split.netloc, "content-length": str(len(body))}
        if reason := self._reason(split.path, query, sent):
            return Answer(403, {}, reason.encode())
        if sent["x-amz-checksum-sha256"] != base64.b64encode(hashlib.sha256(body).digest()).decode():
            return Answer(400, {}, b"BadDigest")
        bucket, _, key = split.path.lstrip("/").partition("/")
        if ".s3." in split.netloc:  # the bucket may be part of the host's name
            bucket, key = split.netloc.split(".s3.", 1)[0], split.path.lstrip("/")
        there = self.clients.s3.upload_part(
            Bucket=bucket,
            Key=key,
            UploadId=query["uploadId"],
            PartNumber=int(query["partNumber"]),
            Body=body,
            ChecksumSHA256=sent["x-amz-checksum-sha256"],
        )
        self.received.append((int(query["partNumber"]), len(body)))
        return Answer(200, {"ETag": there["ETag"]}, b"")

    def _reason(self, path: str, query: Mapping[str, str], sent: Mapping[str, str]) -> str:
        signed = query["X-Amz-SignedHeaders"].split(";")
        if missing := {"host", "content-length", "x-amz-checksum-sha256"} - set(signed):
            return f"not bound: {sorted(missing)}"
        if any(name not in sent for name in signed):
            return "a signed header was not sent"
        began = datetime.strptime(query["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        if (self.now or datetime.now(UTC)) > began + timedelta(seconds=int(query["X-Amz-Expires"])):
            return "Request has expired"
        parameters = "&".join(
            f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}"
            for name, value in sorted(query.items())
            if name != "X-Amz-Signature"
        )
        own = "".join(f"{name}:{sent[name].strip()}\n" for name in signed)
        request = "\n".join(["PUT", path, parameters, own, ";".join(signed), "UNSIGNED-PAYLOAD"])
        scope = query["X-Amz-Credential"].split("/")[1:]
        text = "\n".join(
            ["AWS4-HMAC-SHA256", query["X-Amz-Date"], "/".join(scope), hashlib.sha256(request.encode()).hexdigest()]
        )
        key = b"AWS4" + SECRETS[query["X-Amz-Credential"].split("/")[0]].encode()
        for part in scope:
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        wanted = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
        return "" if hmac.compare_digest(wanted, query["X-Amz-Signature"]) else "SignatureDoesNotMatch"
