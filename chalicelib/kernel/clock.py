"""Time: aware UTC inside, text with milliseconds in records, local only at the edges."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

Clock = Callable[[], datetime]

PATTERN = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z$"  # in some engines \d is any digit


def system_clock() -> datetime:
    """Now, in UTC, cut to the millisecond (what records keep)."""
    return to_millisecond(datetime.now(UTC))


def to_millisecond(moment: datetime) -> datetime:
    """`moment` in UTC without what is finer than a millisecond."""
    moment = moment.astimezone(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def stamp(moment: datetime) -> str:
    """RFC 3339 in UTC with milliseconds: `2026-11-25T02:33:30.123Z`. Sorts as it runs."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def parse_stamp(text: str) -> datetime:
    """The moment a `stamp` names. ValueError if it is none."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)


def local(moment: datetime, zone: str) -> datetime:
    """The same moment on the wall clock of `zone` (IANA name)."""
    return moment.astimezone(ZoneInfo(zone))


def months_after(day: date, months: int) -> date:
    """The same day of the month `months` later, or that month's last day (PCT Rule 80.2)."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    for last in (day.day, 30, 29, 28):
        if last <= day.day:
            try:
                return date(year, month + 1, last)
            except ValueError:
                continue
    raise AssertionError("every month has 28 days")
