"""What is made for the package: ST.96 documents, the bag's tag files, the seal. Bytes only; storing them is the service's."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from chalicelib.contracts.form import Form
from chalicelib.offices.model import Office
from chalicelib.registry.bag import SEAL, TAG_FILES, TAG_MANIFEST, tag_files
from chalicelib.registry.edms import capture
from chalicelib.registry.layout import payload, placed
from chalicelib.registry.model import NotHandedOver, PackageObject, Role
from chalicelib.registry.ready import Ready
from chalicelib.registry.st96 import checks, design, patent
from chalicelib.registry.st96.model import Filed, FiledPart
from chalicelib.registry.st96.tree import Node, NotSt96, to_bytes

XML, TEXT, JSON, PKCS7 = "application/xml", "text/plain", "application/json", "application/pkcs7-signature"
Official = Callable[[bytes], None]  # WIPO's schemas: NotSt96 if a document is not valid


class Sealer(Protocol):
    """Makes detached seals; the same bytes give the same seal."""

    def sign_detached(self, payload: bytes) -> bytes: ...


@dataclass(frozen=True)
class Made:
    """One thing made. `ending` is of its key."""

    role: Role
    name: str
    document: str
    media_type: str
    ending: str
    body: bytes

    def pointer(self, bucket: str, key: str, version: str) -> PackageObject:
        """Where it lies."""
        return PackageObject(
            role=self.role, name=self.name, document=self.document, media_type=self.media_type, bucket=bucket, key=key,
            version=version, sha256=hashlib.sha256(self.body).hexdigest(), sha512=hashlib.sha512(self.body).hexdigest(),
            size=len(self.body),
        )  # fmt: skip


def documents(
    ready: Ready, form: Form, objects: tuple[PackageObject, ...], office: Office, official: Official | None
) -> list[Made]:
    """The ST.96 documents of a filing. NotHandedOver if one breaks a rule."""
    submitted = ready.submitted
    filed = Filed(
        form=form, office=office.code, number=submitted.number, filing_date=submitted.filing_date,
        files=_parts(objects, office, submitted.kind), version=office.st96_version,
    )  # fmt: skip
    made = []
    try:
        for name, root in _roots(filed):
            body = to_bytes(checks.checked(root, filed))
            if official is not None:
                official(body)
            made.append(Made("st96", f"{name}.xml", name, XML, "xml", body))
    except NotSt96 as error:
        raise NotHandedOver(f"{ready.stream.id}: {error}") from error
    return made


def captured(ready: Ready, objects: tuple[PackageObject, ...], office: Office) -> Made:
    """The capture data for the office's document system."""
    return Made("edms", "edms.json", "edms", JSON, "json", capture(ready, objects, office))


def tags(ready: Ready, objects: tuple[PackageObject, ...], office: Office) -> list[Made]:
    """The tag files of the bag that holds `objects`."""
    information = {
        "Source-Organization": f"{office.names.get('en') or next(iter(office.names.values()))} ({office.code})",
        "External-Identifier": ready.number,
        "Internal-Sender-Identifier": str(ready.stream.id),
        "Bagging-Date": ready.last.at[:10],
        "Bag-Software-Agent": "tra",
    }
    files = tag_files(payload(objects), information)
    return [Made("tag", name, "tag", TEXT, "txt", files[name]) for name in TAG_FILES]


def seal(tag_files_made: list[Made], sealer: Sealer) -> Made:
    """The detached seal over the tag manifest."""
    (manifest,) = [one.body for one in tag_files_made if one.name == TAG_MANIFEST]
    return Made("seal", SEAL, "seal", PKCS7, "p7s", sealer.sign_detached(manifest))


def _roots(filed: Filed) -> list[tuple[str, Node]]:
    if filed.form.designs:
        return [("design-application", design.design_application(filed))]
    body = patent.application_body(filed)
    found = [("bibliographic-data", patent.bibliographic_data(filed))]
    return [*found, ("application-body", body)] if body is not None else found


def _parts(objects: tuple[PackageObject, ...], office: Office, kind: str) -> tuple[FiledPart, ...]:
    return tuple(
        FiledPart(
            attachment=one.attachment or "",
            path="../" + path.removeprefix("data/"),
            media_type=one.media_type,
            body=bool((document := office.document(one.document, kind)) and document.body),
        )
        for one, path in placed(objects)
        if one.role == "file"
    )
