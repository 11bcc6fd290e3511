"""What the double remembers, and its answers: files, documents, logs, processes; faults by the rules and by switches.

`Double` is the service itself in plain values (`registry.ipas.model.Ipas`); `server` puts SOAP before it. What it does where
nobody knows what IPAS does is assumed, as in the connector's documentation: a closed log refuses, a number is used once, a data
set is inserted once, a stale row version is refused, only a file with its data is found by our id.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, Literal

from chalicelib.kernel.clock import local
from chalicelib.registry.ipas.interface import interface
from chalicelib.registry.ipas.model import IpasFault, NoAnswer
from chalicelib.registry.ipas.values import DOCUMENT, FILE, plain, wrapped

ZONE = "Asia/Phnom_Penh"
Key = tuple[Any, ...]
How = Literal["no answer, done", "no answer, not done", "fault", "absent"]


@dataclass
class Switch:
    """What goes wrong at the next call of `operation` (any, if empty), once."""

    how: How
    operation: str = ""


@dataclass
class Double:
    """One IPAS."""

    logs: dict[Key, bool] = field(default_factory=dict)
    files: dict[Key, dict[str, Any]] = field(default_factory=dict)
    patents: dict[Key, dict[str, Any]] = field(default_factory=dict)
    documents: dict[Key, str] = field(default_factory=dict)
    userdocs: dict[Key, dict[str, Any]] = field(default_factory=dict)
    processes: dict[int, dict[str, Any]] = field(default_factory=dict)
    actions: dict[int, dict[str, Any]] = field(default_factory=dict)
    letters: dict[int, dict[str, Any]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    switches: list[Switch] = field(default_factory=list)
    strict_log: bool = False  # opening an open log, or closing a closed one, is a fault
    nil_items: bool = False
    repeat_events: bool = False
    tells_userdocs: bool = True  # whether the list of files tells of user documents

    def call(self, operation: str, *arguments: Any) -> Any:
        """See `model.Ipas`."""
        there = interface()
        known = there.operations[operation]
        given = [
            plain(wrapped(value, each, there, ZONE), ZONE)
            for each, value in zip(known.arguments, arguments, strict=False)
        ]
        answer = self.answer(operation, given)
        return [one for one in answer if one is not None] if isinstance(answer, list) else answer

    def answer(self, operation: str, given: list[Any]) -> Any:
        """One call, with the switches. `given` may be shorter than the arguments."""
        self.calls.append(operation)
        given = [*given, *([None] * (13 - len(given)))]
        how = self._switch(operation)
        if how == "fault":
            raise IpasFault("a fault on demand")
        if how == "no answer, not done":
            raise NoAnswer(operation)
        answer = getattr(self, "_" + operation)(*given)
        if how == "no answer, done":
            raise NoAnswer(operation)
        return None if how == "absent" else answer

    def act(
        self, file: Key, type_code: str, status: str = "", *, at: datetime | None = None, letter: bytes = b"",
        letter_type: str = "", pending: bool = False, secret: bool = False,
    ) -> dict[str, Any]:  # fmt: skip
        """An officer does something to a file; answers the event, open for tampering."""
        process = self.processes[self.files[file]["processId"]["processNbr"]]
        number, at = len(self.actions) + 1, at or datetime(2026, 11, 26, 3, len(self.actions) % 60, tzinfo=UTC)
        key = {"actionNbr": number, "processId": process["processId"]}
        event = {"eventActionId": key, "eventProcessId": process["processId"], "eventDate": at,
                 "eventTypeCode": type_code, "isSecret": secret, "isEventDeleted": False}  # fmt: skip
        action: dict[str, Any] = {"actionId": key, "actionDate": at, "indSignaturePending": pending}
        if status:
            new = {"statusId": {"processType": process["processId"]["processType"], "statusCode": status}}
            action["newStatus"] = process["status"] = new
            process["statusDate"] = at
        if letter:
            office = {"offidocNbr": number, "offidocOrigin": "1", "offidocSeries": at.year}
            self.letters[number] = {"officeDocId": office, "contentData": letter, "contentType": "PDF"}
            action["generatedOfficedocId"], event["eventOfficedocTypeCode"] = office, letter_type
        self.actions[number] = action
        process["events"].append(event)
        return event

    # ------------------------------------------------------------ operations
    def _DailyLogOpen(self, log: Any, *_: Any) -> bool:  # noqa: N802 - IPAS's names
        key = _log(log)
        if self.strict_log and self.logs.get(key):
            raise IpasFault("the log is open already")
        self.logs[key] = True
        return True

    def _DailyLogClose(self, log: Any, *_: Any) -> bool:  # noqa: N802
        key = _log(log)
        if self.strict_log and not self.logs.get(key):
            raise IpasFault("the log is not open")
        self.logs[key] = False
        return True

    def _DailyLogUpdate(self, log: Any, *_: Any) -> bool:  # noqa: N802
        self.logs[_log(log["dailyLogId"])] = bool(log.get("indOpen"))
        return True

    def _FileCheckIntegrityForNewFileId(self, file: Any, *_: Any) -> bool:  # noqa: N802
        return _file(file) not in self.files

    def _UserdocCheckIntegrityForNewDocId(self, document: Any, *_: Any) -> bool:  # noqa: N802
        return _document(document) not in self.documents

    def _FileReceive(  # noqa: N802
        self,
        origin: Any,
        type_: Any,
        subtype: Any,
        relations: Any,
        at: Any,
        receipt: Any,
        file: Any,
        document: Any,
        *_: Any,
    ) -> dict[str, Any]:
        document = self._new_document(document, at)
        file = dict(
            file or {"fileSeq": "KH", "fileType": "P", "fileSeries": at.year, "fileNbr": self._next_file("P", at.year)}
        )
        if _file(file) in self.files:
            raise IpasFault("the file number is used")
        self.documents[_document(document)] = "file"
        process = self._process("1")
        there = self.files[_file(file)] = {
            "fileId": file, "processId": process, "rowVersion": 1,
            "filingData": {"applicationType": type_, "applicationSubtype": subtype, "receptionDate": at,
                           "receptionDocument": {"documentId": document}},
        }  # fmt: skip
        return there

    def _PatentInsert(self, patent: Any, *_: Any) -> bool:  # noqa: N802
        key = self._writable(patent)
        if key in self.patents:
            raise IpasFault("the data are there already")
        return self._write(key, patent)

    def _PatentUpdate(self, patent: Any, *_: Any) -> bool:  # noqa: N802
        key = self._writable(patent)
        if key not in self.patents:
            raise IpasFault("no data to change")
        return self._write(key, patent)

    def _PatentRead(self, file: Any, *_: Any) -> Any:  # noqa: N802
        there = self.files.get(_file(file))
        return there and {**self.patents.get(_file(file), {}), "file": there, "rowVersion": there["rowVersion"]}

    def _FileGetList(self, criteria: Any, *_: Any) -> list[Any]:  # noqa: N802
        wanted = criteria["criteriaFilingData"]["externalSystemId"]
        found: list[Any] = [None] if self.nil_items else []
        for key in self.patents:
            file = self.files[key]
            if file["filingData"].get("externalSystemId") == wanted:
                ours = [
                    one for one in self.userdocs.values() if any(_file(f) == key for f in one["affectedFileIdList"])
                ]
                told = {"CUserdocs": ours} if self.tells_userdocs else {}
                found.append({**told, "fileId": file["fileId"], "filingData": file["filingData"]})
        return found

    def _UserdocReceive(  # noqa: N802
        self, origin: Any, type_: Any, files: Any, ind: Any, office: Any, section: Any, at: Any, receipt: Any, n: Any,
        text: Any, document: Any, *_: Any
    ) -> dict[str, Any]:  # fmt: skip
        if any(_file(one) not in self.files for one in files or []):
            raise IpasFault("no such file")
        document = self._new_document(document, at)
        self.documents[_document(document)] = "userdoc"
        there = self.userdocs[_document(document)] = {
            "documentId": document, "affectedFileIdList": files, "rowVersion": 1,
            "userdocProcessId": self._process("2"), "filingData": {"receptionDate": at},
        }  # fmt: skip
        return there

    def _UserdocUpdate(self, userdoc: Any, *_: Any) -> bool:  # noqa: N802
        there = self.userdocs.get(_document(userdoc["documentId"]))
        if there is None:
            raise IpasFault("no such document")
        if userdoc.get("rowVersion", there["rowVersion"]) != there["rowVersion"]:
            raise IpasFault("changed by another user")
        there.update(userdoc, rowVersion=there["rowVersion"] + 1)
        return True

    def _ProcessRead(self, process: Any, *_: Any) -> Any:  # noqa: N802
        there = self.processes[process["processNbr"]]
        return {name: value for name, value in there.items() if name != "events"}

    def _ProcessReadEventList(self, process: Any, *_: Any) -> list[Any]:  # noqa: N802
        events = self.processes[process["processNbr"]]["events"]
        return [*([None] if self.nil_items else []), *events, *(events if self.repeat_events else [])]

    def _ProcessReadAction(self, action: Any, *_: Any) -> Any:  # noqa: N802
        return self.actions[action["actionNbr"]]

    def _OfficedocRead(self, document: Any, *_: Any) -> Any:  # noqa: N802
        return self.letters[document["offidocNbr"]]

    # ------------------------------------------------------------ rules
    def _switch(self, operation: str) -> How | None:
        for one in self.switches:
            if one.operation in {"", operation}:
                self.switches.remove(one)
                return one.how
        return None

    def _new_document(self, document: Any, at: datetime) -> dict[str, Any]:
        key = (local(at, ZONE).date(), document["docLog"], document["docOrigin"])
        if not self.logs.get(key):
            raise IpasFault("the daily log is not open")
        if not document.get("docNbr"):
            used = [one[3] for one in self.documents if one[:2] == key[1:] and one[2] == at.year]
            document = {**document, "docSeries": at.year, "docNbr": max(used, default=0) + 1}
        if _document(document) in self.documents:
            raise IpasFault("the document number is used")
        return dict(document)

    def _next_file(self, type_: str, year: int) -> int:
        return max((key[3] for key in self.files if key[1:3] == (type_, year)), default=0) + 1

    def _process(self, type_: str) -> dict[str, Any]:
        number = len(self.processes) + 1
        key = {"processNbr": number, "processType": type_}
        self.processes[number] = {
            "processId": key, "events": [],
            "status": {"statusId": {"processType": type_, "statusCode": "NEW"}, "statusName": "Received"},
            "statusDate": datetime(2026, 11, 26, 2, 0, tzinfo=UTC),
        }  # fmt: skip
        return key

    def _writable(self, patent: Any) -> Key:
        key = _file(patent["file"]["fileId"])
        if key not in self.files:
            raise IpasFault("no such file")
        if patent.get("rowVersion", self.files[key]["rowVersion"]) != self.files[key]["rowVersion"]:
            raise IpasFault("changed by another user")
        return key

    def _write(self, key: Key, patent: Any) -> bool:
        there = self.files[key]
        self.patents[key] = patent
        data = {**patent["file"]["filingData"], "receptionDocument": there["filingData"]["receptionDocument"]}
        self.files[key] = {**there, **patent["file"], "filingData": {**there["filingData"], **data},
                           "rowVersion": there["rowVersion"] + 1}  # fmt: skip
        return True


def orphans(double: Double) -> Counter[str]:
    """Documents that belong to no file and no user document with data, and files without data."""
    found: Counter[str] = Counter()
    held = {_document(one["filingData"]["receptionDocument"]["documentId"]) for one in double.files.values()}
    found["files without data"] = len(double.files.keys() - double.patents.keys())
    found["documents of nothing"] = len(double.documents.keys() - held - double.userdocs.keys())
    found["user documents without data"] = sum(
        "externalSystemId" not in one["filingData"] for one in double.userdocs.values()
    )
    return +found


def _log(log: Any) -> Key:
    at = log["dailyLogDate"]
    day = local(at, ZONE).date() if isinstance(at, datetime) else at
    if not isinstance(day, date):
        raise IpasFault("no day")
    return (day, log["docLog"], log["docOrigin"])


def _file(key: Any) -> Key:
    return tuple(key.get(name) for name in FILE)


def _document(key: Any) -> Key:
    return tuple(key.get(name) for name in DOCUMENT)
