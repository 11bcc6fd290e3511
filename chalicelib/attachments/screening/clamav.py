"""ClamAV's daemon over its INSTREAM command (clamd(8)): the bytes in pieces, each after its length; one line comes back."""

import socket
from dataclasses import dataclass

from chalicelib.attachments.screening.scanner import CHUNK, Clean, Infected, Sample, Scan, Unsure


@dataclass(frozen=True, kw_only=True)
class ClamAV:
    """clamd at `host` and `port`. Its `StreamMaxLength` must not be less than the largest file that the office takes."""

    host: str
    port: int
    seconds: float = 20.0

    def scan(self, sample: Sample) -> Scan:
        """See `Scanner.scan`."""
        try:
            with socket.create_connection((self.host, self.port), self.seconds) as line, sample.path.open("rb") as file:
                line.sendall(b"zINSTREAM\0")
                while chunk := file.read(CHUNK):
                    line.sendall(len(chunk).to_bytes(4, "big") + chunk)
                line.sendall(bytes(4))
                answer = b""
                while not answer.endswith(b"\0") and (more := line.recv(4096)):
                    answer += more
        except OSError as error:
            return Unsure(type(error).__name__)
        said = answer.rstrip(b"\0\n").decode("ascii", "replace").removeprefix("stream: ")
        if said == "OK":
            return Clean()
        return Infected(said.removesuffix(" FOUND")) if said.endswith(" FOUND") else Unsure(said[:100] or "no answer")
