"""Sends files so that nothing is lost and nothing is sent twice: the filer's side of uploads in parts.

1. Announce the file with its SHA-256. What is stored already is not sent; what was begun, on any device, is gone on with.
2. Ask storage's list of parts, compare each with the file in hand (another file is found out here), and send what is missing,
   a few at a time, each to an address bound to its digest. What fails in passing is tried again, later each time.
3. Complete. Every step may be repeated, and the program may be killed anywhere: nothing is kept on this side.
"""

import hashlib
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Protocol

CHUNK = 1 << 20
PASSING = {408, 425, 429, 500, 502, 503, 504}
EXPIRED = {403}  # an address lives a quarter of an hour: ask for another


class WrongFile(RuntimeError):
    """This is not the file that was begun."""


class SendingFailed(RuntimeError):
    """Storage or service did not take it, however often it was tried."""


class Reply(Protocol):
    """An HTTP answer."""

    @property
    def status(self) -> int: ...
    @property
    def body(self) -> bytes: ...


Call = Callable[..., Any]  # method, path, JSON → JSON; OSError to be tried again, anything else if refused
Put = Callable[[str, Mapping[str, str], bytes], Reply]  # address, headers, bytes


@dataclass(frozen=True)
class Content:
    """A file by where to read it. Its digest and those of its parts are computed in one reading."""

    open: Callable[[], BinaryIO]
    size: int

    def sha256(self) -> str:
        """The digest of the whole."""
        running = hashlib.sha256()
        with self.open() as file:
            while chunk := file.read(CHUNK):
                running.update(chunk)
        return running.hexdigest()

    def part(self, number: int, part_size: int) -> bytes:
        """The bytes of part `number`, from 1."""
        with self.open() as file:
            file.seek((number - 1) * part_size)
            return file.read(part_size)


@dataclass
class Uploader:
    """Sends files in parts. `lanes` parts are on their way at once, and a kill costs as many at most."""

    call: Call
    put: Put
    lanes: int = 1
    tries: int = 6
    pause: Callable[[float], None] = time.sleep
    progress: Callable[[int, int], None] | None = None  # bytes sent, bytes in all
    sent_again: int = field(default=0, init=False)  # parts that had to be tried more than once

    def send(self, content: Content, upload: Mapping[str, Any]) -> None:
        """Send what is missing of an announced file and complete it. `upload` is the announcement's answer."""
        listing = self._listing(upload["parts"], content)
        if listing["state"] in {"open", "expired"}:
            self._send_missing(content, upload, {part["number"] for part in listing["parts"]})
            self.ask("POST", upload["completion"], None)

    def _listing(self, path: str, content: Content) -> dict[str, Any]:
        """All parts that arrived. WrongFile if one of them is not of this file."""
        whole: dict[str, Any] = self.ask("GET", path, None)
        page = whole
        while page["next"] is not None:
            page = self.ask("GET", f"{path}?after={page['next']}", None)
            whole["parts"] += page["parts"]
        if whole["size"] != content.size:
            raise WrongFile(f"it has {content.size} bytes, that which was begun has {whole['size']}")
        for part in whole["parts"]:
            own = hashlib.sha256(content.part(part["number"], whole["part_size"])).hexdigest()
            if part.get("sha256", own) != own:
                raise WrongFile(f"part {part['number']} differs")
        return whole

    def _send_missing(self, content: Content, upload: Mapping[str, Any], there: set[int]) -> None:
        missing = [number for number in range(1, upload["count"] + 1) if number not in there]
        done = [sum(self._size(content, upload, number) for number in there)]
        self._tell(done[0], content.size)

        def one(number: int) -> None:
            self._send_part(content, upload, number)
            done[0] += self._size(content, upload, number)
            self._tell(done[0], content.size)

        if self.lanes == 1:
            for number in missing:
                one(number)
            return
        with ThreadPoolExecutor(self.lanes) as lanes:
            for result in [lanes.submit(one, number) for number in missing]:
                result.result()

    def _send_part(self, content: Content, upload: Mapping[str, Any], number: int) -> None:
        body = content.part(number, upload["part_size"])
        asked = {"parts": [{"number": number, "sha256": hashlib.sha256(body).hexdigest()}]}
        for wait in self.waits():
            (address,) = self.ask("POST", upload["parts"], asked)["parts"]
            try:
                status = self.put(address["url"], address["headers"], body).status
            except OSError:
                status = 503
            if status < 300:
                return
            if status not in PASSING | EXPIRED:
                raise SendingFailed(f"part {number}: storage answered {status}")
            self.sent_again += 1
            self.pause(wait)
        raise SendingFailed(f"part {number}: given up after {self.tries} tries")

    def _tell(self, sent: int, size: int) -> None:
        if self.progress:
            self.progress(sent, size)

    def ask(self, method: str, path: str, body: Any, *more: Any) -> Any:
        """Ask the service; what fails in passing is asked again."""
        for wait in self.waits():
            try:
                return self.call(method, path, body, *more)
            except OSError:
                self.pause(wait)
        return self.call(method, path, body, *more)

    def waits(self) -> Iterator[float]:
        return (min(30.0, 0.5 * 2**tried) for tried in range(self.tries))

    @staticmethod
    def _size(content: Content, upload: Mapping[str, Any], number: int) -> int:
        return int(min(upload["part_size"], content.size - (number - 1) * upload["part_size"]))
