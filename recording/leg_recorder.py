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
    """Records legs of the FreeSWITCH beside this process, over the inbound link. Its methods may block."""

    def start_on(self, channel: ChannelData, account_id: str, request: RecordingRequest) -> str:
        """Have a leg recorded; return the recording's id once FreeSWITCH was told.

        Args: channel: all that FreeSWITCH says of the leg; account_id: whose recording it is.
        Raises: LegNotRecorded: the leg is gone, or FreeSWITCH refused.
        """

    def order_on(self, uuid: str, order: LegOrder, recording_id: str = "") -> bool:
        """Tell a recording of a leg something, whichever process looks after it.

        Args: recording_id: which; "" for the newest that can obey. Returns: whether there is one.
        Raises: LegNotRecorded: FreeSWITCH could not be asked.
        """
