"""The process that looks at signatures: bounds itself, looks at one file, says what it saw, ends.

`python -m chalicelib.signing.incoming.child PATH TASK`, where TASK is `{"roots": PEM, "at": …, "memory": …, "seconds": …,
"written": …}`. It is started by screening, whose cell has the same rules: it says `ready` once its limits stand and its readers
are loaded, and one line of JSON when it is done. It fetches nothing, has no credentials, and no time to waste.
"""

import json
import resource
import sys
from datetime import datetime
from pathlib import Path
from typing import Any


def main(path: Path, task: dict[str, Any]) -> str:
    """What `look` says, as JSON."""
    bound(task)
    from chalicelib.signing.incoming.look import look

    _load()
    roots = _certificates(str(task["roots"]))
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    return json.dumps(look(path, roots, datetime.fromisoformat(str(task["at"]))))


def bound(task: dict[str, Any]) -> None:
    """Bound this process, by what it was told."""
    for what, limit in (
        (resource.RLIMIT_AS, task["memory"]),
        (resource.RLIMIT_CPU, task["seconds"]),
        (resource.RLIMIT_FSIZE, task["written"]),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 64),
    ):
        resource.setrlimit(what, (int(limit), int(limit)))


def _load() -> None:
    """What takes long and is none of the file's doing: before `ready`."""
    import pyhanko.sign.validation  # noqa: F401


def _certificates(pem: str) -> list[bytes]:
    from asn1crypto import pem as armour

    return [der for _, _, der in armour.unarmor(pem.encode(), multiple=True)] if pem else []


if __name__ == "__main__":
    sys.stdout.write(main(Path(sys.argv[1]), json.loads(sys.argv[2])))
    sys.stdout.flush()
