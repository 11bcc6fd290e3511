"""The connector's memory, in the same SQLite file as the consumer's marks: what is to be done, and every call before and after.

A call is written down as asked before it is sent, and as answered after: one that is only asked may have been done. What leaves
for the office's front (an answer, a status, a letter) is written into the outbox in the transaction of what it tells of.
The file is held alone (`sqlite.SqliteMarks`), so there is one connector, and one reception at a time.
"""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from chalicelib.contracts.inbound import LetterIssued
from chalicelib.kernel.clock import stamp
from chalicelib.registry.ipas.model import State, Step, Work

TABLES = """
CREATE TABLE IF NOT EXISTS ipas_work (
    came INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT UNIQUE NOT NULL, filing TEXT NOT NULL, kind TEXT NOT NULL,
    number TEXT NOT NULL, folder TEXT NOT NULL, state TEXT NOT NULL, attempts INTEGER NOT NULL, why TEXT NOT NULL,
    not_before TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS ipas_step (
    work TEXT NOT NULL, step TEXT NOT NULL, asked_at TEXT NOT NULL, answer TEXT, PRIMARY KEY (work, step));
CREATE TABLE IF NOT EXISTS ipas_document (
    log TEXT, origin TEXT, series INTEGER, last INTEGER NOT NULL, PRIMARY KEY (log, origin, series));
CREATE TABLE IF NOT EXISTS ipas_log (day TEXT PRIMARY KEY, state TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS ipas_file (
    filing TEXT PRIMARY KEY, number TEXT NOT NULL, process TEXT NOT NULL, status TEXT NOT NULL, next_at TEXT NOT NULL,
    final INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS ipas_event (filing TEXT, event TEXT, said TEXT NOT NULL, PRIMARY KEY (filing, event));
CREATE TABLE IF NOT EXISTS ipas_blob (sha256 TEXT PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS ipas_outbox (
    n INTEGER PRIMARY KEY AUTOINCREMENT, filing TEXT NOT NULL, sequence INTEGER NOT NULL, type TEXT NOT NULL,
    at TEXT NOT NULL, data TEXT NOT NULL, sent INTEGER NOT NULL, UNIQUE (filing, sequence));
"""
_WORK = "id, filing, kind, number, folder, state, attempts, why"


@dataclass(frozen=True)
class Told:
    """What leaves for the front: `n` is its place in the outbox, `sequence` its place among those of its filing, from 1."""

    n: int
    filing: str
    sequence: int
    type: str
    at: str
    data: dict[str, Any]


@dataclass(frozen=True)
class OpenFile:
    """A file that is looked at: `status` is the last one told of."""

    filing: str
    number: str
    process: dict[str, Any]
    status: str


@dataclass(frozen=True)
class Journal:
    """See the module."""

    connection: sqlite3.Connection

    @classmethod
    def over(cls, connection: sqlite3.Connection) -> "Journal":
        """In the file of the marks."""
        for table in TABLES.split(";"):
            connection.execute(table)
        return cls(connection)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """One transaction."""
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self.connection.execute("ROLLBACK")
            raise
        self.connection.execute("COMMIT")

    # ------------------------------------------------------------ work
    def add(self, work: Work) -> None:
        """Something came; known already is success. Runs in the turn of the consumer's mark."""
        self.connection.execute(
            "INSERT OR IGNORE INTO ipas_work (id, filing, kind, number, folder, state, attempts, why, not_before)"
            " VALUES (?, ?, ?, ?, ?, 'open', 0, '', '')",
            (work.id, work.filing, work.kind, work.number, work.folder),
        )

    def next(self, now: datetime) -> Work | None:
        """The oldest open work that is due and has no unfinished one of its filing before it."""
        row = self.connection.execute(
            f"SELECT {_WORK} FROM ipas_work AS one WHERE state = 'open' AND not_before <= ? AND NOT EXISTS (SELECT 1 FROM"  # noqa: S608 - our own words
            " ipas_work AS other WHERE other.filing = one.filing AND other.came < one.came AND other.state <> 'done')"
            " ORDER BY came LIMIT 1",
            (stamp(now),),
        ).fetchone()
        return _work(row) if row else None

    def works(self) -> list[Work]:
        """All that ever came, oldest first."""
        return [_work(row) for row in self.connection.execute(f"SELECT {_WORK} FROM ipas_work ORDER BY came")]  # noqa: S608

    def leave(self, work: Work, state: State, why: str, *, attempts: int, after: datetime | None = None) -> None:
        """How a work stands from now on; an open one is not touched before `after`."""
        self.connection.execute(
            "UPDATE ipas_work SET state = ?, why = ?, attempts = ?, not_before = ? WHERE id = ?",
            (state, why, attempts, stamp(after) if after else "", work.id),
        )

    def retry(self, work: str) -> bool:
        """A person has looked: open it again. False if it waits for nobody."""
        done = self.connection.execute(
            "UPDATE ipas_work SET state = 'open', attempts = 0, not_before = ''"
            " WHERE id = ? AND state IN ('waiting', 'refused')",
            (work,),
        )
        return done.rowcount == 1

    # ------------------------------------------------------------ calls
    def step(self, work: str, step: str) -> Step | None:
        """What is known of a call; None if it was never asked."""
        row = self.connection.execute(
            "SELECT answer FROM ipas_step WHERE work = ? AND step = ?", (work, step)
        ).fetchone()
        return Step(json.loads(row[0]) if row[0] else None) if row else None

    def asked(self, work: str, step: str, now: datetime) -> None:
        """The call is about to be sent."""
        self.connection.execute("INSERT OR IGNORE INTO ipas_step VALUES (?, ?, ?, NULL)", (work, step, stamp(now)))

    def answered(self, work: str, step: str, answer: dict[str, Any], now: datetime) -> None:
        """It was done, and this is what we keep of its answer."""
        self.connection.execute(
            "INSERT INTO ipas_step VALUES (?, ?, ?, ?) ON CONFLICT (work, step) DO UPDATE SET answer = excluded.answer",
            (work, step, stamp(now), json.dumps(answer, sort_keys=True)),
        )

    def forget(self, work: str, step: str) -> None:
        """It must be done again."""
        self.connection.execute("DELETE FROM ipas_step WHERE work = ? AND step = ?", (work, step))

    def document(self, work: str, step: str, key: tuple[str, str, int], first: int, now: datetime) -> dict[str, Any]:
        """A document number of our own for `work`: the next one of (log, origin, year), given once and kept."""
        with self.turn():
            row = self.connection.execute(
                "SELECT last FROM ipas_document WHERE log = ? AND origin = ? AND series = ?", key
            ).fetchone()
            number = row[0] + 1 if row else first
            self.connection.execute("INSERT OR REPLACE INTO ipas_document VALUES (?, ?, ?, ?)", (*key, number))
            said = {"docLog": key[0], "docOrigin": key[1], "docSeries": key[2], "docNbr": number}
            self.answered(work, step, said, now)
        return said

    def log(self, day: str) -> str:
        """How we left the daily log of `day`: `open`, `closed`, or `unknown`."""
        row = self.connection.execute("SELECT state FROM ipas_log WHERE day = ?", (day,)).fetchone()
        return str(row[0]) if row else "unknown"

    def set_log(self, day: str, state: str) -> None:
        """Remember it."""
        self.connection.execute("INSERT OR REPLACE INTO ipas_log VALUES (?, ?)", (day, state))

    def forget_logs(self) -> None:
        """Somebody may have closed them: open again before the next reception."""
        self.connection.execute("DELETE FROM ipas_log")

    # ------------------------------------------------------------ files looked at
    def follow(self, filing: str, number: str, process: dict[str, Any]) -> None:
        """Look at this file from now on."""
        self.connection.execute(
            "INSERT OR IGNORE INTO ipas_file VALUES (?, ?, ?, '', '', 0)", (filing, number, json.dumps(process))
        )

    def due(self, now: datetime) -> OpenFile | None:
        """The open file whose look is longest due."""
        row = self.connection.execute(
            "SELECT filing, number, process, status FROM ipas_file WHERE final = 0 AND next_at <= ? ORDER BY next_at, filing",
            (stamp(now),),
        ).fetchone()
        return OpenFile(row[0], row[1], json.loads(row[2]), row[3]) if row else None

    def looked(self, file: OpenFile, status: str, next_at: datetime, *, final: bool) -> None:
        """It was looked at."""
        self.connection.execute(
            "UPDATE ipas_file SET status = ?, next_at = ?, final = ? WHERE filing = ?",
            (status, stamp(next_at), final, file.filing),
        )

    def events(self, filing: str) -> dict[str, str]:
        """Every event known of a file, and what was said of it."""
        return dict(
            self.connection.execute("SELECT event, said FROM ipas_event WHERE filing = ?", (filing,)).fetchall()
        )

    def know(self, filing: str, event: str, said: str) -> None:
        """Remember it."""
        self.connection.execute("INSERT OR REPLACE INTO ipas_event VALUES (?, ?, ?)", (filing, event, said))

    # ------------------------------------------------------------ outbox
    def keep(self, sha256: str, body: bytes) -> None:
        """A letter's bytes, until they are sent and after."""
        self.connection.execute("INSERT OR IGNORE INTO ipas_blob VALUES (?, ?)", (sha256, body))

    def kept(self, sha256: str) -> bytes:
        """A letter's bytes."""
        row = self.connection.execute("SELECT body FROM ipas_blob WHERE sha256 = ?", (sha256,)).fetchone()
        return bytes(row[0])

    def tell(self, filing: str, type_: str, at: datetime, data: dict[str, Any]) -> None:
        """Into the outbox, next of its filing. In the turn of what it tells of."""
        self.connection.execute(
            "INSERT INTO ipas_outbox (filing, sequence, type, at, data, sent)"
            " SELECT ?, COALESCE(MAX(sequence), 0) + 1, ?, ?, ?, 0 FROM ipas_outbox WHERE filing = ?",
            (filing, type_, stamp(at), json.dumps(data, sort_keys=True, ensure_ascii=False), filing),
        )

    def letter(self, filing: str, number: str) -> dict[str, Any] | None:
        """IPAS's key of a letter that was told of under this number."""
        for one in self.told():
            if (one.filing, one.type, one.data.get("number")) == (filing, LetterIssued.TYPE, number):
                origin, series, serial = number.rsplit("/", 2)
                return {"offidocOrigin": origin, "offidocSeries": int(series), "offidocNbr": int(serial)}
        return None

    def unsent(self) -> Told | None:
        """The first that was not sent."""
        rows = self._told("WHERE sent = 0 ORDER BY n LIMIT 1")
        return rows[0] if rows else None

    def told(self) -> list[Told]:
        """All that ever left or will, in order."""
        return self._told("ORDER BY n")

    def sent(self, n: int) -> None:
        """It is with the queue."""
        self.connection.execute("UPDATE ipas_outbox SET sent = 1 WHERE n = ?", (n,))

    def _told(self, which: str) -> list[Told]:
        rows = self.connection.execute(f"SELECT n, filing, sequence, type, at, data FROM ipas_outbox {which}")  # noqa: S608
        return [Told(row[0], row[1], row[2], row[3], row[4], json.loads(row[5])) for row in rows]


def later(now: datetime, seconds: int) -> datetime:
    """`seconds` from `now`."""
    return now + timedelta(seconds=seconds)


def _work(row: tuple[Any, ...]) -> Work:
    return Work(
        id=row[0], filing=row[1], kind=row[2], number=row[3], folder=row[4], state=row[5], attempts=row[6], why=row[7]
    )
