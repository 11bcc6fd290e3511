"""Inspectors: the function of its own that opens files (AWS Lambda), and what that function does with a call.

The function has no rights and no secrets: what it needs comes in the call. Died, out of time or out of memory, it is a file
that cannot be read.
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chalicelib.aws.errors import translated
from chalicelib.signing.verification.model import Inspection

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient


@dataclass(frozen=True, kw_only=True)
class LambdaInspector:
    """See `Inspector`: one synchronous call."""

    function: str
    client: "LambdaClient"

    def __call__(self, pdf: bytes, *, chain_pem: str, stamp_roots_pem: str, issued: int | None) -> Inspection:
        """See `Inspector`."""
        call = {
            "pdf": base64.b64encode(pdf).decode(), "chain": chain_pem, "stamp_roots": stamp_roots_pem, "issued": issued
        }  # fmt: skip
        with translated():
            answer = self.client.invoke(FunctionName=self.function, Payload=json.dumps(call).encode())
            said = answer["Payload"].read()
        if answer.get("FunctionError"):
            return Inspection(problem="died", changes=("structure",) if issued else ())
        return Inspection.from_json(json.loads(said))


def handle(call: Mapping[str, Any]) -> dict[str, Any]:
    """The function's side of a call."""
    from chalicelib.signing.verification.inspection import inspect

    pdf = base64.b64decode(call["pdf"])
    chain, stamp_roots = str(call["chain"]), str(call["stamp_roots"])
    return inspect(pdf, chain_pem=chain, stamp_roots_pem=stamp_roots, issued=call["issued"]).to_json()
