"""Refusals as RFC 9457 problems: every finding with its code, JSON pointer, words in the office's languages, what to do.

The one table that gives our errors HTTP meaning. Nothing else in the program knows a status code of a refusal.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec

from chalice.app import Response

from chalicelib.kernel import errors
from chalicelib.kernel.digest import canonical
from chalicelib.kernel.errors import Finding, Refused, TraError
from chalicelib.log import log
from chalicelib.offices.messages import words
from chalicelib.offices.model import Office

P = ParamSpec("P")

STATUS: dict[type[TraError], int] = {
    errors.Malformed: 400,
    errors.Unauthenticated: 401,
    errors.Forbidden: 403,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.Stale: 412,
    errors.TooLarge: 413,
    errors.Unsupported: 415,
    errors.Invalid: 422,
    errors.TooMany: 429,
    errors.Unavailable: 503,
    errors.LostRace: 503,
    errors.Corrupt: 503,
}
RETRY_SECONDS = "5"
MAX_FINDINGS = 200  # an answer stays far below what the gateway carries, whatever was sent
HEADERS: dict[str, str | list[str]] = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
}


def answer(status: int, body: Any, **headers: str) -> Response:
    """A JSON answer with the headers that every answer has."""
    return Response(
        body=canonical(body).decode(),
        status_code=status,
        headers={**HEADERS, "Content-Type": "application/json", **headers},
    )


def problem(office: Office, error: TraError) -> Response:
    """The answer to an error of ours. A kind of error without a row of its own is answered as the kind above it."""
    status = next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), 503)
    found = error.findings if isinstance(error, Refused) else (Finding(code="service.unavailable"),)
    body: dict[str, Any] = {
        "type": f"urn:tra:problem:{found[0].code}",
        "title": words(office, found[0])[office.languages[-1]][0],
        "status": status,
        "findings": [told(office, finding) for finding in found[:MAX_FINDINGS]],
    }
    if len(found) > MAX_FINDINGS:
        body["omitted"] = len(found) - MAX_FINDINGS
    headers: dict[str, str | list[str]] = {**HEADERS, "Content-Type": "application/problem+json"}
    if status == 503:  # waiting cures it; what cures a quota is said in the finding
        headers["Retry-After"] = RETRY_SECONDS
    if status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="tra"'
    return Response(body=canonical(body).decode(), status_code=status, headers=headers)


def answering(office: Callable[[], Office]) -> Callable[[Callable[P, Response]], Callable[P, Response]]:
    """Decorator under a route: turns our errors into problems. Any other error is a fault of ours: logged, and answered
    503 so that a client repeats (every request here may be repeated)."""

    def decorate(view: Callable[P, Response]) -> Callable[P, Response]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> Response:
            try:
                return view(*args, **kwargs)
            except TraError as error:
                if not isinstance(error, Refused):
                    log("request-failed", view=view.__name__, error=type(error).__name__)
                return problem(office(), error)
            except Exception as error:  # noqa: BLE001 - a defect must not become a 500 with a stack trace
                log("request-defect", view=view.__name__, error=type(error).__name__, where=_where(error))
                return problem(office(), errors.Unavailable(type(error).__name__))

        return guarded

    return decorate


def _where(error: Exception) -> str:
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_filename.rpartition('/')[2]}:{trace.tb_lineno}" if trace else ""


def told(office: Office, finding: Finding) -> dict[str, Any]:
    """A finding as it is answered: code, pointer, severity, words in the office's languages."""
    said = words(office, finding)
    body: dict[str, Any] = {
        "code": finding.code,
        "pointer": finding.pointer,
        "severity": finding.severity,
        "message": {language: text for language, (text, _) in said.items()},
        "action": {language: text for language, (_, text) in said.items()},
    }
    if finding.rule:
        body["rule"] = finding.rule
    if finding.days is not None:
        body["days"] = finding.days
    return body
