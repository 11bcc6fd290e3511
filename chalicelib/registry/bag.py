"""The package as a bag (BagIt 1.0, RFC 8493): tag files made from what is in it, and checked again by who gets it.

Pure: digests in, bytes out. The payload lies below `data/`; both manifests list all of it (section 2.1.3). The tag manifest
lists bag declaration, bag information and both manifests (section 2.2.1): a detached seal over it covers every byte of the bag.
Nothing is in `fetch.txt`: a bag as laid out is complete.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from chalicelib.kernel.errors import Corrupt

DECLARATION = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
TAG_MANIFEST = "tagmanifest-sha256.txt"
SEAL = TAG_MANIFEST + ".p7s"
MANIFESTS = ("manifest-sha256.txt", "manifest-sha512.txt")
TAG_FILES = ("bagit.txt", "bag-info.txt", *MANIFESTS, TAG_MANIFEST)
MAX_TAG_FILE = 1_000_000  # bytes
_LINE = re.compile(r"([0-9a-f]{64}|[0-9a-f]{128})  (\S.*)")
_ENCODED = {"%": "%25", "\n": "%0A", "\r": "%0D"}  # RFC 8493 section 2.1.3


@dataclass(frozen=True)
class Payload:
    """One file of the payload: its path begins with `data/`."""

    path: str
    size: int
    sha256: str
    sha512: str


def tag_files(payload: Iterable[Payload], information: Mapping[str, str]) -> dict[str, bytes]:
    """Name → bytes of the tag files. The same payload and information give the same bytes."""
    files = sorted(payload, key=lambda one: one.path)
    oxum = f"{sum(one.size for one in files)}.{len(files)}"
    told = {**information, "Payload-Oxum": oxum}
    made = {
        "bagit.txt": DECLARATION,
        "bag-info.txt": "".join(f"{name}: {_folded(value)}\n" for name, value in told.items()).encode(),
        "manifest-sha256.txt": _manifest((one.path, one.sha256) for one in files),
        "manifest-sha512.txt": _manifest((one.path, one.sha512) for one in files),
    }
    made[TAG_MANIFEST] = _manifest((name, hashlib.sha256(body).hexdigest()) for name, body in sorted(made.items()))
    return made


def verify(files: Mapping[str, bytes], payload: Iterable[Payload]) -> None:
    """Corrupt unless the tag files are whole and list exactly this payload."""
    listed = read_manifest(files[TAG_MANIFEST])
    own = {name: hashlib.sha256(files[name]).hexdigest() for name in TAG_FILES if name != TAG_MANIFEST}
    if listed != own:
        raise Corrupt("the tag manifest does not list these tag files")
    if files["bagit.txt"] != DECLARATION:
        raise Corrupt("not a bag of a version that we know")
    there = list(payload)
    for name, digests in (
        (MANIFESTS[0], {one.path: one.sha256 for one in there}),
        (MANIFESTS[1], {one.path: one.sha512 for one in there}),
    ):
        if read_manifest(files[name]) != digests:
            raise Corrupt(f"{name} lists other files than the package")


def read_manifest(body: bytes) -> dict[str, str]:
    """Path → digest. Corrupt for what is no manifest, or lists a path twice."""
    found: dict[str, str] = {}
    try:
        lines = body.decode("utf-8").splitlines() if body else []
    except UnicodeDecodeError as error:
        raise Corrupt("a manifest is not UTF-8") from error
    for line in lines:
        match = _LINE.fullmatch(line)
        if match is None or (path := _decoded(match[2])) in found:
            raise Corrupt("a manifest cannot be read")
        found[path] = match[1]
    return found


def _manifest(pairs: Iterable[tuple[str, str]]) -> bytes:
    return "".join(f"{digest}  {_encoded(path)}\n" for path, digest in pairs).encode()


def _encoded(path: str) -> str:
    return "".join(_ENCODED.get(character, character) for character in path)


def _decoded(path: str) -> str:
    for character, code in reversed(_ENCODED.items()):
        path = path.replace(code, character)
    return path


def _folded(value: str) -> str:
    return " ".join(value.split())
