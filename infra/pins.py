"""Work out every requirements file anew from its `.in` file: the newest allowed versions, with the hashes of all their files.

The base comes first, since the layers are bound to its versions. No address of a package index is written into the files.
"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = (
    (".", "requirements"),
    ("infra/layers/handover", "requirements"),
    ("infra/layers/screening", "requirements"),
    ("infra/layers/sealing", "requirements"),
    ("infra/consumer", "requirements"),
    ("infra/ipas", "requirements"),
    ("infra/local", "requirements"),
    ("infra/judges", "requirements"),
    (".", "requirements-dev"),
)
OPTIONS = (
    *("--quiet", "--upgrade", "--generate-hashes", "--strip-extras", "--allow-unsafe", "--no-header"),
    *("--no-emit-index-url", "--no-emit-find-links", "--no-emit-trusted-host"),
)


def main() -> int:
    """Pin all."""
    program = Path(sys.executable).parent / "pip-compile"
    for folder, name in FOLDERS:
        (ROOT / folder / f"{name}.txt").unlink(missing_ok=True)  # old pins would be preferred, even over their parents
        command = [str(program), *OPTIONS, "-o", f"{name}.txt", f"{name}.in"]
        subprocess.run(command, cwd=ROOT / folder, check=True)  # noqa: S603 - our own environment's program
    return 0


if __name__ == "__main__":
    sys.exit(main())
