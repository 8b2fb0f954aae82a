"""What travels in a recording's own variables: how it is made, and who it is.

FreeSWITCH keeps the variables in the braces of record_session for that one recording and gives them back
on its RECORD_START and RECORD_STOP as `Recording-Variable-<name>`. Each knob is given in full, false ones
too: FreeSWITCH looks at the channel's variables for those that are missing, and another recording, a
dialplan or an endpoint may have set one there.

The ticket goes as base64url of JSON: it has no character that any of the readings on the way (expansion,
blanks, URL encoding, commas, quotes) gives a meaning to. It holds the URL a document gave, with its password
if it has one, as Kazoo's recording data does; whoever may read FreeSWITCH's debug log may read that.

Source: FreeSWITCH switch_ivr_async.c (switch_ivr_record_session_event, get_recording_var,
merge_recording_variables), mod_dptools.c record_session_function.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from pathlib import Path
from typing import Protocol

from esl import quoting
from recording.errors import BadTicket
from recording.request import Direction, RecordingRequest
from recording.ticket import MAX_TICKET_BYTES, Ticket, cut, from_data, parse

ID_VARIABLE = "callflows_recording_id"
TICKET_VARIABLE = "callflows_recording"

BACKSTOP_S = 1
"""FreeSWITCH's limit is set so much later than ours. It counts in whole epoch seconds, so its own `+N` would
end up to a second early; with this one it never does, and still ends a recording whose engine is gone."""

ANSWER_WAIT_S = 300
"""How long a bridge may wait for the answer before the backstop would cut the recording short; no ringing
lasts so long."""

MAX_TAG = 100
"""Characters of a tag in a file."""

_MAX_ENCODED = MAX_TICKET_BYTES * 4 // 3 + 4
_ENCODED = re.compile(r"[A-Za-z0-9_-]+\Z")


class Headers(Protocol):
    """An event, as far as it is looked at here."""

    def get(self, header: str, /) -> str | None:
        """Return one header's value."""


def encode(ticket: Ticket) -> str:
    """Return a ticket as one word of letters, digits, `-` and `_`."""
    text = json.dumps(ticket.data(), separators=(",", ":"), ensure_ascii=False)
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode("ascii")


def decode(word: str) -> Ticket:
    """Read a ticket back. Raises: BadTicket: anything that `encode` could not have made."""
    if len(word) > _MAX_ENCODED or not _ENCODED.match(word):
        raise BadTicket("recording variables that are not ours")
    try:
        text = base64.urlsafe_b64decode(word + "=" * (-len(word) % 4))
    except (binascii.Error, ValueError) as exc:
        raise BadTicket("recording variables that are no base64") from exc
    return from_data(parse(text, MAX_TICKET_BYTES))


def ticket_of(event: Headers) -> Ticket | None:
    """Return the ticket on RECORD_START or RECORD_STOP, None for a recording that is not ours.

    Raises: BadTicket: it claims to be ours and is not.
    """
    word = event.get(f"Recording-Variable-{TICKET_VARIABLE}")
    return decode(word) if word else None


def id_of(event: Headers) -> str:
    """Return the recording id on RECORD_START or RECORD_STOP, "" for a recording that is not ours."""
    return event.get(f"Recording-Variable-{ID_VARIABLE}") or ""


def variables(ticket: Ticket, software: str = "") -> dict[str, str]:
    """Return the variables of a recording.

    Args: software: named in the file's tags (`ecallmgr.recording_software_name`).
    """
    request = ticket.request
    found = {
        ID_VARIABLE: ticket.name.recording_id,
        TICKET_VARIABLE: encode(ticket),
        "RECORD_STEREO": _flag(request.stereo and request.direction is Direction.BOTH),
        "RECORD_STEREO_SWAP": "false",
        "RECORD_READ_ONLY": _flag(request.direction is Direction.SPEAK),
        "RECORD_WRITE_ONLY": _flag(request.direction is Direction.HEAR),
        "RECORD_ANSWER_REQ": _flag(request.on_answer and request.on_bridge),
        "RECORD_BRIDGE_REQ": "false",
        "RECORD_APPEND": "false",  # would keep a file that is too short
        "RECORD_HANGUP_ON_ERROR": "false",  # a recording never hurts the call
        "RECORD_PRE_BUFFER_FRAMES": "0",  # its default of 25 costs the first half second
        "RECORD_SILENCE_THRESHOLD": "0",  # FreeSWITCH's own detection cuts callers off (recording.listening)
        "RECORD_MIN_SEC": str(_switch_minimum_s(request)),
        "enable_file_write_buffering": "false",  # what a crash of FreeSWITCH can take is one frame
        "RECORD_TITLE": ticket.name.document_id,
    }
    if request.sample_rate_hz is not None:
        found["record_sample_rate"] = str(request.sample_rate_hz)
    if request.on_answer or request.on_bridge:
        found["execute_on_record_start"] = f"unset {deferral_name(ticket)}"
    if software:
        found["RECORD_SOFTWARE"] = cut(software, MAX_TAG)
    return found


def record_session_argument(ticket: Ticket, path: Path, software: str = "") -> str:
    """Return the argument of record_session. Raises: BadCommand: a path that FreeSWITCH would cut."""
    limit_s = switch_limit_s(ticket.request)
    limit = [] if limit_s is None else [f"+{limit_s}"]
    return " ".join([quoting.argument(str(path)), *limit, quoting.braces(variables(ticket, software))])


def deferral(ticket: Ticket, path: Path, software: str = "") -> tuple[str, str]:
    """Return the channel variable, and its value, that let FreeSWITCH begin a recording by itself.

    The moment is the answer, or the forming of a bridge; where both must have happened it is that, and
    FreeSWITCH writes nothing before the answer (RECORD_ANSWER_REQ). The variable has the recording's id in
    its name, since FreeSWITCH runs every variable whose name begins so, and it removes itself as the
    recording begins: a second bridge of the channel would else begin the same file anew.
    Raises: BadCommand, as above. Source: FreeSWITCH switch_channel.c switch_channel_execute_on.
    """
    argument = record_session_argument(ticket, path, software)
    return deferral_name(ticket), f"record_session {quoting.literal(argument)}"


def deferral_name(ticket: Ticket) -> str:
    """Return the name of that variable."""
    prefix = "execute_on_pre_bridge" if ticket.request.on_bridge else "execute_on_answer"
    return f"{prefix}_callflows_{ticket.name.recording_id}"


def uuid_record_argument(ticket: Ticket, path: Path, software: str = "") -> str:
    """Return what follows `uuid_record <uuid> start`. Raises: BadCommand, as above."""
    limit = str(switch_limit_s(ticket.request) or 0)
    return f"{quoting.argument(str(path))} {limit} {quoting.braces(variables(ticket, software))}"


def switch_limit_s(request: RecordingRequest) -> int | None:
    """Return the limit FreeSWITCH is told, None for none: the backstop of ours.

    Where it waits for the answer with the file open already, its clock runs meanwhile.
    """
    if request.time_limit_s is None:
        return None
    waits = request.on_answer and request.on_bridge
    return request.time_limit_s + BACKSTOP_S + (ANSWER_WAIT_S if waits else 0)


def _switch_minimum_s(request: RecordingRequest) -> int:
    """Return the minimum FreeSWITCH is told.

    It compares samples counted at the channel's rate with seconds at the file's rate: asked for 16 kHz on an
    8 kHz call it would delete whatever is shorter than twice the minimum. Where a rate is asked for, the
    minimum is ours alone (see recording.ending).
    Source: switch_ivr_async.c record_callback, switch_core_file.c switch_core_file_write (samples_out).
    """
    return request.min_s if request.sample_rate_hz is None else 0


def _flag(value: bool) -> str:
    return "true" if value else "false"
