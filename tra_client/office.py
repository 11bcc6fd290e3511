"""An office at an address: one account's requests over sockets, and a whole file sent with one call.

Redirects are not followed, and the token goes to the office only, never to storage.
"""

import http.client
import json
import secrets
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tra_client.uploads import PASSING, Content, SendingFailed, Uploader, WrongFile

SECONDS = 60.0


class Refused(RuntimeError):
    """The office refused; `problem` is its answer (RFC 9457), with message and action in its languages."""

    def __init__(self, status: int, problem: Any) -> None:
        super().__init__(f"{status}: {json.dumps(problem, ensure_ascii=False)[:2000]}")
        self.status, self.problem = status, problem


@dataclass(frozen=True)
class Reply:
    """An HTTP answer."""

    status: int
    body: bytes


@dataclass(frozen=True, kw_only=True)
class Office:
    """The office at `api` (https://…), for whoever `token` speaks for."""

    api: str
    token: Callable[[], str]
    seconds: float = SECONDS
    told: Callable[[int, int], None] | None = field(default=None)  # bytes sent, bytes in all
    lanes: int = 1

    def send(self, filing: str, path: Path, *, document: str, media_type: str) -> dict[str, Any]:
        """Announce a file and send what of it is missing; safe to repeat after whatever went wrong. The attachment as the
        office shows it. WrongFile, Refused or SendingFailed say why not."""
        content = Content(lambda: path.open("rb"), path.stat().st_size)
        said: dict[str, Any] = {"document": document, "name": path.name, "media_type": media_type}
        said |= {"size": content.size, "sha256": content.sha256()}
        key = uuid.uuid4().hex
        attachment: dict[str, Any] = self._uploader().ask("POST", f"/v1/filings/{filing}/attachments", said, key)
        upload = attachment["upload"]
        if upload and upload["method"] == "PUT":
            self._uploader().send(content, upload)
        elif upload:
            self._whole(content, upload)
        return attachment

    def call(self, method: str, path: str, body: Any, key: str = "") -> Any:
        """One request. OSError to be tried again, Refused otherwise."""
        headers = {"Authorization": f"Bearer {self.token()}", **({"Idempotency-Key": key} if key else {})}
        raw = b"" if body is None else json.dumps(body, ensure_ascii=False).encode()
        if raw:
            headers["Content-Type"] = "application/json"
        reply = self._request(method, self.api.rstrip("/") + path, headers, raw)
        if reply.status in PASSING:
            raise OSError(f"the office answered {reply.status}")
        answer = json.loads(reply.body or b"null")
        if reply.status >= 300:
            findings = answer.get("findings", []) if isinstance(answer, dict) else []
            if any(one.get("code") == "upload.other-file" for one in findings):
                raise WrongFile(json.dumps(answer, ensure_ascii=False)[:2000])
            raise Refused(reply.status, answer)
        return answer

    def _uploader(self) -> Uploader:
        return Uploader(self.call, lambda url, headers, body: self._request("PUT", url, headers, body), self.lanes,
                        progress=self.told)  # fmt: skip

    def _whole(self, content: Content, upload: Mapping[str, Any]) -> None:
        """A small file by one form: every field as given, the file last."""
        border = secrets.token_hex(16)
        parts = [f'--{border}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n'.encode()
                 for name, text in upload["fields"].items()]  # fmt: skip
        with content.open() as file:
            last = f'--{border}\r\nContent-Disposition: form-data; name="file"; filename="file"\r\n\r\n'.encode()
            body = b"".join([*parts, last, file.read(), f"\r\n--{border}--\r\n".encode()])
        headers = {"Content-Type": f"multipart/form-data; boundary={border}"}
        for wait in self._uploader().waits():
            try:
                status = self._request("POST", upload["url"], headers, body).status
            except OSError:
                status = 503
            if status < 300:
                return
            if status not in PASSING:
                raise SendingFailed(f"storage answered {status}")
            self._uploader().pause(wait)
        raise SendingFailed("storage did not take it, however often it was tried")

    def _request(self, method: str, address: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """OSError if nothing comes back."""
        where = urlsplit(address)
        kind = http.client.HTTPSConnection if where.scheme == "https" else http.client.HTTPConnection
        line = kind(where.netloc, timeout=self.seconds)
        try:
            path = f"{where.path or '/'}{'?' + where.query if where.query else ''}"
            line.request(method, path, body=body, headers=dict(headers))
            answer = line.getresponse()
            return Reply(answer.status, answer.read())
        except http.client.HTTPException as error:
            raise OSError(str(error)) from error
        finally:
            line.close()
