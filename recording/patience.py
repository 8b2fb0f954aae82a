"""How long is waited for what."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Patience:
    """How long is waited for what, in seconds.

    Attributes: start: for the command's completion, before it is given once more over the inbound link;
    media: for media to come up, before the second try; stop: for RECORD_STOP after a stop, before it is told
    again; hangup: for RECORD_STOP after the end of the channel; poll: between two questions about a
    recording whose call this process does not have; still: how long a file must not have grown, where
    FreeSWITCH cannot be asked; lead: the limit's stop is sent so much early, half a media frame, since
    FreeSWITCH takes it up at the next one; moment: for FreeSWITCH to begin by itself after the answer or the
    bridge; listen: between two looks at a file for silence; order: for the answer to a pause or a mask.
    """

    start: float = 10.0
    media: float = 1.0
    stop: float = 2.0
    hangup: float = 5.0
    poll: float = 15.0
    still: float = 30.0
    lead: float = 0.010
    moment: float = 1.0
    listen: float = 0.2
    order: float = 2.0


DEFAULT_PATIENCE = Patience()
