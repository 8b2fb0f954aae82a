"""What tests of the outbox share: a clock that is told the time, media without a file, an outbox."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from storage.destination import Media, Target
from storage.outbox import Outbox
from storage.outbox_backoff import Backoff

LEASE_S = 60.0
OWNER = "elsewhere[1]:1:x"
OTHER = "elsewhere[1]:2:x"


class Clock:
    """Says what it was told."""

    def __init__(self, now: float = 1_700_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        """The time."""
        return self.now

    def pass_s(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds


def media(path: Path = Path("/nowhere/a.mp3"), name: str = "a.mp3") -> Media:
    """Media as a row: nobody reads it in these tests."""
    return Media(path, "audio/mpeg", 1000, "0" * 64, name)


def to(host: str, **parameters: Any) -> Target:
    """A target of kind http at a host."""
    return Target("http", {"url": f"http://{host}/in", **parameters})


def enqueue(outbox: Outbox, *targets: Target, recording_id: str = "", **options: Any) -> str:
    """Queue a recording for targets (one at a.test when none are given) and return its id."""
    recording_id = recording_id or uuid.uuid4().hex
    facts = {"media": media(), "metadata": {"_id": f"202611-{recording_id}"}, "account_id": "acc", **options}
    outbox.enqueue(targets=targets or (to("a.test"),), recording_id=recording_id, **facts)
    return recording_id


@contextmanager
def opened(path: Path, clock: Clock | None = None, **backoff: float) -> Iterator[Outbox]:
    """An outbox with pauses of exactly 10, 20, 40 ... s."""
    exact = {"base_s": 10.0, "cap_s": 3600.0, "give_up_s": 86400.0, "least_attempts": 1}
    pauses = Backoff(**{**exact, **backoff})  # type: ignore[arg-type]
    outbox = Outbox(path, backoff=pauses, clock=clock or Clock(), chance=lambda: 1.0)
    yield outbox
    outbox.close()
