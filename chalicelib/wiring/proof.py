"""Joins what proves: the public log, and who answers what a letter is worth."""

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from chalicelib.aws import clients
from chalicelib.wiring.ground import Ground

if TYPE_CHECKING:
    from chalicelib.signing.kms import KmsSigner
    from chalicelib.signing.transparency.model import Identity
    from chalicelib.signing.transparency.publish import Publish
    from chalicelib.signing.transparency.replay import Replay
    from chalicelib.signing.transparency.service import LogFacts
    from chalicelib.signing.transparency.view import LogView
    from chalicelib.signing.verification.model import Inspector
    from chalicelib.signing.verification.service import Verify


class Proof(Ground):
    """4 seal, for everybody: the public log and verification."""

    @cached_property
    def log_signer(self) -> "KmsSigner":
        from chalicelib.signing.kms import KmsSigner

        return KmsSigner(clients.kms(), self.settings.log_key_id, "ECDSA_SHA_256")

    @cached_property
    def log_identity(self) -> "Identity":
        from chalicelib.proof.keys import LogKey
        from chalicelib.signing.transparency.model import Identity

        return Identity(origin=self.settings.log_origin, key=LogKey(self.log_signer.public_key()))

    @cached_property
    def publish_log(self) -> "Publish":
        from chalicelib.signing.transparency.publish import Publish

        return Publish(
            register=self.register, partitions=self.register, public=self.public, identity=self.log_identity,
            signer=self.log_signer,
        )  # fmt: skip

    @cached_property
    def log_facts(self) -> "LogFacts":
        from chalicelib.signing.transparency.service import LogFacts

        return LogFacts(
            register=self.register, public=self.public, publish=self.publish_log, identity=self.log_identity,
            signer=self.log_signer, clock=self.clock,
        )  # fmt: skip

    @cached_property
    def replay_log(self) -> "Replay":
        from chalicelib.signing.transparency.replay import Replay

        return Replay(register=self.register, publish=self.publish_log)

    @cached_property
    def log_view(self) -> "LogView":
        from chalicelib.signing.transparency.view import LogView

        return LogView(register=self.register, public=self.public, publish=self.publish_log, identity=self.log_identity)

    @cached_property
    def inspector(self) -> "Inspector":
        from chalicelib.signing.verification.invoke import LambdaInspector

        return LambdaInspector(function=self.settings.verify_function, client=clients.functions())

    @cached_property
    def verify(self) -> "Verify":
        from chalicelib.signing.verification.service import Verify

        return Verify(
            register=self.register, office=self.office, inspector=self.inspector,
            chain_pem=self.parameters(self.settings.seal_certificate_parameter), stamp_roots_pem=self._stamp_roots(),
        )  # fmt: skip

    def _stamp_roots(self) -> str:
        """PEM; empty while no authority is configured: then nothing is time-stamped."""
        return self.parameters(self.settings.trust_roots_parameter) if self.settings.tsa_url else ""

    @property
    def trust(self) -> Mapping[str, Any]:
        """The public keys with which anyone checks letters and the log without us."""
        chain = self.parameters(self.settings.seal_certificate_parameter)
        root = "-----BEGIN CERTIFICATE-----" + chain.rpartition("-----BEGIN CERTIFICATE-----")[2]
        return {
            "office": dict(self.office.names),
            "seal_roots": root,
            "stamp_roots": self._stamp_roots(),
            "log": self.log_view.key(),
        }
