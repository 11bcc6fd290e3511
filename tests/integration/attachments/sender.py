"""A filer's program that is killed: sends one file in parts, and dies by SIGKILL once so many bytes of parts have gone out.

Run as a process of its own (`python -m tests.integration.attachments.sender`), with what to do as JSON in its argument. Before
a part is sent, its number is written to `log`, so that the test can count how often each was begun.
"""

import io
import json
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path

import urllib3

from infra.local.filer import Answer, Filer, http_transport
from infra.local.uploader import Content

BLOCK = 65_536


class Fuse(io.RawIOBase):
    """A body that kills whoever reads it too far."""

    def __init__(self, body: bytes, left: list[int]) -> None:
        self.body, self.left = io.BytesIO(body), left

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        """The next block; the process ends when the fuse has burnt down."""
        block = self.body.read(BLOCK if size < 0 else min(size, BLOCK))
        self.left[0] -= len(block)
        if self.left[0] <= 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return block


def main() -> None:
    """Send, or die."""
    asked = json.loads(sys.argv[1])
    path, log, left = Path(asked["path"]), Path(asked["log"]), [asked["bytes"]]
    send, upload = http_transport(asked["api"])
    pool = urllib3.PoolManager(retries=False)

    def put_or_send(method: str, address: str, headers: Mapping[str, str], body: bytes) -> Answer:
        if method != "PUT":
            return send(method, address, headers, body)
        number = address.partition("partNumber=")[2].partition("&")[0]
        with log.open("a") as told:
            told.write(f"{number}\n")
        sized = {**headers, "Content-Length": str(len(body))}
        answer = pool.request("PUT", address, headers=sized, body=Fuse(body, left), redirect=False, timeout=60)
        return Answer(answer.status, dict(answer.headers), answer.data)

    filer = Filer(put_or_send, upload, asked["token"])
    content = Content(lambda: path.open("rb"), path.stat().st_size)
    filer.attach_content(
        asked["filing"], asked["document"], path.name, asked["media_type"], content, lanes=asked["lanes"]
    )


if __name__ == "__main__":
    main()
