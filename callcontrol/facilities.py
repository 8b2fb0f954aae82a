"""What all commands and pages share; whatever they need of the house is asked for here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from callcontrol.call_control_id import CallControlIds
from callcontrol.channel import Switches
from callcontrol.connections import Connections
from callcontrol.playing_media import SoundFinder
from callcontrol.webhooks import Webhooks
from recording.leg_recorder import LegRecorder
from recording.parameters import AccountsConfiguration


class RecordingLinks(Protocol):
    """URLs under which people and programs get recordings (recording.link.Links)."""

    @property
    def lifetime_s(self) -> float:
        """How long a URL works, unless its maker says otherwise."""

    def url(
        self,
        recording_id: str,
        extension: str,
        lifetime_s: float | None = None,
        *,
        place: str = "",
        asked_by: str = "",
    ) -> str:
        """Return a URL that works from now on until it expires, "" when no page of ours can be reached.

        Args: place: `<database>/<id>` of its document; asked_by: who it is given to.
        """


@dataclass(frozen=True, slots=True)
class Facilities:
    """Attributes: config: system_config, with what accounts have over it; ids: makes and reads call control
    ids; switches: the FreeSWITCHes that are reached; connections: where webhooks go; webhooks: sends them;
    recorder: records legs that others may hold; node: the FreeSWITCH beside this process, whose files are on
    this host; sounds: finds what is to be played.
    """

    config: AccountsConfiguration
    ids: CallControlIds
    switches: Switches
    connections: Connections
    webhooks: Webhooks
    recorder: LegRecorder
    links: RecordingLinks
    node: str
    sounds: SoundFinder
