"""A real PostgreSQL server of this run, in a folder of its own, on a socket only. Missing programs fail: nothing is skipped.

`initdb` refuses to run as root; then the account `postgres`, which the package makes, runs it.
"""

import getpass
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

MISSING = "PostgreSQL's server is not installed: apt-get install postgresql (see CONTRIBUTING.md)"
USER = "tra"


def program(name: str) -> str:
    """Where a program of the server lies: on the path, or where Debian puts it."""
    found = shutil.which(name) or next((str(path) for path in sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))), None)
    if found is None:
        raise RuntimeError(MISSING)
    return found


@contextmanager
def server() -> Iterator[str]:
    """A running server; gives the folder of its socket. Its database `postgres` belongs to the user `tra`."""
    initdb, pg_ctl = program("initdb"), program("pg_ctl")
    with tempfile.TemporaryDirectory(prefix="tra-pg-", ignore_cleanup_errors=True) as name:
        folder, data = Path(name), Path(name) / "data"
        demote = None
        if getpass.getuser() == "root" or os.geteuid() == 0:
            demote = pwd.getpwnam("postgres")
            os.chown(folder, demote.pw_uid, demote.pw_gid)

        def run(*command: str) -> None:
            who: dict[str, Any] = {} if demote is None else {"user": demote.pw_uid, "group": demote.pw_gid, "extra_groups": []}
            done = subprocess.run(  # noqa: S603 - the server's own programs
                command, cwd=folder, capture_output=True, text=True, check=False, env={"PATH": os.environ["PATH"]}, **who
            )
            if done.returncode:
                raise RuntimeError(f"{command[0]}: {done.stdout}{done.stderr}")

        run(initdb, "-D", str(data), "-U", USER, "--auth=trust", "--encoding=UTF8", "--no-locale", "--no-sync")
        options = f"-k {folder} -c listen_addresses='' -c fsync=off"
        run(pg_ctl, "-D", str(data), "-w", "-l", str(folder / "log"), "-o", options, "start")
        try:
            yield str(folder)
        finally:
            run(pg_ctl, "-D", str(data), "-w", "-m", "immediate", "stop")
