"""What a method is given: the call it is run for, and everything around it that it may use.

Methods never see a socket, a database or a settings file; whatever they need is asked for here.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from structlog.typing import FilteringBoundLogger

from calls.call import Call
from calls.leg_door import LegDoor
from calls.tap import Tap, Taps
from config.configuration import Configuration, Configured
from recording.call_recorder import CallRecorder, StartedRecording
from storage.address import AddressPolicy
from storage.notice import NewNotice
from swml.callback_envelope import enveloped
from swml.expressions import Expressions
from swml.recognizing import Recognizer

if TYPE_CHECKING:
    from swml.document import Step
    from swml.fetching import Fetcher
    from swml.method import Outcome
    from swml.variables import Variables


class RecordingLinks(Protocol):
    """URLs under which people and programs get recordings (recording.link.Links)."""

    @property
    def lifetime_s(self) -> float:
        """How long a URL works."""

    def url(self, recording_id: str, extension: str) -> str:
        """Return a URL that works from now on until it expires. Args: extension: mp3, mp4 or wav."""

    def recording_of(self, url: str) -> str:
        """Return the recording that one of our own URLs names, "" when it is none of ours or has expired."""

    def path_of(self, recording_id: str, timeout_s: float) -> Path | None:
        """Return the file of a recording on this host once it is complete, None when there is none."""


class Notices(Protocol):
    """Takes what outsiders are to be told, and tells them whatever happens (storage.notice_poster)."""

    def post(self, notice: NewNotice) -> None:
        """Have a notice sent. Never waits, never raises."""


@dataclass(frozen=True, slots=True)
class Facilities:
    """What all scripts share.

    Attributes: media_dir: where FreeSWITCH writes and reads what is not delivered; envs: `${envs.…}`;
    project_id, space_id: as status callbacks name us; node: this engine; addresses: that documents may have
    FreeSWITCH fetch from; taps: all of this process; recognizer: makes words of what callers say; legs: where
    those that this process dials come to be asked.
    """

    config: Configuration
    recorder: CallRecorder
    links: RecordingLinks
    notices: Notices
    fetcher: Fetcher
    media_dir: Path
    node: str = ""
    project_id: str = ""
    space_id: str = ""
    envs: Mapping[str, str] = field(default_factory=dict)
    addresses: AddressPolicy = field(default_factory=AddressPolicy)
    taps: Taps = field(default_factory=lambda: Taps(AddressPolicy()))
    recognizer: Recognizer = field(default_factory=Recognizer)
    legs: LegDoor = field(default_factory=LegDoor)


class ScriptRun:
    """One run of a script on one call.

    Attributes: call; facilities; variables: see swml.variables; session_id: of this script, 36 characters;
    recordings: those of record_call, by control id, the oldest first; recorded: ids of all, in the order they
    were begun; taps: as recordings; at_end: called, in order, when the script is over; nested: runs steps on
    the spot, for methods that must wait for their end.
    """

    __slots__ = (
        "_config",
        "account_id",
        "at_end",
        "call",
        "expressions",
        "facilities",
        "log",
        "nested",
        "recorded",
        "recordings",
        "session_id",
        "taps",
        "variables",
    )

    def __init__(
        self,
        call: Call,
        facilities: Facilities,
        variables: Variables,
        session_id: str,
        nested: Callable[[ScriptRun, tuple[Step, ...]], Outcome],
        expressions: Expressions | None = None,
    ) -> None:
        self.call = call
        self.facilities = facilities
        self.variables = variables
        self.session_id = session_id
        self.account_id = call.account_id
        self.log: FilteringBoundLogger = call.log.bind(swml_session=session_id)
        self.recordings: dict[str, StartedRecording] = {}
        self.recorded: list[str] = []
        self.taps: dict[str, Tap] = {}
        self.at_end: list[Callable[[], object]] = []
        self.nested = nested
        self.expressions = expressions or Expressions()
        self._config: Configured | None = None

    @property
    def project_id(self) -> str:
        """How status callbacks name whose call it is: as the settings have it, else the account."""
        return self.facilities.project_id or self.account_id

    def config(self, category: str, *path: str) -> Any:
        """Return a configuration value in force for the call's account."""
        if self._config is None:
            self._config = self.facilities.config.for_account(self.account_id)
        return self._config.get(category, *path)

    def holds(self, condition: str) -> bool:
        """Whether a condition is true, as JavaScript has it. Raises: ExpressionFailed."""
        return self.expressions.holds(condition, self.variables)

    def expand(self, value: Any) -> Any:
        """Return a value with all variables in it expanded. Raises: ScriptError."""
        return self.expressions.expand(value, self.variables)

    def callback(self, url: str, event_type: str, params: Mapping[str, Any]) -> None:
        """Have a status callback sent, in SWML's envelope; nothing where `url` is empty. Never waits.

        Args: event_type: such as `calling.call.record`; params: its part of the envelope.
        Source: SignalWire's SWML reference, record, status callbacks.
        """
        if not url:
            return
        body = enveloped(
            event_type,
            params,
            session_id=self.session_id,
            project_id=self.project_id,
            space_id=self.facilities.space_id,
            timestamp=time.time(),
        )
        notice = NewNotice(self.session_id, url, body, account_id=self.account_id, kind=event_type)
        self.facilities.notices.post(notice)
