"""The IPAS connector over real SOAP: zeep, a socket, the double's WSDL; lost answers, hostile ones, and the whole program."""

import json
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest

from chalicelib.aws import clients
from chalicelib.contracts.inbound import LetterIssued, read_envelope, read_said
from chalicelib.offices.load import load_office
from chalicelib.registry.__main__ import DONE, LEFT, UNREACHABLE, main
from chalicelib.registry.consumer import Message
from chalicelib.registry.ipas.check import check_maps, check_wsdl
from chalicelib.registry.ipas.inbox import S3Inbox
from chalicelib.registry.ipas.maps import load_maps
from chalicelib.registry.ipas.model import DoesNotFit, IpasFault, NoAnswer
from chalicelib.registry.ipas.soap import NoWsdl, Soap, read_wsdl
from chalicelib.registry.sqlite import SqliteMarks
from chalicelib.registry.sqs import SqsQueue
from tests.integration.registry.test_registry import Ground, ground, world
from tests.ipas_double.__main__ import act
from tests.ipas_double.desk import EXAMPLE, Desk
from tests.ipas_double.dossiers import lay_design, lay_paper, lay_patent
from tests.ipas_double.server import Server, serving
from tests.ipas_double.state import ZONE, Double, Switch, orphans
from tests.ipas_double.wsdl import wsdl
from tests.unit.registry import papers

__all__ = ["ground", "world"]
TIMEOUT = 1.0
ROOT = Path(__file__).parents[3]
WSDL = Path(__file__).parents[2] / "ipas_double" / "ipas.wsdl"
FILE = {"fileSeq": "KH", "fileType": "D", "fileSeries": 2026, "fileNbr": 10}
LOG = {"dailyLogDate": "2026-11-25", "docLog": "E", "docOrigin": "3"}
AT = datetime(2026, 11, 25, 3, tzinfo=UTC)
RECEIVE = ("FileReceive", "3", "DES", "LOC", None, AT, None, FILE, {"docLog": "E", "docOrigin": "3"})


def element(name: str, kind: str) -> str:
    """As the double's WSDL has it."""
    return f'<xs:element name="{name}" type="{kind}" minOccurs="0"/>'


@pytest.fixture
def server() -> Iterator[Server]:
    with serving(Double()) as there:
        yield there


@pytest.fixture
def soap(server: Server) -> Soap:
    return Soap.open(server.address + "?wsdl", zone=ZONE, timeout=TIMEOUT)


@contextmanager
def desk(soap: Soap, double: Double) -> Iterator[Desk]:
    made = Desk.fresh(ipas=soap, double=double)
    yield made
    made.marks.close()
    shutil.rmtree(made.root)


def test_the_kept_wsdl_is_the_one_that_is_written() -> None:
    assert WSDL.read_text("utf-8") == wsdl(), "python -m tests.ipas_double.wsdl > tests/ipas_double/ipas.wsdl"


def test_over_the_wire_the_end_is_that_of_the_plain_service(server: Server, soap: Soap) -> None:
    with desk(soap, server.double) as wired, desk(Double(), Double()) as plain:  # type: ignore[arg-type]
        plain.ipas = None
        for one in (wired, plain):
            one.add(lay_patent, lay_design, lay_paper)
            one.run()
            one.double.act(("KH", "P", 2026, 7), "A", "EXA", letter=b"%PDF letter", letter_type="ADDOC")
            one.look()
        assert wired.state() == plain.state()
        assert not orphans(server.double)
        assert wired.journal.told()[-1].type == "int.registry.status.changed.v1"


@pytest.mark.parametrize("operation", ["FileReceive", "PatentInsert", "UserdocReceive", "UserdocUpdate"])
@pytest.mark.parametrize("how", ["no answer, done", "no answer, not done", "fault", "absent"])
def test_a_call_whose_answer_is_lost_on_the_wire_is_done_once(
    server: Server, soap: Soap, operation: str, how: Any
) -> None:
    server.double.switches = [Switch(how, operation)]
    with desk(soap, server.double) as one:
        one.add(lay_patent, lay_paper)
        one.run()
        assert [work.state for work in one.journal.works()] == ["done", "done"]
        assert (len(server.double.files), len(server.double.userdocs), len(server.double.documents)) == (1, 1, 2)
        assert not orphans(server.double)


def test_numbers_travel_as_doubles_and_fractions_are_refused(server: Server, soap: Soap) -> None:
    soap.call("DailyLogOpen", LOG)
    there = soap.call(*RECEIVE)
    assert there["fileId"] == FILE
    process = server.double.processes[1]["processId"]
    process["processNbr"] = 1.5
    with pytest.raises(NoAnswer):
        soap.call("ProcessRead", {"processNbr": 1, "processType": "1"}, False, False)


def test_a_fault_is_told_apart_from_no_answer(soap: Soap) -> None:
    with pytest.raises(IpasFault, match="daily log is not open"):
        soap.call(*RECEIVE)


def test_fields_in_a_wrong_order_are_refused_by_the_double(server: Server) -> None:
    first, second = element("docLog", "xs:string"), element("docNbr", "tns:ipasInteger")
    other = wsdl(address=server.address).replace(first + second, second + first)
    server.double.logs[(AT.date(), "E", "3")] = True
    crooked = Server(server.double)
    crooked.__dict__["wsdl"] = other.encode()
    thread = threading.Thread(target=crooked.handle_request, daemon=True)
    thread.start()
    client = Soap.open(f"{crooked.address}?wsdl", zone=ZONE, timeout=TIMEOUT, address=server.address)
    thread.join()
    crooked.server_close()
    document = {"docLog": "E", "docNbr": 1, "docOrigin": "3", "docSeries": 2026}
    with pytest.raises(IpasFault, match="not valid"):
        client.call("UserdocCheckIntegrityForNewDocId", document)


@pytest.mark.parametrize(
    "raw",
    [
        b'<!DOCTYPE a [<!ENTITY b "bbbb"><!ENTITY c "&b;&b;">]><a>&c;</a>',
        b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]><a>&x;</a>',
        b"<html>busy</html>", b"", b"<S:Envelope", b"\xff\xfe",
    ],
)  # fmt: skip
def test_a_hostile_or_broken_answer_is_no_answer(server: Server, soap: Soap, raw: bytes) -> None:
    server.raw = raw
    with pytest.raises(NoAnswer) as error:
        soap.call("DailyLogOpen", LOG)
    assert "bbbb" not in str(error.value)


def test_an_answer_that_trickles_is_given_up(soap: Soap) -> None:
    ended = threading.Event()

    def trickle(listener: socket.socket) -> None:
        there, _ = listener.accept()
        with there:
            there.recv(65_536)
            there.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: 100000\r\n\r\n")
            while not ended.wait(0.05):
                try:
                    there.sendall(b" ")
                except OSError:
                    return

    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        thread = threading.Thread(target=trickle, args=(listener,), daemon=True)
        thread.start()
        slow = Soap.open(str(WSDL), zone=ZONE, timeout=0.5, address=f"http://127.0.0.1:{listener.getsockname()[1]}/")
        with pytest.raises(NoAnswer):
            slow.call("DailyLogOpen", LOG)
        ended.set()
        thread.join()


def test_nothing_but_the_wsdl_is_fetched(tmp_path: Path) -> None:
    for where in ("http://127.0.0.1:9/other.xsd", "/etc/hostname"):
        file = tmp_path / "ipas.wsdl"
        needs = (
            f'<xs:schema targetNamespace="urn:x"><xs:import namespace="urn:y" schemaLocation="{where}"/></xs:schema>'
        )
        file.write_text(wsdl().replace("<wsdl:types>", "<wsdl:types>" + needs), "utf-8")
        with pytest.raises(NoWsdl):
            read_wsdl(str(file), timeout=TIMEOUT)


def test_an_ipas_that_is_not_there_is_no_answer() -> None:
    gone = Soap.open(str(WSDL), zone=ZONE, timeout=TIMEOUT, address="http://127.0.0.1:9/")
    with pytest.raises(NoAnswer):
        gone.call("DailyLogOpen", LOG)


def test_what_does_not_fit_is_said_before_anything_is_sent(server: Server, soap: Soap) -> None:
    with pytest.raises(DoesNotFit):
        soap.call("DailyLogOpen", {"noSuchField": "x"})
    assert server.double.calls == []


def differing(tmp_path: Path, *changes: tuple[str, str]) -> list[str]:
    text = wsdl()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    file = tmp_path / "office.wsdl"
    file.write_text(text, "utf-8")
    return [str(one) for one in check_wsdl(read_wsdl(str(file), timeout=TIMEOUT))]


def test_the_check_finds_nothing_where_all_is_as_understood(tmp_path: Path) -> None:
    assert differing(tmp_path) == []
    assert [one for one in check_maps(load_maps(EXAMPLE), load_office("kh")) if one.weight == "wrong"] == []


def test_the_check_names_what_the_wsdl_lacks_or_has_otherwise(tmp_path: Path) -> None:
    first, second = element("fileSeq", "xs:string"), element("fileSeries", "tns:ipasInteger")
    found = differing(
        tmp_path,
        ('<wsdl:operation name="OfficedocRead">', '<wsdl:operation name="OfficedocGet">'),
        (element("externalSystemId", "xs:string"), ""),
        (first + second, second + first),
        ('<xs:element name="rowVersion" type="tns:ipasInteger"', '<xs:element name="rowVersion" type="xs:int"'),
        (element("selected", "xs:string"), ""),
    )  # fmt: skip
    wrong = [line for line in found if line.startswith("wrong")]
    assert any("no operation OfficedocRead" in line for line in wrong)
    assert any("has no externalSystemId" in line for line in wrong)
    assert any("rowVersion" in line and "doubleValue inside was expected" in line for line in wrong)
    assert any(line.startswith("look") and "another order" in line for line in found)
    assert any(line.startswith("look") and "has no selected" in line for line in found)
    assert all("→" in line for line in found), "each says what to do next"


def test_the_check_names_kinds_that_stand_in_no_row() -> None:
    maps = load_maps(EXAMPLE)
    rows = tuple(row for row in maps.applications if row.kind != "utility-model")
    found = check_maps(
        maps.model_copy(update={"applications": (*rows, rows[0]), "file_types": {"P": "P"}}), load_office("kh")
    )
    said = [one.what for one in found if one.weight == "wrong"]
    assert "utility-model by national is not in [[applications]]" in said
    assert any("twice" in one for one in said)
    assert {"series UM is not in [file_types]", "series D is not in [file_types]"} <= set(said)


def test_a_letter_laid_twice_is_one_and_nothing_is_read_in_the_inbox(ground: Ground) -> None:
    calls: list[str] = []

    class PutOnly:
        def put_object(self, **words: Any) -> object:
            calls.append(words["Key"])
            return clients.s3().put_object(**words)

    inbox = S3Inbox(name=ground.outputs["QuarantineBucket"], client=cast(Any, PutOnly()))
    for _ in range(2):
        inbox.put_once("inbox/urn:registry:ipas/" + "a" * 64, b"%PDF", "application/pdf")
    assert len(calls) == 2


def received(url: str) -> list[Message]:
    """All messages of a queue, in order."""
    queue, found = SqsQueue(url=url, client=clients.sqs()), []
    while message := queue.receive(wait=0):
        found.append(message)
        queue.delete(message)
    return found


def configured(tmp_path: Path, wsdl: str) -> Path:
    """The example, for the office of the tests: its filings are of kind `design`."""
    text = EXAMPLE.read_text("utf-8").replace('"../../tests/ipas_double/ipas.wsdl"', f'"{wsdl}"')
    file = tmp_path / "ipas.toml"
    file.write_text(
        text.replace('kind = "industrial-design"\nroute = "national"', 'kind = "design"\nroute = "national"'), "utf-8"
    )
    return file


def test_the_program_takes_packages_off_the_queue_into_ipas_and_a_repeat_changes_nothing(
    ground: Ground, tmp_path: Path, server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    into, stream = tmp_path / "registry", ground.filings.handed_over()
    words = ["ipas", "run", "--config", str(configured(tmp_path, server.address + "?wsdl")), "--into", str(into),
             "--edms", str(tmp_path / "edms"), "--queue-url", ground.queue, "--bucket", ground.bucket, "--wait", "0",
             "--trust", str(ground.trust), "--until-empty"]  # fmt: skip
    front = clients.sqs().create_queue(QueueName="front.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
    told = ["--inbound-url", front, "--inbox", ground.outputs["QuarantineBucket"]]
    paper = papers.handed_over(ground.filings, stream)
    ground.publish(stream, paper)
    assert main(words) == DONE
    assert list(server.double.patents) == [("KH", "D", 2026, 1)]
    assert [one["notes"] for one in server.double.userdocs.values()] == ["Tra KH/D/2026/1-P1\nជូនការិយាល័យ"]
    assert (tmp_path / "edms" / "KH-D-2026-1" / "drop.json").exists()
    said = capsys.readouterr().out
    assert "brought   KH/D/2026/1" in said
    before = len(server.double.documents)
    server.double.act(("KH", "D", 2026, 1), "A", "REG", letter=b"%PDF the certificate", letter_type="ADDOC")
    with closing(SqliteMarks.open(into / ".consumer.sqlite3")) as marks:
        marks.connection.execute("UPDATE ipas_file SET next_at = ''")
    assert main([*words, *told]) == DONE
    assert len(server.double.documents) == before
    there = [read_envelope(one.body) for one in received(front)]
    facts = [read_said(one) for one in there]
    assert [type(one).__name__ for one in facts] == [
        "FilingAccepted", "StatusChanged", "PaperAccepted", "LetterIssued", "StatusChanged",
    ]  # fmt: skip
    assert [one.sequence for one in there] == [1, 2, 3, 4, 5]
    (letter,) = [one for one in facts if isinstance(one, LetterIssued)]
    kept = clients.s3().get_object(Bucket=ground.outputs["QuarantineBucket"], Key=letter.key)
    assert kept["Body"].read() == b"%PDF the certificate"
    assert main(["ipas", "status", "--into", str(into)]) == DONE


def test_the_program_says_what_waits_and_tries_again_when_told(
    ground: Ground, tmp_path: Path, server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    into, file = tmp_path / "registry", configured(tmp_path, server.address + "?wsdl")
    whole = file.read_text("utf-8")
    file.write_text(whole.replace('rail = "aba"', 'rail = "other"'), "utf-8")
    words = ["ipas", "run", "--config", str(file), "--into", str(into), "--edms", str(tmp_path / "edms"), "--wait", "0",
             "--queue-url", ground.queue, "--bucket", ground.bucket, "--trust", str(ground.trust), "--until-empty",
             "--health", str(tmp_path / "health.json")]  # fmt: skip
    ground.publish(ground.filings.handed_over())
    assert main(words) == LEFT
    assert "money by aba stands in no row" in capsys.readouterr().out
    told = json.loads((tmp_path / "health.json").read_text("utf-8"))
    assert (told["healthy"], list(told["parked"].values())) == (False, ["waiting"])
    file.write_text(whole, "utf-8")
    assert main(["ipas", "retry", "--into", str(into)]) == DONE
    assert main(words) == DONE


def test_the_program_checks_a_live_wsdl(server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "ipas.toml"
    file.write_text(
        EXAMPLE.read_text("utf-8").replace("../../tests/ipas_double/ipas.wsdl", server.address + "?wsdl"), "utf-8"
    )
    assert main(["ipas", "check", "--config", str(file)]) == DONE
    assert "0 wrong" in capsys.readouterr().out
    file.write_text(file.read_text("utf-8").replace(server.address, "http://127.0.0.1:9"), "utf-8")
    assert main(["ipas", "check", "--config", str(file)]) == UNREACHABLE


@pytest.mark.slow
def test_a_process_killed_for_real_leaves_one_file_and_one_paper(server: Server, tmp_path: Path) -> None:
    """SIGKILL, again and again, each life a few calls longer than what the one before left."""

    def live(at: int) -> subprocess.CompletedProcess[str]:
        words = [sys.executable, "-m", "tests.ipas_double.life", str(tmp_path), server.address, str(at)]
        return subprocess.run(words, capture_output=True, text=True, check=False, cwd=ROOT)  # noqa: S603 - our own words

    ends = [live(at).returncode for at in (5, 10, 11, 13, 16, 7, 14)]
    assert ends.count(-signal.SIGKILL) >= 5
    last = live(0)
    assert last.returncode == 0, last.stderr
    assert last.stdout == "2\n", "filing and paper, each told of once"
    assert (len(server.double.files), len(server.double.userdocs), len(server.double.documents)) == (1, 1, 2)
    assert not orphans(server.double)


def test_the_double_s_officer_acts_on_what_he_is_told(
    server: Server, soap: Soap, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "letter.pdf").write_bytes(b"%PDF letter")
    soap.call("DailyLogOpen", LOG)
    soap.call(*RECEIVE)
    act(server.double, ["KH/D/2026/10", "EXA", "ADDOC", str(tmp_path / "letter.pdf")])
    act(server.double, ["KH/D/2026/11", "EXA"])
    (event,) = soap.call("ProcessReadEventList", {"processNbr": 1, "processType": "1"})
    assert event["eventOfficedocTypeCode"] == "ADDOC"
    assert "no file KH/D/2026/11" in capsys.readouterr().out
