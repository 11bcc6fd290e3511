"""A filer's software: files an application through the public API, step by step. Used by the demo, the bench and tests.

It knows addresses, tokens and JSON, nothing of what is behind them. How requests travel is given: over sockets to a running
office (`http_transport`), or into the program in a test.
"""

import io
import json
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import urllib3

from tra_client.uploads import PASSING, Content, Uploader, WrongFile


@dataclass(frozen=True)
class Answer:
    """An HTTP answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


Send = Callable[[str, str, Mapping[str, str], bytes], Answer]  # method, address or path, headers, body
Upload = Callable[[str, Mapping[str, str], bytes], Answer]  # address, form fields, file


class Refusal(RuntimeError):
    """The service refused; `answer` says why."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(f"{answer.status}: {answer.body.decode('utf-8', 'replace')[:2000]}")
        self.answer = answer


@dataclass(frozen=True)
class File:
    """A file to attach."""

    document: str
    name: str
    media_type: str
    body: bytes


@dataclass
class Filer:
    """One account's view of the service."""

    send: Send
    upload: Upload
    token: str
    keys: Callable[[], str] = field(default=lambda: uuid.uuid4().hex)

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """One call; Refusal unless it succeeded."""
        sent = {
            "Authorization": f"Bearer {self.token}",
            **{name.replace("_", "-"): text for name, text in headers.items()},
        }
        raw = b""
        if body is not None:
            sent["Content-Type"], raw = "application/json", json.dumps(body, ensure_ascii=False).encode()
        answer = self.send(method, path, sent, raw)
        if answer.status >= 300:
            raise Refusal(answer)
        return answer

    def begin(self, form: Mapping[str, Any]) -> str:
        """A new draft; its id."""
        return str(self.call("POST", "/v1/filings", form, Idempotency_Key=self.keys()).json["id"])

    def view(self, filing: str) -> dict[str, Any]:
        """The filing as its owner sees it."""
        view: dict[str, Any] = self.call("GET", f"/v1/filings/{filing}").json
        return view

    def edit(self, filing: str, form: Mapping[str, Any], version: int) -> int:
        """Replace the draft; the new version."""
        answer = self.call("PUT", f"/v1/filings/{filing}", form, If_Match=f'"{version}"')
        return int(answer.json["draft"]["version"])

    def attach(self, filing: str, file: File, to: str = "filings") -> str:
        """Announce and send one file; the attachment's id. `to`: a later paper's file goes to `papers`."""
        content = Content(lambda: io.BytesIO(file.body), len(file.body))
        return self.attach_content(filing, file.document, file.name, file.media_type, content, to=to)

    def attach_content(
        self, filing: str, document: str, name: str, media_type: str, content: Content, *, parts: bool = False,
        to: str = "filings", **how: Any,
    ) -> str:  # fmt: skip
        """Announce and send one file, in parts if it is large or `parts` says so; `how` goes to the `Uploader`. Resumes what
        was begun, by whomever; WrongFile if it is another. The attachment's id."""
        said: dict[str, Any] = {"document": document, "name": name, "media_type": media_type}
        said |= {"size": content.size, "sha256": content.sha256(), **({"parts": True} if parts else {})}
        path = f"/v1/{to}/{filing}/attachments"
        reserved = self.call("POST", path, said, Idempotency_Key=self.keys()).json
        upload = reserved["upload"]
        if upload and upload["method"] == "PUT":
            self.send_parts(content, upload, **how)
        elif upload:
            with content.open() as body:
                sent = self.upload(upload["url"], upload["fields"], body.read())
            if sent.status >= 300:
                raise Refusal(sent)
        return str(reserved["id"])

    def send_parts(self, content: Content, upload: Mapping[str, Any], **how: Any) -> None:
        """Send what is missing of a file in parts, and complete it."""

        def ask(method: str, path: str, body: Any) -> Any:
            try:
                return self.call(method, path, body).json
            except Refusal as refusal:
                if refusal.answer.status in PASSING:
                    raise OSError(str(refusal)) from refusal
                if refusal.answer.json["findings"][0]["code"] == "upload.other-file":
                    raise WrongFile(str(refusal)) from refusal
                raise

        Uploader(ask, lambda url, headers, body: self.send("PUT", url, headers, body), **how).send(content, upload)

    def submit(self, filing: str, key: str | None = None) -> dict[str, Any]:
        """Submit what the filing shows now; the receipt."""
        view = self.view(filing)
        confirmed = {"draft_version": view["draft"]["version"], "manifest_sha256": view["manifest"]["sha256"]}
        path = f"/v1/filings/{filing}/submission"
        receipt: dict[str, Any] = self.call("POST", path, confirmed, Idempotency_Key=key or self.keys()).json
        return receipt

    def begin_paper(self, filing: str, form: Mapping[str, Any]) -> str:
        """A later paper to a filing, as a draft; its id."""
        answer = self.call("POST", f"/v1/filings/{filing}/papers", form, Idempotency_Key=self.keys())
        return str(answer.json["id"])

    def view_paper(self, paper: str) -> dict[str, Any]:
        """The paper as its owner sees it."""
        view: dict[str, Any] = self.call("GET", f"/v1/papers/{paper}").json
        return view

    def submit_paper(self, paper: str, key: str | None = None) -> dict[str, Any]:
        """Submit what the paper shows now; the receipt."""
        checked = self.call("GET", f"/v1/papers/{paper}/check").json
        confirmed = {name: checked[name] for name in ("draft_version", "manifest_sha256")}
        path = f"/v1/papers/{paper}/submission"
        receipt: dict[str, Any] = self.call("POST", path, confirmed, Idempotency_Key=key or self.keys()).json
        return receipt

    def order(self, filing: str, rail: str = "aba") -> dict[str, Any]:
        """Something to pay by."""
        path = f"/v1/filings/{filing}/payment-orders"
        order: dict[str, Any] = self.call("POST", path, {"rail": rail}, Idempotency_Key=self.keys()).json
        return order

    def acknowledgement(self, filing: str) -> dict[str, Any]:
        """Where the sealed letter can be had for a minute."""
        letter: dict[str, Any] = self.call("GET", f"/v1/filings/{filing}/acknowledgement").json
        return letter

    def wait(self, filing: str, until: Callable[[dict[str, Any]], bool], *, seconds: float = 60) -> dict[str, Any]:
        """Look again and again until the view is as wanted. TimeoutError with what was seen last."""
        ends = time.monotonic() + seconds
        while True:
            view = self.view(filing)
            if until(view):
                return view
            if time.monotonic() > ends:
                raise TimeoutError(f"{filing} is {view['status']}: {[event['type'] for event in view['history']]}")
            time.sleep(0.05)


def all_stored(view: dict[str, Any]) -> bool:
    """Whether every announced file was looked at. Refusal of one is an error."""
    refused = [file for file in view["attachments"] if file["state"] == "refused"]
    if refused:
        raise RuntimeError(f"refused: {refused}")
    return all(file["state"] != "reserved" for file in view["attachments"])


def http_transport(base_url: str) -> tuple[Send, Upload]:
    """Requests over sockets to the API at `base_url`, and uploads to wherever the API says."""
    pool = urllib3.PoolManager(retries=False, maxsize=8)

    def send(method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        address = path if "://" in path else base_url + path
        try:
            answer = pool.request(method, address, headers=headers, body=body or None, redirect=False, timeout=60)
        except urllib3.exceptions.HTTPError as error:
            raise OSError(str(error)) from error
        return Answer(answer.status, dict(answer.headers), answer.data)

    def upload(address: str, fields: Mapping[str, str], body: bytes) -> Answer:
        form: dict[str, str | bytes | tuple[str, str | bytes] | tuple[str, str | bytes, str]] = {**fields}
        form["file"] = ("file", body, fields.get("Content-Type", "application/octet-stream"))
        answer = pool.request("POST", address, fields=form, redirect=False, timeout=60)
        return Answer(answer.status, dict(answer.headers), answer.data)

    return send, upload
