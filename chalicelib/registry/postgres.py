"""A registry in PostgreSQL: marks and dossiers in one database, so that mark and effect are one transaction.

`PostgresRegistry` is the consumer's `Marks` and its `Shelf`. Within a turn a lock on the stream (advisory, released with
the transaction) keeps a second consumer of the same stream out; other streams go on beside. A consumer that is killed leaves
an open transaction, which the server takes back. The driver is `pg8000` (infra/consumer/requirements.txt); no function of
ours needs it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chalicelib.kernel.digest import Digest, of_stream
from chalicelib.kernel.errors import Corrupt
from chalicelib.register.model import StreamId
from chalicelib.registry.chain import Mark
from chalicelib.registry.model import Dossier, DossierDiffers, Part

if TYPE_CHECKING:
    from pg8000.native import Connection

TABLES = (
    "CREATE TABLE IF NOT EXISTS tra_mark (stream text PRIMARY KEY, seq integer NOT NULL, hash text NOT NULL, at text NOT NULL)",
    "CREATE TABLE IF NOT EXISTS tra_parked (stream text PRIMARY KEY, why text NOT NULL)",
    "CREATE TABLE IF NOT EXISTS tra_dossier (number text PRIMARY KEY, digest text NOT NULL, came bigserial UNIQUE)",
    (
        "CREATE TABLE IF NOT EXISTS tra_part (number text REFERENCES tra_dossier, path text, sha256 text NOT NULL,"
        " sha512 text NOT NULL, body bytea NOT NULL, PRIMARY KEY (number, path))"
    ),
)


@dataclass(frozen=True)
class PostgresRegistry:
    """See `registry.consumer.Marks` and `Shelf`."""

    connection: "Connection"

    @classmethod
    def open(cls, *, user: str, **where: Any) -> "PostgresRegistry":
        """Connect (as `pg8000.native.Connection` takes it), and make the tables if they are not there."""
        from pg8000.native import Connection

        registry = cls(Connection(user, **where))
        registry.connection.run("SELECT pg_advisory_lock(7261)")  # two that begin at once would both make the tables
        for table in TABLES:
            registry.connection.run(table)
        registry.connection.run("SELECT pg_advisory_unlock(7261)")
        return registry

    @contextmanager
    def turn(self, stream: StreamId) -> Iterator[None]:
        """See `consumer.Marks`."""
        self.connection.run("BEGIN")
        try:
            self.connection.run("SELECT pg_advisory_xact_lock(hashtextextended(:of, 0))", of=str(stream))
            yield
        except BaseException:
            self.connection.run("ROLLBACK")
            raise
        self.connection.run("COMMIT")

    def last(self, stream: StreamId) -> Mark:
        """See `consumer.Marks`."""
        rows = self.connection.run("SELECT seq, hash FROM tra_mark WHERE stream = :of", of=str(stream))
        return Mark(*rows[0]) if rows else Mark()

    def set(self, stream: StreamId, mark: Mark, at: str) -> None:
        """See `consumer.Marks`."""
        self.connection.run(
            "WITH gone AS (DELETE FROM tra_parked WHERE stream = :of)"
            " INSERT INTO tra_mark VALUES (:of, :seq, :hash, :at) ON CONFLICT (stream) DO UPDATE SET seq = excluded.seq,"
            " hash = excluded.hash, at = excluded.at WHERE excluded.seq > tra_mark.seq",
            of=str(stream), seq=mark.seq, hash=mark.hash, at=at,
        )  # fmt: skip

    def park(self, stream: StreamId, why: str) -> None:
        """See `consumer.Marks`."""
        self.connection.run(
            "INSERT INTO tra_parked VALUES (:of, :why) ON CONFLICT (stream) DO UPDATE SET why = excluded.why",
            of=str(stream), why=why,
        )  # fmt: skip

    def lay(self, dossier: Dossier) -> str:
        """See `consumer.Shelf`. Answers where it lies."""
        there = self.connection.run("SELECT digest FROM tra_dossier WHERE number = :number", number=dossier.name)
        if there:
            if there[0][0] != dossier.digest:
                raise DossierDiffers(f"another dossier lies under {dossier.name}: compare the two")
            return f"tra_dossier {dossier.name}"
        self.connection.run(
            "INSERT INTO tra_dossier (number, digest) VALUES (:number, :digest)", number=dossier.name, digest=dossier.digest
        )
        for part in dossier.parts:
            self.connection.run(
                "INSERT INTO tra_part VALUES (:number, :path, :sha256, :sha512, :body)",
                number=dossier.name, path=part.path, sha256=part.sha256, sha512=part.sha512, body=_whole(part),
            )  # fmt: skip
        return f"tra_dossier {dossier.name}"

    def streams(self) -> dict[str, tuple[int, str]]:
        """Every stream seen: its last sequence number, and the time of that entry."""
        rows: list[list[Any]] = self.connection.run("SELECT stream, seq, at FROM tra_mark") or []
        return {stream: (seq, at) for stream, seq, at in rows}

    def parked(self) -> dict[str, str]:
        """Streams that wait, and for what."""
        rows: list[list[Any]] = self.connection.run("SELECT stream, why FROM tra_parked ORDER BY stream") or []
        return {stream: why for stream, why in rows}  # noqa: C416 - rows are lists of two, not pairs

    def close(self) -> None:
        """Leave the server."""
        self.connection.close()


def _whole(part: Part) -> bytes:
    import hashlib

    body = bytearray()
    for chunk in part.chunks():
        body += chunk
        if len(body) > part.size:
            break
    digest, size = of_stream([bytes(body)])
    if (digest, hashlib.sha512(body).hexdigest(), size) != (Digest(part.sha256), part.sha512, part.size):
        raise Corrupt(f"{part.path}: what was fetched is not what the package says")
    return bytes(body)
