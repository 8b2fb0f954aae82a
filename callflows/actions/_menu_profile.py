"""What a menu document says, every value in it optional and none of them trusted.

Source: Kazoo cf_menu:get_menu_profile (defaults as in its code, which for `hunt` is false while the
published schema says true; reference section 2.1).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

MAX_DIGITS = 64
"""Nobody dials a longer extension, and no callflow has a longer number."""

MAX_RETRIES = 100
MAX_TIMEOUT_MS = 3_600_000

Media = bool | str
"""True for the stock prompt, False for silence, else a media document of the account."""


@dataclass(frozen=True, slots=True)
class MenuProfile:
    """One menu. Attributes as in the document; `doc_id` "" when there is no such document."""

    doc_id: str = ""
    name: str = ""
    retries: int = 3
    timeout_ms: int = 10_000
    interdigit_timeout_ms: int = 2000
    max_digits: int = 4
    is_hunting: bool = False
    hunt_allow: str = ""
    hunt_deny: str = ""
    record_pin: str = ""
    may_record_from_offnet: bool = False
    greeting: str = ""
    exit_media: Media = True
    transfer_media: Media = True
    invalid_media: Media = True


def read_profile(
    document: Mapping[str, Any] | None, node_interdigit_ms: int | None, default_interdigit_ms: int
) -> MenuProfile:
    """Read a menu document; a value that cannot be used counts as absent.

    Args: document: None for all defaults; node_interdigit_ms: of the node's data, for menus that say
    nothing; default_interdigit_ms: for when neither does.
    """
    document = document or {}
    media = document.get("media")
    media = media if isinstance(media, Mapping) else {}
    defaults = MenuProfile()
    interdigit_ms = node_interdigit_ms or default_interdigit_ms
    doc_id = _text(document.get("_id"))
    return MenuProfile(
        doc_id=doc_id,
        name=_text(document.get("name")) or doc_id,
        retries=_whole(document.get("retries"), defaults.retries, 0, MAX_RETRIES),
        timeout_ms=_whole(document.get("timeout"), defaults.timeout_ms, 0, MAX_TIMEOUT_MS),
        interdigit_timeout_ms=_whole(document.get("interdigit_timeout"), interdigit_ms, 0, MAX_TIMEOUT_MS),
        max_digits=_whole(document.get("max_extension_length"), defaults.max_digits, 1, MAX_DIGITS),
        is_hunting=_is_true(document.get("hunt")),
        hunt_allow=_text(document.get("hunt_allow")),
        hunt_deny=_text(document.get("hunt_deny")),
        record_pin=_text(document.get("record_pin")),
        may_record_from_offnet=_is_true(document.get("allow_record_from_offnet")),
        greeting=_text(media.get("greeting")),
        exit_media=_media(media.get("exit_media")),
        transfer_media=_media(media.get("transfer_media")),
        invalid_media=_media(media.get("invalid_media")),
    )


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _is_true(value: Any) -> bool:
    return value is True or value == "true"


def _whole(value: Any, default: int, low: int, high: int) -> int:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        return default
    return min(max(value, low), high)


def _media(value: Any) -> Media:
    if value is False or value == "false":
        return False
    return value if isinstance(value, str) and value not in ("", "true") else True
