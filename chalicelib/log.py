"""The debug log: one JSON line per happening. Ids, codes and field names only; never bodies, tokens or people's names.

The record of what happened is the register, not this.
"""

import json
import sys
from datetime import UTC, datetime


def log(event: str, **fields: str | int | bool | None) -> None:
    """Write one line, e.g. `log("entry-published", stream="FILING#…", seq=3)`."""
    line = {"at": datetime.now(UTC).isoformat(timespec="milliseconds"), "event": event, **fields}
    sys.stderr.write(json.dumps(line, ensure_ascii=True) + "\n")
