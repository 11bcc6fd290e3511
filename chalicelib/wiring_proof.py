"""The part of the wiring that proves: the public log, and who answers what a letter is worth. See `wiring.py`."""

from functools import cached_property
from typing import TYPE_CHECKING

from chalicelib.aws import clients
from chalicelib.config import Settings
from chalicelib.kernel.clock import Clock
from chalicelib.offices.model import Office
from chalicelib.register.dynamodb import DynamoRegister

if TYPE_CHECKING:
    from chalicelib.aws.s3 import Bucket
    from chalicelib.signing.kms import KmsSigner
    from chalicelib.signing.transparency.model import Identity
    from chalicelib.signing.transparency.publish import Publish
    from chalicelib.signing.transparency.service import LogFacts
    from chalicelib.signing.verification import VerifyDigest


class ProofRooms:
    """What a stage's `Rooms` inherit. The collaborators named here are theirs."""

    clock: Clock

    if TYPE_CHECKING:

        @cached_property
        def settings(self) -> Settings: ...
        @cached_property
        def office(self) -> Office: ...
        @cached_property
        def register(self) -> DynamoRegister: ...

    @cached_property
    def public(self) -> "Bucket":
        from chalicelib.aws.s3 import Bucket

        return Bucket(name=self.settings.public_bucket, client=clients.s3())

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
    def verify_digest(self) -> "VerifyDigest":
        from chalicelib.signing.verification import VerifyDigest

        return VerifyDigest(register=self.register, office=self.office)
