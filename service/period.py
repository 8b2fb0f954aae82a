"""Times on the command line: an ISO date or moment, or how long ago (`2h`, `7d`)."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime

import click

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}

_AGO = re.compile(r"(?P<count>[0-9]{1,9})(?P<unit>[smhdw])\Z")
_MAX_LENGTH = 40

EXPECTED = (
    "a date or time as 2026-11-23 or 2026-11-23T14:05 (UTC unless it says otherwise), or an age as 2h, 7d"
)


def epoch_s(text: str, now_s: float) -> float:
    """Return the moment a text names, in epoch seconds.

    Args: text: an age in s, m, h, d or w; or ISO 8601, a date meaning its first moment, UTC unless it has an
    offset. Raises: ValueError: neither, completing "must be ...".
    """
    ago = _AGO.match(text)
    if ago:
        return now_s - int(ago["count"]) * UNITS[ago["unit"]]
    if len(text) > _MAX_LENGTH or not text[:4].isascii() or not text[:4].isdigit():
        raise ValueError(EXPECTED)
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError) as exc:
        raise ValueError(EXPECTED) from exc


def moment(ctx: click.Context, param: click.Parameter, value: str | None) -> float | None:
    """Read an option's value; for `callback` of click's options. Raises: click.BadParameter."""
    if value is None:
        return None
    try:
        return epoch_s(value, time.time())
    except ValueError as exc:
        raise click.BadParameter(f"must be {exc}", ctx, param) from exc


def shown(epoch: float | None) -> str:
    """Return a time for people, in UTC to the second; "" for none, the number itself where no date fits."""
    if epoch is None:
        return ""
    try:
        return datetime.fromtimestamp(epoch, UTC).isoformat(sep=" ", timespec="seconds")
    except (ValueError, OverflowError, OSError):
        return f"{epoch:.0f}"


def age(seconds: float) -> str:
    """Return a duration for people, in its two largest units (`3d 4h`)."""
    parts: list[str] = []
    left = max(0, int(seconds))
    for unit in ("d", "h", "m", "s"):
        count, left = divmod(left, UNITS[unit])
        if count or (unit == "s" and not parts):
            parts.append(f"{count}{unit}")
    return " ".join(parts[:2])
