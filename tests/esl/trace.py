"""The recorded conversations with a real FreeSWITCH, as byte streams and as messages."""

from __future__ import annotations

import json
from pathlib import Path

DIRECTORY = Path(__file__).parents[1] / "data" / "traces"


def names() -> list[str]:
    """The scenarios there are."""
    return sorted(path.stem for path in DIRECTORY.glob("*.jsonl"))


def stream(name: str, direction: str = "in") -> bytes:
    """All bytes of one direction: `in` is FreeSWITCH to controller."""
    lines = (DIRECTORY / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    return b"".join(line["data"].encode() for line in map(json.loads, lines) if line["dir"] == direction)


def messages(data: bytes) -> list[tuple[bytes, bytes]]:
    """Header lines and body of each message, by the plainest reading there is: the decoder's judge."""
    found = []
    while data:
        head, _, data = data.partition(b"\n\n")
        lengths = [line.split(b": ")[1] for line in head.split(b"\n") if line.startswith(b"Content-Length:")]
        length = int(lengths[0]) if lengths else 0
        found.append((head, data[:length]))
        data = data[length:]
    return found
