"""The bag's tag files: made as RFC 8493 says, and not believed unless they list exactly what is there."""

import hashlib
from dataclasses import replace

import pytest

from chalicelib.kernel.errors import Corrupt
from chalicelib.registry.bag import MANIFESTS, TAG_FILES, TAG_MANIFEST, Payload, read_manifest, tag_files, verify
from chalicelib.registry.layout import payload, placed
from tests.unit.registry.filings import InMemoryFilings

ONE = Payload("data/a.txt", 3, "a" * 64, "b" * 128)
TWO = Payload("data/files/01-50% \n.pdf", 4, "c" * 64, "d" * 128)


def made() -> dict[str, bytes]:
    """The tag files of two files."""
    return tag_files([TWO, ONE], {"External-Identifier": "KH/P/2026/1", "Source-Organization": "An\nOffice"})


def test_the_tag_files_say_what_the_standard_asks() -> None:
    files = made()
    assert tuple(files) == TAG_FILES
    assert files["bagit.txt"] == b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
    assert files["bag-info.txt"].decode().splitlines() == [
        "External-Identifier: KH/P/2026/1", "Source-Organization: An Office", "Payload-Oxum: 7.2",
    ]  # fmt: skip
    first, second = files["manifest-sha256.txt"].decode().splitlines()
    assert first == f"{'a' * 64}  data/a.txt"
    assert second == f"{'c' * 64}  data/files/01-50%25 %0A.pdf"


def test_a_manifest_is_read_back_as_it_was_meant() -> None:
    assert read_manifest(made()["manifest-sha512.txt"]) == {ONE.path: ONE.sha512, TWO.path: TWO.sha512}


def test_a_whole_bag_is_believed_in_whatever_order() -> None:
    verify(made(), [ONE, TWO])
    verify(made(), [TWO, ONE])


@pytest.mark.parametrize("there", [[ONE], [ONE, TWO, replace(ONE, path="data/more")], [ONE, replace(TWO, sha512="e" * 128)]])
def test_a_file_more_less_or_other_is_found(there: list[Payload]) -> None:
    with pytest.raises(Corrupt, match="lists other files"):
        verify(made(), there)


@pytest.mark.parametrize("name", TAG_FILES)
def test_a_changed_tag_file_is_found(name: str) -> None:
    files = made()
    files[name] = files[name].replace(b"a", b"b", 1)
    with pytest.raises(Corrupt):
        verify(files, [ONE, TWO])


def test_a_bag_of_another_version_is_not_guessed_at() -> None:
    files = made()
    files["bagit.txt"] = b"BagIt-Version: 2.0\n"
    listed = read_manifest(files[TAG_MANIFEST]) | {"bagit.txt": hashlib.sha256(files["bagit.txt"]).hexdigest()}
    files[TAG_MANIFEST] = "".join(f"{digest}  {name}\n" for name, digest in listed.items()).encode()
    with pytest.raises(Corrupt, match="version"):
        verify(files, [ONE, TWO])


@pytest.mark.parametrize("body", [b"\xff", b"nonsense\n", b"a" * 64 + b" data/x\n", (b"a" * 64 + b"  data/x\n") * 2])
def test_what_is_no_manifest_is_not_read(body: bytes) -> None:
    with pytest.raises(Corrupt):
        read_manifest(body)


def test_the_package_of_a_filing_is_a_whole_bag_and_lists_every_byte_of_it() -> None:
    filings = InMemoryFilings.begin()
    package = filings.package(filings.handed_over())
    files = {one.name: filings.records.read(one.key) for one in package.objects if one.role == "tag"}
    verify(files, payload(package.objects))
    listed = read_manifest(files[MANIFESTS[1]])
    for one, path in placed(package.objects):
        if path.startswith("data/"):
            assert hashlib.sha512(filings.records.read(one.key)).hexdigest() == listed.pop(path)
    assert listed == {}
