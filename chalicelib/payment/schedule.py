"""When to ask the bank next about an attempt whose bell never rang.

After issue: 15 s, 1, 5, 15, 60 minutes, then hourly for a day, then daily, and a last time before the bank's window
(ABA: 7 days) closes. Bells may ask sooner, but never closer together than `MIN_INTERVAL` (payments.md case 79).
"""

from datetime import datetime, timedelta

MIN_INTERVAL = timedelta(seconds=5)
LAST_CALL = timedelta(hours=6)  # before the window closes

_FIRST = tuple(timedelta(seconds=seconds) for seconds in (15, 60, 300, 900, 3600))
_HOURLY = tuple(timedelta(hours=hours) for hours in range(2, 25))


def next_question(issued_at: datetime, now: datetime, *, window_days: int) -> datetime | None:
    """The first planned time after `now`; None once the window's last call has passed (then: the statement)."""
    last = timedelta(days=window_days) - LAST_CALL
    daily = tuple(timedelta(days=days) for days in range(2, window_days))
    planned = sorted({offset for offset in (*_FIRST, *_HOURLY, *daily, last) if offset <= last})
    return next((issued_at + offset for offset in planned if issued_at + offset > now), None)


def may_ask(last_asked: datetime | None, now: datetime) -> bool:
    """Whether a bell may ask now: one question per attempt and interval, however often it rings."""
    return last_asked is None or now - last_asked >= MIN_INTERVAL
