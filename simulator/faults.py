"""What goes wrong in a call: everything a real FreeSWITCH, disk or network does to its controller.

{"unwritable": true, "missing_applications": ["speak"], "missing_formats": ["mp3"],
 "vanish_recordings": true, "truncate_recordings": 0.5, "disk_holds": 100000, "stall_recordings_at": 2.0,
 "lose_events": ["RECORD_STOP"],
 "cut_socket_at": 3.0, "die_at": 5.0, "garbage_at": 1.0, "chunk": 1,
 "reply_delay": 0.2, "completion_delay": 0.5, "early_notice": true}
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from simulator.reading import Reader

_KEYS = {
    "unwritable",
    "missing_applications",
    "missing_formats",
    "vanish_recordings",
    "truncate_recordings",
    "disk_holds",
    "stall_recordings_at",
    "lose_events",
    "cut_socket_at",
    "die_at",
    "garbage_at",
    "chunk",
    "reply_delay",
    "completion_delay",
    "early_notice",
}


@dataclass(frozen=True, slots=True)
class Faults:
    """Faults of one call; everything off by default.

    Attributes:
        unwritable: no recording can be opened.
        missing_applications, missing_formats: names of applications, extensions no module provides.
        vanish_recordings: the file is gone when RECORD_STOP is sent.
        truncate_recordings: fraction of the file that survives; 1 is all of it.
        disk_holds_bytes: what fits on the disk of each recording.
        stall_recordings_at_s: from then on nothing more reaches the files; they are finished all the same.
        lose_events: names of events the controller never gets.
        cut_socket_at_s: the outbound connection breaks then, without a notice.
        die_at_s: the whole switch dies: every socket closed, files left as a crash leaves them.
        garbage_at_s: bytes that are no event-socket message are sent then.
        chunk: everything is sent in pieces of that many bytes; 0 sends whole.
        reply_delay_s: before each reply; completion_delay_s: before each CHANNEL_EXECUTE_COMPLETE.
        early_notice: the disconnect notice overtakes the last events of the channel.
    """

    unwritable: bool = False
    missing_applications: frozenset[str] = frozenset()
    missing_formats: frozenset[str] = frozenset()
    vanish_recordings: bool = False
    truncate_recordings: float = 1.0
    disk_holds_bytes: int | None = None
    stall_recordings_at_s: float | None = None
    lose_events: frozenset[str] = frozenset()
    cut_socket_at_s: float | None = None
    die_at_s: float | None = None
    garbage_at_s: float | None = None
    chunk: int = 0
    reply_delay_s: float = 0.0
    completion_delay_s: float = 0.0
    early_notice: bool = False


def read_faults(reader: Reader, document: Any) -> Faults:
    """Validate the `faults` table of a script; what is wrong is noted at the reader."""
    table = reader.table(document, "faults", _KEYS)

    def moment(key: str) -> float | None:
        return reader.number(table, key, 0.0, under="faults") if key in table else None

    return Faults(
        unwritable=reader.flag(table, "unwritable", under="faults"),
        missing_applications=_names(reader, table, "missing_applications"),
        missing_formats=frozenset(name.lstrip(".") for name in _names(reader, table, "missing_formats")),
        vanish_recordings=reader.flag(table, "vanish_recordings", under="faults"),
        truncate_recordings=reader.number(table, "truncate_recordings", 1.0, under="faults", high=1.0),
        disk_holds_bytes=_bytes(reader, table, "disk_holds"),
        stall_recordings_at_s=moment("stall_recordings_at"),
        lose_events=_names(reader, table, "lose_events"),
        cut_socket_at_s=moment("cut_socket_at"),
        die_at_s=moment("die_at"),
        garbage_at_s=moment("garbage_at"),
        chunk=int(reader.number(table, "chunk", 0, under="faults", high=65_536)),
        reply_delay_s=reader.number(table, "reply_delay", 0.0, under="faults", high=3600),
        completion_delay_s=reader.number(table, "completion_delay", 0.0, under="faults", high=3600),
        early_notice=reader.flag(table, "early_notice", under="faults"),
    )


def _bytes(reader: Reader, table: dict[str, Any], key: str) -> int | None:
    return int(reader.number(table, key, 0, under="faults", high=1e12)) if key in table else None


def _names(reader: Reader, table: dict[str, Any], key: str) -> frozenset[str]:
    names = set()
    for number, name in enumerate(reader.items(table.get(key, []), f"faults.{key}")):
        if isinstance(name, str) and name:
            names.add(name)
        else:
            reader.fault(f"faults.{key}[{number}]", "must be a name")
    return frozenset(names)
