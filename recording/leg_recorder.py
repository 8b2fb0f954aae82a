"""Recording a leg by its name alone: what an API needs, which commands calls that other processes hold."""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol

from calls.identity import ChannelData
from recording.request import RecordingRequest


class LegOrder(StrEnum):
    """What a recording can be told."""

    STOP = "stop"
    PAUSE = "pause"
    RESUME = "resume"


class LegRecorder(Protocol):
    """Records legs of the FreeSWITCH beside this process, over the inbound link. Its methods block a little.

    Raises (both): LegNotRecorded: the leg is gone, FreeSWITCH refused, or cannot be asked.
    """

    def start_on(self, channel: ChannelData, account_id: str, request: RecordingRequest) -> str:
        """Have a leg recorded; return the recording's id once FreeSWITCH records, or will when it is time.

        Args: channel: all that FreeSWITCH says of the leg; account_id: whose recording it is.
        """

    def order_on(
        self, order: LegOrder, uuid: str, account_id: str, *, recording_id: str = "", origin: str = ""
    ) -> bool:
        """Tell recordings of a leg something, whichever processes look after them.

        Args: account_id: of nobody else; recording_id: that one, whatever began it; origin: without an id,
        all whose request has this origin. Returns: whether any was there to obey.
        """
