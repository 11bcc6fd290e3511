"""The debug log: one JSON line per happening. Ids, codes and field names only; never bodies, tokens or people's names.

The record of what happened is the register, not this. `gauge` writes a figure that CloudWatch reads out of the log (embedded
metric format), for the alarms of `infra/template.yaml`.
"""

import json
import sys
from datetime import UTC, datetime


def log(event: str, **fields: str | int | bool | None) -> None:
    """Write one line, e.g. `log("entry-published", stream="FILING#…", seq=3)`."""
    line = {"at": datetime.now(UTC).isoformat(timespec="milliseconds"), "event": event, **fields}
    sys.stderr.write(json.dumps(line, ensure_ascii=True) + "\n")


def gauge(name: str, value: float, *, unit: str, stage: str, at: datetime) -> None:
    """Write one figure: CloudWatch namespace `Tra`, dimension `Stage`."""
    metric = {"Namespace": "Tra", "Dimensions": [["Stage"]], "Metrics": [{"Name": name, "Unit": unit}]}
    line = {
        "_aws": {"Timestamp": int(at.timestamp() * 1000), "CloudWatchMetrics": [metric]},
        "Stage": stage,
        name: value,
    }
    sys.stdout.write(json.dumps(line) + "\n")
