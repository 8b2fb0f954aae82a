"""Judges answers of HTTP servers that did not take a file: final, or worth another attempt.

408, 425, 429 and 5xx are worth one, and a Retry-After is passed on; other answers are final.
Source: RFC 9110 sections 10.2.3 and 15.
"""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from storage.errors import DeliveryFailed
from storage.guarded_http import Reply

RETRYABLE = frozenset((408, 425, 429))
MAX_TOLD_CHARS = 200


def refused(reply: Reply, told: str | None = None, *, retryable: bool = False) -> DeliveryFailed:
    """Return what an answer means for the delivery.

    Args: told: what it says, where that stands somewhere in its body; None for the body's beginning;
    retryable: whether it is worth another attempt although its status does not say so.
    """
    said = reply.body[:MAX_TOLD_CHARS].decode(errors="replace") if told is None else told[:MAX_TOLD_CHARS]
    said = "".join(c if c.isprintable() else " " for c in said).strip()
    reason = f"answered {reply.status} {reply.reason}".strip()
    return DeliveryFailed(
        f"{reason}: {said}" if said else reason,
        retryable=retryable or reply.status in RETRYABLE or reply.status >= 500,
        status=reply.status,
        retry_after_s=retry_after_s(reply.headers.get("retry-after", ""), datetime.now(UTC)),
    )


def retry_after_s(text: str, now: datetime) -> float | None:
    """Read a Retry-After header: seconds, or a date; None when there is none that makes sense."""
    text = text.strip()
    if text.isascii() and text.isdigit() and len(text) < 10:
        return float(text)
    try:
        date = parsedate_to_datetime(text)
    except ValueError:
        return None
    date = date if date.tzinfo else date.replace(tzinfo=UTC)
    return max(0.0, (date - now).total_seconds())
