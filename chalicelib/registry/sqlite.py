"""The consumer's marks in one SQLite file, held alone: whoever has it open is the only consumer of its folder."""

import sqlite3
from dataclasses import dataclass
from pathlib import Path

from chalicelib.kernel.errors import TraError
from chalicelib.register.model import StreamId
from chalicelib.registry.chain import Mark


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
            connection.execute(
                "CREATE TABLE IF NOT EXISTS marks (stream TEXT PRIMARY KEY, seq INTEGER NOT NULL, hash TEXT NOT NULL)"
            )
            connection.execute("COMMIT")
        except sqlite3.OperationalError as error:
            connection.close()
            if error.sqlite_errorcode == sqlite3.SQLITE_BUSY:
                raise InUse(f"another consumer works in {path.parent}") from error
            raise
        return cls(connection)

    def last(self, stream: StreamId) -> Mark:
        """The mark of a stream; of one never seen, the mark before its first entry."""
        row = self.connection.execute("SELECT seq, hash FROM marks WHERE stream = ?", (str(stream),)).fetchone()
        return Mark(*row) if row else Mark()

    def set(self, stream: StreamId, mark: Mark) -> None:
        """Remember `mark`, on disk before this returns. Marks only move forward."""
        self.connection.execute(
            "INSERT INTO marks (stream, seq, hash) VALUES (?, ?, ?) ON CONFLICT (stream) DO UPDATE"
            " SET seq = excluded.seq, hash = excluded.hash WHERE excluded.seq > marks.seq",
            (str(stream), mark.seq, mark.hash),
        )

    def close(self) -> None:
        """Let the next one in."""
        self.connection.close()
