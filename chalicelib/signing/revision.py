"""A revision put after a PDF as typst draws it, byte by byte (ISO 32000-1 section 7.5.6): nothing before it is changed, and
nothing that does not matter is read. A general library takes 20 ms for what is done here in one.

typst writes a single revision: plain objects, a classic table of their places, a trailer. `Drawn` reads that and refuses the
rest (`NotDrawn`): these are the office's own letters a moment after they were drawn, never what somebody else sent.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise

_NAME = rb"/[^\0\t\n\f\r ()<>\[\]{}/%]*"
_TOKEN = re.compile(rb"[\0\t\n\f\r ]*(<<|>>|\[|\]|\(|<[0-9A-Fa-f\s]*>|" + _NAME + rb"|[^\0\t\n\f\r ()<>\[\]{}/%]+)")
_REST_OF_REFERENCE = re.compile(rb" \d+ R(?![0-9A-Za-z])")
_REFERENCE = re.compile(rb"(\d+) 0 R(?![0-9A-Za-z])")
_IN_STRING = re.compile(rb"\\.|[()]", re.DOTALL)
_ENTRY = 20  # bytes of a place in the table
_STREAM = b"\nstream\n"

Entries = dict[bytes, bytes]  # a dictionary: name → value, both as they are written


class NotDrawn(ValueError):
    """Not a PDF in one revision as typst draws it."""


@dataclass(frozen=True)
class Drawn:
    """A PDF as drawn: where its objects stand, and its trailer."""

    pdf: bytes
    table: int
    places: Mapping[int, tuple[int, int]]  # number → start and end
    trailer: Entries

    @classmethod
    def read(cls, pdf: bytes) -> "Drawn":
        """NotDrawn for anything else, what was sealed already among it."""
        tail = pdf.rfind(b"startxref")
        found = re.fullmatch(rb"startxref\s+(\d+)\s+%%EOF\s*", pdf[tail:]) if tail > 0 else None
        table = int(found[1]) if found else len(pdf)
        head = re.compile(rb"xref\n0 (\d+)\n").match(pdf, table)
        if head is None:
            raise NotDrawn("no table of objects where one should be")
        count, first = int(head[1]), head.end()
        end = first + _ENTRY * count
        said = re.compile(rb"trailer\s*").match(pdf, end)
        trailer = entries(pdf, said.end()) if said else {}
        if b"/Root" not in trailer or b"/Prev" in trailer or b"/Encrypt" in trailer:
            raise NotDrawn("more or less than one plain revision")
        rows = [pdf[at : at + _ENTRY] for at in range(first, end, _ENTRY)]
        starts = {number: int(row[:10]) for number, row in enumerate(rows) if row[17:18] == b"n"}
        ordered = sorted((*starts.values(), table))
        following = dict(pairwise(ordered))
        return cls(pdf, table, {number: (start, following[start]) for number, start in starts.items()}, trailer)

    def body(self, number: int) -> bytes:
        """What is between `obj` and `endobj`. NotDrawn if it does not stand where the table says."""
        start, end = self.places.get(number, (0, 0))
        whole, head = self.pdf[start:end].rstrip(), b"%d 0 obj\n" % number
        if not (whole.startswith(head) and whole.endswith(b"\nendobj")):
            raise NotDrawn(f"object {number} does not stand where the table says")
        return whole[len(head) : -len(b"\nendobj")]

    def entries(self, number: int) -> Entries:
        """The dictionary that an object is."""
        return entries(self.body(number))

    @property
    def root(self) -> int:
        """The number of the catalog."""
        return number_of(self.trailer[b"/Root"])

    @property
    def last_page(self) -> int:
        """The number of the last page."""
        at = number_of(self.entries(self.root)[b"/Pages"])
        while b"/Kids" in (node := self.entries(at)):
            at = number_of(values(node[b"/Kids"])[-1])
        return at


@dataclass
class Revision:
    """Objects that are added or changed, and the table of them."""

    before: Drawn
    objects: dict[int, bytes] = field(default_factory=dict)

    @property
    def _size(self) -> int:
        return int(self.before.trailer[b"/Size"])

    def reserve(self) -> int:
        """A number for an object that is put later."""
        number = self._size + sum(one >= self._size for one in self.objects)
        self.objects[number] = b"null"
        return number

    def put(self, number: int, body: bytes | Entries) -> None:
        """The new body of an object."""
        self.objects[number] = body if isinstance(body, bytes) else written(body)

    def add(self, body: bytes | Entries) -> int:
        """A new object. Answers its number."""
        number = self.reserve()
        self.put(number, body)
        return number

    def copied(self, source: Drawn, value: bytes, known: dict[int, int]) -> bytes:
        """A value of another file, with all that it refers to copied here. `known`: numbers there → numbers here."""
        return _REFERENCE.sub(lambda found: b"%d 0 R" % self._copy(source, int(found[1]), known), value)

    def _copy(self, source: Drawn, number: int, known: dict[int, int]) -> int:
        if number not in known:
            known[number] = self.reserve()
            head, stream, data = source.body(number).partition(_STREAM)
            self.put(known[number], self.copied(source, head, known) + stream + data)
        return known[number]

    def whole(self, second_id: bytes) -> bytes:
        """The file with this revision at its end; objects in the order in which they were put."""
        parts = [self.before.pdf, b"" if self.before.pdf.endswith(b"\n") else b"\n"]
        at, places = sum(map(len, parts)), {}
        for number, body in self.objects.items():
            places[number] = at
            parts.append(b"%d 0 obj\n%b\nendobj\n" % (number, body))
            at += len(parts[-1])
        first, _ = values(self.before.trailer[b"/ID"])
        trailer = self.before.trailer | {
            b"/Size": b"%d" % max(self._size, max(places) + 1),
            b"/ID": b"[%b<%b>]" % (first, second_id.hex().encode()),
            b"/Prev": b"%d" % self.before.table,
        }
        parts += [b"xref\n0 1\n0000000000 65535 f \n", *_sections(places)]
        parts.append(b"trailer\n%b\nstartxref\n%d\n%%%%EOF\n" % (written(trailer), at))
        return b"".join(parts)


def _sections(places: Mapping[int, int]) -> Iterator[bytes]:
    """The table: a section for each run of numbers."""
    numbers = sorted(places)
    starts = [number for number in numbers if number - 1 not in places]
    for start in starts:
        end = next(number for number in range(start, numbers[-1] + 2) if number not in places)
        yield b"%d %d\n" % (start, end - start)
        yield from (b"%010d 00000 n \n" % places[number] for number in range(start, end))


def entries(data: bytes, at: int = 0) -> Entries:
    """The dictionary that begins at `at`. NotDrawn if none does."""
    at, token = _token(data, at)
    if token != b"<<":
        raise NotDrawn("not a dictionary")
    found: Entries = {}
    while True:
        at, name = _token(data, at)
        if name == b">>":
            return found
        end = _end(data, at)
        found[name] = data[at:end].strip()
        at = end


def values(array: bytes) -> list[bytes]:
    """The values in an array. NotDrawn if it is none."""
    at, token = _token(array, 0)
    if token != b"[":
        raise NotDrawn("not an array")
    found = []
    while _token(array, at)[1] != b"]":
        end = _end(array, at)
        found.append(array[at:end].strip())
        at = end
    return found


def written(dictionary: Entries) -> bytes:
    """A dictionary as it is written."""
    return b"<<" + b"".join(b"%b %b" % one for one in dictionary.items()) + b">>"


def number_of(reference: bytes) -> int:
    """The object that `12 0 R` means. NotDrawn if it is no reference."""
    found = _REFERENCE.fullmatch(reference.strip())
    if found is None:
        raise NotDrawn("not a reference")
    return int(found[1])


def text(said: str) -> bytes:
    """A text string (section 7.9.2.2): as it is where that is plain, else UTF-16."""
    if said.isascii() and said.isprintable():
        return b"(" + re.sub(rb"[()\\]", rb"\\\g<0>", said.encode("ascii")) + b")"
    return b"<FEFF" + said.encode("utf-16-be").hex().upper().encode() + b">"


def _token(data: bytes, at: int) -> tuple[int, bytes]:
    found = _TOKEN.match(data, at)
    if found is None:
        raise NotDrawn("cut short")
    return found.end(), found[1]


def _end(data: bytes, at: int) -> int:
    """Where the value that begins at `at` ends."""
    at, token = _token(data, at)
    if token in (b"<<", b"["):
        closing = b">>" if token == b"<<" else b"]"
        while _token(data, at)[1] != closing:
            at = _end(data, at)
        return _token(data, at)[0]
    if token == b"(":
        depth = 1
        for found in _IN_STRING.finditer(data, at):
            depth += {b"(": 1, b")": -1}.get(found[0], 0)
            if not depth:
                return found.end()
        raise NotDrawn("cut short")
    reference = _REST_OF_REFERENCE.match(data, at)
    return reference.end() if reference and token.isdigit() else at
