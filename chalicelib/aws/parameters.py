"""Parameters of the stage (certificates, secrets), fetched when needed and remembered for some minutes at most."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from chalicelib.aws.errors import translated
from chalicelib.kernel.clock import Clock

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient

REMEMBERED = timedelta(minutes=5)  # so that a changed key is in force soon (payments.md section 8)


@dataclass(kw_only=True)
class Parameters:
    """Values by name."""

    client: "SSMClient"
    clock: Clock
    _values: dict[str, tuple[datetime, str]] = field(default_factory=dict)

    def __call__(self, name: str) -> str:
        """The value, decrypted if it is a secret."""
        known = self._values.get(name)
        now = self.clock()
        if known is None or now - known[0] > REMEMBERED:
            with translated():
                answer = self.client.get_parameter(Name=name, WithDecryption=True)
            known = self._values[name] = (now, answer["Parameter"]["Value"])
        return known[1]
