"""IPAS's service over SOAP 1.1, with `zeep` and the office's own WSDL.

1. The WSDL is a file or an address of the office; what it imports must lie beside it: nothing else is ever fetched.
2. XML with a document type is refused, so no entity is expanded; an answer has a size and a time that it may not pass.
3. No redirect is followed, no proxy or password of the environment is used, no call is repeated.
4. A fault is an IpasFault. Everything else that is no answer is NoAnswer: it may have been done.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from chalicelib.registry.ipas.interface import Interface, interface
from chalicelib.registry.ipas.model import DoesNotFit, IpasError, IpasFault, NoAnswer, Value
from chalicelib.registry.ipas.values import plain, wrapped

if TYPE_CHECKING:
    from zeep import Client
    from zeep.proxy import ServiceProxy
    from zeep.transports import Transport

CONNECT = 10.0  # seconds until the connection must stand
MAX_ANSWER = 64_000_000  # bytes: a letter of 40 MB is a third longer as base64
CHUNK = 1 << 16
BINDING = "{http://ipas.wipo.int/IpasServices}IpasServicesPortBinding"


class NoWsdl(IpasError):
    """The office's WSDL cannot be had or read."""


@dataclass(frozen=True, kw_only=True)
class Soap:
    """See `model.Ipas`."""

    service: "ServiceProxy"
    zone: str
    shape: Interface

    @classmethod
    def open(cls, wsdl: str, *, zone: str, timeout: float, address: str | None = None) -> "Soap":
        """Read the WSDL at `wsdl`; call at `address`, or at the one that the WSDL names. NoWsdl if it cannot be read."""
        client = read_wsdl(wsdl, timeout=timeout)
        try:
            service = client.create_service(BINDING, address) if address else client.service
            getattr(service, "FileReceive", None)
        except Exception as error:
            raise NoWsdl(f"{wsdl}: {error}") from error
        return cls(service=service, zone=zone, shape=interface())

    def call(self, operation: str, *arguments: Value) -> Value:
        """See `model.Ipas`."""
        from requests.exceptions import RequestException
        from zeep.exceptions import Error, Fault, ValidationError

        known = self.shape.operations[operation]
        given = {
            field.name: wrapped(value, field, self.shape, self.zone)
            for field, value in zip(known.arguments, arguments, strict=False)
            if value is not None
        }
        try:
            bound = self.service[operation]
        except AttributeError as error:
            raise DoesNotFit(f"the WSDL has no {operation}") from error
        try:
            return _read(bound(**given), self.zone)
        except Fault as error:
            raise IpasFault(f"{operation}: {_said(error)}") from error
        except (TypeError, ValidationError) as error:
            raise DoesNotFit(f"{operation}: {error}") from error
        except (Error, RequestException, OSError) as error:
            # without the error's own words: zeep puts the whole answer into them, people's names and all
            raise NoAnswer(
                f"{operation}: {type(error).__name__} {getattr(error, 'status_code', '')}".strip()
            ) from error


def read_wsdl(wsdl: str, *, timeout: float) -> "Client":
    """A client over the WSDL at `wsdl`. NoWsdl if it cannot be had or read."""
    from zeep import Client, Settings

    settings = Settings(strict=True, forbid_dtd=True, forbid_entities=True, xml_huge_tree=True)
    try:
        return Client(wsdl, transport=_transport(wsdl, timeout, time.monotonic), settings=settings)
    except Exception as error:  # whatever a strange document makes a parser raise
        raise NoWsdl(f"{wsdl}: {type(error).__name__}: {error}") from error


def _transport(wsdl: str, timeout: float, monotonic: Callable[[], float]) -> "Transport":
    import requests
    from zeep.transports import Transport

    session = requests.Session()
    session.trust_env = False
    home = urlsplit(wsdl)

    class Bounded(Transport):
        """See the module's rules 1 to 3."""

        def load(self, url: str) -> bytes:
            there = urlsplit(url)
            if there.scheme in {"http", "https"}:
                if (there.scheme, there.netloc) != (home.scheme, home.netloc):
                    raise NoWsdl(f"the WSDL wants {url}, which is not the office's own address")
                return _whole(self._ask("get", url), timeout, monotonic)
            path = Path(there.path if there.scheme == "file" else url)
            if home.scheme in {"http", "https"} or path.resolve().parent != Path(home.path).resolve().parent:
                raise NoWsdl(f"the WSDL wants {url}, which does not lie beside it")
            return path.read_bytes()

        def post(self, address: str, message: bytes, headers: dict[str, str]) -> requests.Response:
            response = self._ask("post", address, data=message, headers=headers)
            response._content = _whole(response, timeout, monotonic)  # noqa: SLF001 - the only place for it
            return response

        def _ask(self, verb: str, url: str, **more: Any) -> requests.Response:
            more["headers"] = {**more.get("headers", {}), "Accept-Encoding": "identity"}
            return session.request(
                verb, url, stream=True, allow_redirects=False, timeout=(min(CONNECT, timeout), timeout), **more
            )

    return Bounded(session=session, timeout=timeout, operation_timeout=timeout)  # type: ignore[no-untyped-call]


def _whole(response: Any, timeout: float, monotonic: Callable[[], float]) -> bytes:
    """The body, within size and time. NoAnswer otherwise."""
    until, body = monotonic() + timeout, bytearray()
    with response:
        while chunk := response.raw.read1(CHUNK):
            body += chunk
            if len(body) > MAX_ANSWER:
                raise NoAnswer(f"an answer of more than {MAX_ANSWER:,} bytes")
            if monotonic() > until:
                raise NoAnswer(f"an answer that took more than {timeout:g} seconds")
    return bytes(body)


def _read(answer: Any, zone: str) -> Value:
    from zeep.helpers import serialize_object

    return plain(serialize_object(answer, dict), zone)


def _said(fault: Any) -> str:
    detail = fault.detail
    words = detail.findtext(".//message") if detail is not None else None
    return str(words or fault.message)[:300]
