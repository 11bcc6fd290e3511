"""Names are hostile: whatever a filer calls a file, it lies in its place, under a short name with the right ending."""

import string

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chalicelib.kernel.digest import canonical
from chalicelib.registry.layout import ENDINGS, MAX_NAME, clean_name, dossier, folder_name, read_package
from chalicelib.registry.model import Dossier, Package, Unreadable
from tests.unit.registry.filings import InMemoryFilings

PDF = "application/pdf"


@pytest.mark.parametrize(
    ("name", "media_type", "cleaned"),
    [
        ("drawing.pdf", PDF, "drawing.pdf"),
        ("Drawing.PDF", PDF, "Drawing.pdf"),
        ("រូបភាព កៅអី.pdf", PDF, "រូបភាព កៅអី.pdf"),
        ("../../etc/passwd", PDF, "passwd.pdf"),
        ("/etc/passwd", PDF, "passwd.pdf"),
        ("C:\\Windows\\system32\\cmd.exe", PDF, "cmd.exe.pdf"),
        ("..", PDF, "file.pdf"),
        (".", PDF, "file.pdf"),
        ("", PDF, "file.pdf"),
        (".pdf", PDF, "file.pdf"),
        (".bashrc", PDF, "bashrc.pdf"),
        ("nul\x00byte.pdf", PDF, "nul byte.pdf"),
        ("photo\u202efdp.exe", "image/jpeg", "photo fdp.exe.jpg"),
        ("photo.JPEG", "image/jpeg", "photo.jpeg"),
        ('a:b*c?"d<e>f|g~1.png', "image/png", "a_b_c__d_e_f_g_1.png"),
        ("trailing. . .", PDF, "trailing.pdf"),
        ("new\nline.pdf", PDF, "new line.pdf"),
        ("notes", "application/x-unheard-of", "notes.bin"),
    ],
)
def test_a_name_becomes_harmless(name: str, media_type: str, cleaned: str) -> None:
    assert clean_name(name, media_type) == cleaned


NASTY = st.text(
    st.one_of(
        st.sampled_from("/\\.:~ \x00\n\u202e\u200b\u17d2\u200d៛ក្𝕏é\u0301*?|<>\"'" + string.ascii_letters),
        st.characters(codec="utf-8"),
    ),
    max_size=300,
)


@given(name=NASTY, media_type=st.sampled_from([*ENDINGS, "application/x-other"]))
@example(name="ខ្មែរ" * 800, media_type=PDF)
@example(name="x" * 4_000 + ".pdf", media_type=PDF)
@example(name="CON", media_type=PDF)
@example(name="../" * 1_300 + "a", media_type=PDF)
def test_no_name_can_leave_its_folder_hide_or_grow_too_long(name: str, media_type: str) -> None:
    cleaned = clean_name(name, media_type)
    assert len(cleaned.encode()) <= MAX_NAME
    assert not set(cleaned) & set('/\\:*?"<>|~\x00\n\r')
    assert cleaned.endswith(ENDINGS.get(media_type, (".bin",)))
    assert cleaned == cleaned.strip(" ")
    assert not cleaned.startswith(".")


def laid(names: list[str]) -> Dossier:
    """The plan for a filing with files of these names."""
    filings = InMemoryFilings.begin()
    stream = filings.handed_over(tuple((name, f"%PDF {seq}".encode()) for seq, name in enumerate(names)))
    package = filings.package(stream)
    return dossier(package, package.to_bytes(), lambda one: filings.records.chunks(one.key, one.version))


def test_the_layout_is_as_documented_and_files_of_one_name_are_numbered() -> None:
    plan = laid(["same.pdf", "same.pdf", "SAME.pdf", "CON"])
    assert plan.name == "KH-D-2026-1"
    assert [part.path for part in plan.parts] == [
        "package.json", "data/form.json", "data/manifest.json", "data/receipt.json", "data/receipt.json.p7s",
        "data/files/01-same.pdf", "data/files/02-same.pdf", "data/files/03-SAME.pdf", "data/files/04-CON.pdf",
        "data/letters/acknowledgement.pdf", "data/st96/bibliographic-data.xml", "data/edms.json", "bagit.txt", "bag-info.txt",
        "manifest-sha256.txt", "manifest-sha512.txt", "tagmanifest-sha256.txt", "tagmanifest-sha256.txt.p7s",
    ]  # fmt: skip


def test_many_files_keep_their_order() -> None:
    plan = laid([f"{number}.pdf" for number in range(12)])
    files = [part.path for part in plan.parts if part.path.startswith("data/files/")]
    assert files == sorted(files)


@pytest.mark.parametrize(
    ("number", "folder"),
    [("KH/D/2026/10", "KH-D-2026-10"), ("A/../../B", "A-..-..-B"), ("A..", "A"), ("NUL", "_NUL"), ("CON.X", "_CON.X")],
)
def test_a_number_becomes_one_folder(number: str, folder: str) -> None:
    assert folder_name(number) == folder


def package() -> Package:
    """A sound package."""
    filings = InMemoryFilings.begin()
    return filings.package(filings.handed_over())


@pytest.mark.parametrize("missing", range(15))
def test_a_package_without_a_paper_or_letter_is_refused_and_without_a_file_is_not(missing: int) -> None:
    whole = package()
    less = whole.model_copy(update={"objects": whole.objects[:missing] + whole.objects[missing + 1 :]})
    if whole.objects[missing].role in {"file", "st96"}:
        assert len(read_package(less.to_bytes()).objects) == 14
    else:
        with pytest.raises(Unreadable):
            read_package(less.to_bytes())


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"schema":1,"schema":2}', b"\xff", b"1.5"])
def test_what_is_no_package_is_refused(body: bytes) -> None:
    with pytest.raises(Unreadable):
        read_package(body)


def test_what_a_later_minor_version_adds_is_accepted() -> None:
    whole = package()
    assert read_package(canonical(whole.to_json() | {"colour": "blue"})) == whole


def test_two_letters_in_one_place_are_refused() -> None:
    whole = package()
    twice = whole.model_copy(update={"objects": (*whole.objects, whole.objects[6])})
    with pytest.raises(Unreadable, match="one place"):
        dossier(twice, twice.to_bytes(), lambda _: ())
