"""Bytes of the event socket in, messages out, without IO.

The work is proportional to the bytes, however they are cut up: what has been searched once is not
searched again, and what is incomplete is not taken apart before it is whole.
"""

from __future__ import annotations

from functools import lru_cache

from esl import frame as kinds
from esl.errors import BadFrame
from esl.frame import Frame, header_value

# The largest message of an outbound connection is the answer to `connect`, 9 to 10 kB usually. A SIP
# message is at most 64 KiB; held three times over in variables, each byte encoded as three, it makes
# 600 kB. FreeSWITCH itself stops reading a command at 10 MiB (read_packet, max_len).
MAX_FRAME_BYTES = 4 * 1024 * 1024
# An inbound connection may ask for `show channels as json`, a kilobyte and a half per channel: 40,000.
MAX_LINK_FRAME_BYTES = 64 * 1024 * 1024

_LENGTH = b"\nContent-Length: "
_TYPE = b"\nContent-Type: "
# Shared strings, so that an event carries no copy of its type.
_KNOWN_TYPES = {
    kind.encode(): kind
    for kind in (
        kinds.AUTH_REQUEST,
        kinds.COMMAND_REPLY,
        kinds.API_RESPONSE,
        kinds.EVENT_PLAIN,
        kinds.EVENT_JSON,
        kinds.DISCONNECT_NOTICE,
        kinds.RUDE_REJECTION,
        kinds.LOG_DATA,
    )
}


class Decoder:
    """The reading half of one connection.

    Attributes: broken: why nothing more can be read, None as long as all is well.
    """

    __slots__ = ("_limit", "_pending", "_searched", "_wanted", "broken")

    def __init__(self, max_frame_bytes: int = MAX_FRAME_BYTES) -> None:
        self._limit = max_frame_bytes
        self._pending: bytearray | None = None  # an incomplete message, None when there is none
        self._searched = 0  # no blank line begins before here
        self._wanted = 0  # length of the pending message, 0 while its header lines are incomplete
        self.broken: BadFrame | None = None

    def feed(self, data: bytes) -> list[Frame]:
        """Take bytes from FreeSWITCH and return the messages completed by them.

        Args: data: any length.
        Returns: zero or more messages in their order; the rest is kept.
        Raises: BadFrame: no Content-Type, a malformed length, or more than max_frame_bytes for one
        message. Whole messages before the bad one are still returned; then `broken` is set, and the
        next call raises. So the outcome does not depend on how the bytes were cut up.
        Source: FreeSWITCH libs/esl/src/esl.c, esl_recv_event.
        """
        if self.broken is not None:
            raise self.broken
        pending = self._pending
        if pending is not None:
            pending += data
            if not self._is_complete(pending):
                if not self._wanted and len(pending) > self._limit + 1:  # + 1: half of the blank line
                    self.broken = BadFrame(f"no end of the header lines within {self._limit} bytes")
                    raise self.broken
                return []
            data = bytes(pending)
            self._pending = None
        frames: list[Frame] = []
        try:
            self._split(data, frames)
        except BadFrame as exc:
            self.broken = exc
            if not frames:
                raise
        return frames

    @property
    def is_amid_message(self) -> bool:
        """Whether the bytes so far end within a message: the peer should not close here."""
        return self._pending is not None

    def _is_complete(self, pending: bytearray) -> bool:
        """Whether the pending message, or its header lines, are whole now."""
        if self._wanted:
            return len(pending) >= self._wanted
        if pending.find(b"\n\n", self._searched) >= 0:
            return True
        self._searched = max(0, len(pending) - 1)
        return False

    def _split(self, data: bytes, frames: list[Frame]) -> None:
        """Append the whole messages in `data` to `frames`; keep the rest."""
        position, size = 0, len(data)
        self._searched = self._wanted = 0
        while position < size:
            if data[position] == 10:  # FreeSWITCH skips line breaks between messages as well
                position += 1
                continue
            head_end = data.find(b"\n\n", position)
            if head_end < 0:
                if size - position > self._limit + 1:
                    raise BadFrame(f"no end of the header lines within {self._limit} bytes")
                self._searched = size - position - 1
                break
            head = data[position:head_end]
            content_type, length = self._read_head(head)
            stop = head_end + 2 + length
            if stop > size:
                self._wanted = stop - position
                break
            tail = data[head_end + 1 : stop] if length else b""
            frames.append(Frame(content_type, head, tail))
            position = stop
        if position < size:
            self._pending = bytearray(data[position:] if position else data)

    def _read_head(self, head: bytes) -> tuple[str, int]:
        """The type and the length of the body that header lines announce; no length means no body."""
        content_type, length = _read_short(head) if len(head) <= _SHORT_HEAD else _read(head)
        if len(head) + length > self._limit:
            raise BadFrame(f"a message of {len(head) + length} bytes, more than {self._limit}")
        return content_type, length


def _read(head: bytes) -> tuple[str, int]:
    """The type and the length in header lines."""
    raw_type = header_value(head, _TYPE)
    if raw_type is None:
        raise BadFrame("a message without Content-Type")
    content_type = _KNOWN_TYPES.get(raw_type) or raw_type.decode("utf-8", "replace")
    raw_length = header_value(head, _LENGTH)
    if raw_length is None:
        return content_type, 0
    if not raw_length.isdigit() or len(raw_length) > 12:
        raise BadFrame(f"Content-Length {raw_length[:20]!r} is no length")
    return content_type, int(raw_length)


# Most messages are "+OK" or an event of a length that many have: a tenth of the time. 4,096 lengths cover
# all events up to 4 kB, for half a megabyte at most.
_SHORT_HEAD = 128
_read_short = lru_cache(maxsize=4096)(_read)
