"""A key in a PKCS#11 token as a `Signer`: for an office with a machine, or a network HSM, of its own.

Named by a URI (RFC 7512): `pkcs11:token=tra;object=seal?module-path=/usr/lib/softhsm/libsofthsm2.so`. The PIN is a secret and
never part of it: `pin-source` names the parameter that holds it. Needs `python-pkcs11`, which our Lambda layers do not carry.
"""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl, unquote

from chalicelib.kernel.errors import Unavailable

SCHEME = "pkcs11:"


@dataclass(frozen=True, kw_only=True)
class Pkcs11Signer:
    """Signs with the RSA key `label` in the token `token`, through the library at `module`."""

    module: str
    token: str
    label: str
    pin: str = field(repr=False)

    @classmethod
    def of(cls, uri: str, pin: str) -> "Pkcs11Signer":
        """From a URI. ValueError unless it names a module, a token and an object."""
        path, _, query = uri.removeprefix(SCHEME).partition("?")
        parts = {name: unquote(value) for name, _, value in (part.partition("=") for part in path.split(";"))}
        module = dict(parse_qsl(query)).get("module-path", "")
        if not (uri.startswith(SCHEME) and module and parts.get("token") and parts.get("object")):
            raise ValueError("a PKCS#11 URI names token, object and module-path")
        return cls(module=module, token=parts["token"], label=parts["object"], pin=pin)

    @staticmethod
    def pin_source(uri: str) -> str:
        """The name of the parameter that holds the PIN."""
        return dict(parse_qsl(uri.partition("?")[2])).get("pin-source", "")

    def sign(self, message: bytes) -> bytes:
        """See `Signer`. Unavailable if the token does not answer."""
        import pkcs11

        try:
            key = self._session.get_key(object_class=pkcs11.ObjectClass.PRIVATE_KEY, label=self.label)
            return bytes(key.sign(message, mechanism=pkcs11.Mechanism.SHA256_RSA_PKCS))
        except pkcs11.exceptions.PKCS11Error as error:
            self.__dict__.pop("_session", None)
            raise Unavailable(f"the token did not sign: {type(error).__name__}") from error

    def public_key(self) -> bytes:
        """The public key (SubjectPublicKeyInfo, DER)."""
        import pkcs11
        from pkcs11.util.rsa import encode_rsa_public_key

        from chalicelib.signing.cms import oid, tlv

        key = self._session.get_key(object_class=pkcs11.ObjectClass.PUBLIC_KEY, label=self.label)
        algorithm = tlv(0x30, oid("1.2.840.113549.1.1.1"), tlv(0x05))
        return tlv(0x30, algorithm, tlv(0x03, b"\x00" + encode_rsa_public_key(key)))

    @cached_property
    def _session(self) -> Any:
        import pkcs11

        token = pkcs11.lib(self.module).get_token(token_label=self.token)
        try:
            return token.open(user_pin=self.pin)
        except pkcs11.exceptions.UserAlreadyLoggedIn:  # a login is the process's, whoever of it logged in
            return token.open()
