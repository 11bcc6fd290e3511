"""The KMS adapter against moto: what it signs verifies with the public key, and its limits hold."""

import boto3
import pytest
from botocore.stub import Stubber
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from chalicelib.kernel.errors import Unavailable
from chalicelib.signing.kms import MAX_RAW, KmsSigner
from tests.integration.signing.conftest import Room


def test_the_signature_is_pkcs1_v15_with_sha256_over_the_message(room: Room) -> None:
    key = serialization.load_pem_public_key(room.signer.public_key_pem())
    assert isinstance(key, rsa.RSAPublicKey)

    key.verify(room.signer.sign(b"message"), b"message", padding.PKCS1v15(), hashes.SHA256())


def test_the_same_message_has_the_same_signature(room: Room) -> None:
    assert room.signer.sign(b"message") == room.signer.sign(b"message")


def test_messages_of_no_or_too_many_bytes_never_reach_the_key(room: Room) -> None:
    assert room.signer.sign(b"x" * MAX_RAW)
    for message in (b"", b"x" * (MAX_RAW + 1)):
        with pytest.raises(ValueError, match="4096"):
            room.signer.sign(message)


def test_a_key_service_that_fails_for_a_while_is_unavailable() -> None:
    client = boto3.client("kms", region_name="ap-southeast-1", aws_access_key_id="x", aws_secret_access_key="x")
    with Stubber(client) as stub:
        stub.add_client_error("sign", "KMSInternalException", http_status_code=500)
        with pytest.raises(Unavailable):
            KmsSigner(client, "key").sign(b"message")


def test_the_key_is_asked_for_a_raw_message() -> None:
    client = boto3.client("kms", region_name="ap-southeast-1", aws_access_key_id="x", aws_secret_access_key="x")
    wanted = {
        "KeyId": "key",
        "Message": b"message",
        "MessageType": "RAW",
        "SigningAlgorithm": "RSASSA_PKCS1_V1_5_SHA_256",
    }
    with Stubber(client) as stub:
        stub.add_response("sign", {"Signature": b"s"}, wanted)
        assert KmsSigner(client, "key").sign(b"message") == b"s"
