"""What the switch says of recordings, heard on a connection of our own and kept apart from the engine.

Each file gets a second name when its recording begins, so that it is still here when the engine has delivered
and deleted it. It is hashed when the switch says that it is finished, and once more at the end of the run:
what was finished must never change again.
"""

from __future__ import annotations

import hashlib
import os
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from gevent.event import Event

from config.address import Address
from esl.event import Event as EslEvent
from esl.link import Link
from recording import variables
from recording.stop_event import read_stop
from recording.ticket import Ticket
from tests.crash.plan import Moment

EVENTS = ("RECORD_START", "RECORD_STOP")


class Alarm:
    """Wakes whoever waits for a moment of the run."""

    def __init__(self) -> None:
        self._bells = {moment: Event() for moment in Moment}

    def ring(self, moment: Moment) -> None:
        """It is now."""
        self._bells[moment].set()

    def wait(self, moment: Moment, timeout_s: float) -> None:
        """Wait for the next one, at most so long."""
        self._bells[moment].clear()
        self._bells[moment].wait(timeout_s)


@dataclass(slots=True)
class Heard:
    """One recording. `kept`: its file's second name; times: epoch s, 0: not yet; `digest`: at its end."""

    ticket: Ticket
    kept: Path
    began_at_s: float = 0.0
    ended_at_s: float = 0.0
    cause: str = ""
    digest: str = ""
    size: int = 0

    @property
    def id(self) -> str:
        """The recording's id."""
        return self.ticket.name.recording_id

    @property
    def is_finished(self) -> bool:
        """Whether the switch has finished it and left a file."""
        return bool(self.digest)

    def digest_now(self) -> str:
        """Return the digest of the file as it is now."""
        return hashlib.sha256(self.kept.read_bytes()).hexdigest()


@dataclass(slots=True)
class Witness:
    """Everything heard of recordings, by id. `trouble`: what must not happen to a witness."""

    directory: Path
    recordings: dict[str, Heard] = field(default_factory=dict)
    trouble: list[str] = field(default_factory=list)
    alarm: Alarm = field(default_factory=Alarm)

    def hear(self, event: EslEvent) -> None:
        """Take RECORD_START or RECORD_STOP in."""
        ticket = variables.ticket_of(event)
        path = Path(event.get("Record-File-Path") or "")
        if ticket is None or self.directory.parent not in path.parents:
            return
        recording_id = ticket.name.recording_id
        known = self.recordings.get(recording_id)
        if known is None:
            known = self.recordings[recording_id] = Heard(ticket, self.directory / path.name)
            with suppress(FileNotFoundError):  # the switch may have discarded it already
                os.link(path, known.kept)
        if event.get("Event-Name") == "RECORD_START":
            known.began_at_s = time.time()
            self.alarm.ring(Moment.START)
            return
        self.alarm.ring(Moment.STOP)
        stop = read_stop(event)
        known.ended_at_s, known.cause = time.time(), stop.raw_cause
        if stop.is_discarded:
            return
        if not known.kept.exists():
            self.trouble.append(f"{known.id}: the witness was too late for its file")
            return
        known.size = known.kept.stat().st_size
        known.digest = known.digest_now()

    @property
    def running(self) -> int:
        """How many the switch still writes."""
        return sum(not one.ended_at_s for one in self.recordings.values())


class Ear:
    """The witness's connection. `link` takes commands, too; a gap in it spoils the run."""

    def __init__(self, address: Address, password: str, witness: Witness) -> None:
        self.link = Link(
            address.host,
            address.port,
            password,
            events=EVENTS,
            on_event=witness.hear,
            on_gap=lambda since, until: witness.trouble.append(f"the witness heard nothing {since}..{until}"),
            on_up=lambda: None,
        )

    def open(self) -> None:
        """Connect. Raises: RuntimeError."""
        self.link.start()
        if not self.link.wait_up(20):
            raise RuntimeError("no log-in at the switch's event socket")

    def close(self) -> None:
        """Disconnect."""
        self.link.stop()
