"""The consumer's marks in one SQLite file, held alone: whoever has it open is the only consumer of its folder.

A turn is one transaction: a handler that writes with the same `connection` has its effect and the mark stand together, or
neither.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from chalicelib.kernel.errors import TraError
from chalicelib.register.model import StreamId
from chalicelib.registry.chain import Mark

_TABLES = (
    "CREATE TABLE IF NOT EXISTS marks (stream TEXT PRIMARY KEY, seq INTEGER NOT NULL, hash TEXT NOT NULL, at TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS parked (stream TEXT PRIMARY KEY, why TEXT NOT NULL)",
)


class InUse(TraError):
    """Another consumer works in this folder."""


@dataclass(frozen=True)
class SqliteMarks:
    """See `registry.consumer.Marks`. `close` it, or die: either lets the next one in."""

    connection: sqlite3.Connection

    @classmethod
    def open(cls, path: Path) -> "SqliteMarks":
        """Open, or begin, the file. InUse if somebody else has it open."""
        connection = sqlite3.connect(path, timeout=0, isolation_level=None)
        try:
            connection.execute("PRAGMA locking_mode = EXCLUSIVE")  # the lock of the first write is kept until closing
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("BEGIN EXCLUSIVE")
            for table in _TABLES:
                connection.execute(table)
            connection.execute("COMMIT")
        except sqlite3.OperationalError as error:
            connection.close()
            if error.sqlite_errorcode == sqlite3.SQLITE_BUSY:
                raise InUse(f"another consumer works in {path.parent}") from error
            raise
        return cls(connection)

    @contextmanager
    def turn(self, stream: StreamId) -> Iterator[None]:  # noqa: ARG002 - the file is held alone: every stream is
        """See `consumer.Marks`."""
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self.connection.execute("ROLLBACK")
            raise
        self.connection.execute("COMMIT")

    def last(self, stream: StreamId) -> Mark:
        """The mark of a stream; of one never seen, the mark before its first entry."""
        row = self.connection.execute("SELECT seq, hash FROM marks WHERE stream = ?", (str(stream),)).fetchone()
        return Mark(*row) if row else Mark()

    def set(self, stream: StreamId, mark: Mark, at: str) -> None:
        """Remember `mark`, on disk when the turn ends. Marks only move forward."""
        self.connection.execute(
            "INSERT INTO marks (stream, seq, hash, at) VALUES (?, ?, ?, ?) ON CONFLICT (stream) DO UPDATE"
            " SET seq = excluded.seq, hash = excluded.hash, at = excluded.at WHERE excluded.seq > marks.seq",
            (str(stream), mark.seq, mark.hash, at),
        )
        self.connection.execute("DELETE FROM parked WHERE stream = ?", (str(stream),))

    def park(self, stream: StreamId, why: str) -> None:
        """See `consumer.Marks`."""
        self.connection.execute("INSERT OR REPLACE INTO parked (stream, why) VALUES (?, ?)", (str(stream), why))

    def streams(self) -> dict[str, tuple[int, str]]:
        """Every stream seen: its last sequence number, and the time of that entry."""
        rows = self.connection.execute("SELECT stream, seq, at FROM marks").fetchall()
        return {stream: (seq, at) for stream, seq, at in rows}

    def parked(self) -> dict[str, str]:
        """Streams that wait, and for what."""
        return dict(self.connection.execute("SELECT stream, why FROM parked ORDER BY stream").fetchall())

    def close(self) -> None:
        """Let the next one in."""
        self.connection.close()
