"""SOAP 1.1 over HTTP before a `Double`: requests are held against the WSDL's schema (so a wrong order is a fault), answers have
unqualified children and numbers like `10.0`. `GET …?wsdl` gives the WSDL."""

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cached_property
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock, Thread
from typing import Any
from xml.sax.saxutils import escape

from lxml import etree

from chalicelib.registry.ipas.interface import NAMESPACE, Field, interface
from chalicelib.registry.ipas.model import IpasFault, NoAnswer
from chalicelib.registry.ipas.values import plain
from tests.ipas_double.state import ZONE, Double
from tests.ipas_double.wsdl import wsdl

PATH = "/IpasServices/IpasServices"
SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
XSD = "http://www.w3.org/2001/XMLSchema"
NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"


class Server(ThreadingHTTPServer):
    """The double behind a port of this machine."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, double: Double, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.double, self.lock, self.ended = double, Lock(), Event()
        self.raw: bytes | None = None  # the next answer, instead of the double's: hostile or broken

    @property
    def address(self) -> str:
        """Where to call."""
        return f"http://127.0.0.1:{self.server_port}{PATH}"

    @cached_property
    def wsdl(self) -> bytes:
        """With this address."""
        return wsdl(address=self.address).encode()

    @cached_property
    def schema(self) -> etree.XMLSchema:
        """Of requests."""
        found = etree.fromstring(self.wsdl).find(f".//{{{XSD}}}schema")
        return etree.XMLSchema(etree.fromstring(etree.tostring(found)))


@contextmanager
def serving(double: Double, port: int = 0) -> Iterator[Server]:
    """A server in a thread of its own."""
    server = Server(double, port)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.ended.set()
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self._send(200, self.server.wsdl)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.server.raw is not None:
            raw, self.server.raw = self.server.raw, None
            self._send(200, raw)
            return
        try:
            with self.server.lock:
                self._send(200, self._answer(body))
        except IpasFault as fault:
            self._send(500, _fault(str(fault)))
        except NoAnswer:
            self.server.ended.wait(5)  # longer than any client of ours waits in a test
            self.close_connection = True

    def _answer(self, body: bytes) -> bytes:
        asked = etree.fromstring(body, etree.XMLParser(resolve_entities=False, no_network=True)).find(
            f"{{{SOAP}}}Body"
        )[0]
        if not self.server.schema.validate(asked):
            raise IpasFault(f"not valid: {self.server.schema.error_log.last_error.message}")
        operation = etree.QName(asked).localname
        known = interface().operations[operation]
        given = [_read(asked.findall(each.name), each) for each in known.arguments]
        answer = self.server.double.answer(operation, [plain(one, ZONE) for one in given])
        inside = "".join(_written("return", answer, known.returns)) if answer is not None else ""
        return _envelope(f'<ns2:{operation}Response xmlns:ns2="{NAMESPACE}">{inside}</ns2:{operation}Response>')

    def _send(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "text/xml; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Silence."""


def _read(found: list[Any], field: Field) -> Any:
    if field.many:
        return [_value(one, field) for one in found if one.get(NIL) != "true"]
    return _value(found[0], field) if found else None


def _value(node: Any, field: Field) -> Any:
    match field.type:
        case "boolean":
            return node.text in {"true", "1"}
        case "integer":
            return {"doubleValue": float(node.findtext("doubleValue"))}
        case "double":
            return float(node.text)
        case "time":
            return datetime.fromisoformat(node.findtext("dateValue")).astimezone(UTC)
        case kind if kind in interface().types:
            return {
                one.name: read
                for one in interface().types[kind]
                if (read := _read(node.findall(one.name), one)) not in (None, [])
            }
        case _:
            return node.text or ""


def _written(name: str, value: Any, field: Field) -> Iterator[str]:
    if field.many and isinstance(value, list):
        for one in value:
            yield from _written(name, one, Field(field.name, field.type))
    elif value is None:
        yield f'<{name} xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:nil="true"/>'
    elif field.type == "integer":
        yield f"<{name}><doubleValue>{float(value)}</doubleValue></{name}>"
    elif field.type == "time":
        yield f"<{name}><dateValue>{value.astimezone(UTC).isoformat()}</dateValue></{name}>"
    elif field.type == "boolean":
        yield f"<{name}>{str(bool(value)).lower()}</{name}>"
    elif field.type in interface().types:
        yield f"<{name}>"
        for one in interface().types[field.type]:
            if value.get(one.name) is not None:
                yield from _written(one.name, value[one.name], one)
        yield f"</{name}>"
    else:
        yield f"<{name}>{escape(base64.b64encode(value).decode() if field.type == 'bytes' else str(value))}</{name}>"


def _envelope(inside: str) -> bytes:
    return f'<S:Envelope xmlns:S="{SOAP}"><S:Body>{inside}</S:Body></S:Envelope>'.encode()


def _fault(words: str) -> bytes:
    said = escape(words)
    return _envelope(
        f"<S:Fault><faultcode>S:Server</faultcode><faultstring>{said}</faultstring><detail>"
        f'<ns2:IpasException xmlns:ns2="{NAMESPACE}"><message>{said}</message></ns2:IpasException></detail></S:Fault>'
    )
