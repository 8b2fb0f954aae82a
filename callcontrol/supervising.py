"""Supervisors: calls that hear another one with whoever it talks to, and are heard as their role says.

| role | heard by |
|---|---|
| `monitor` | nobody |
| `whisper` | the supervised call alone |
| `barge` | the supervised call, and whom it talks with |

FreeSWITCH's eavesdrop does it: it begins with what the supervisor's variables say, takes a change as an event
for the supervisor's leg, and ends with the supervised call. The two directions are named after what is mixed
into: `aleg` what the supervised call says, which the other side hears; `bleg` what it hears itself.
Source: FreeSWITCH mod_dptools.c (eavesdrop_function), switch_ivr_async.c (switch_ivr_eavesdrop_session).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from callcontrol import variables
from callcontrol.channel import LiveChannel, built
from callcontrol.errors import NO_SUCH_ASSOCIATE, CallNotAnswered, invalid
from callcontrol.facilities import Facilities
from callcontrol.other_call import other_call
from callcontrol.snapshot import Snapshot
from esl import command
from esl.command import Command

SUBCLASS = "callcontrol::supervisor"
"""Of the event that changes a role; it has no meaning but that events have one."""

MONITOR, WHISPER, BARGE = "monitor", "whisper", "barge"
ROLES = (BARGE, WHISPER, MONITOR)


@dataclass(frozen=True, slots=True)
class _Heard:
    """By whom a supervisor is heard. Attributes: order: eavesdrop's own word for it."""

    by_other: bool
    by_supervised: bool
    order: str

    def variables(self) -> dict[str, str]:
        return {
            "eavesdrop_whisper_aleg": str(self.by_other).lower(),
            "eavesdrop_whisper_bleg": str(self.by_supervised).lower(),
        }


_HEARD: Mapping[str, _Heard] = {
    MONITOR: _Heard(by_other=False, by_supervised=False, order="0"),
    WHISPER: _Heard(by_other=False, by_supervised=True, order="2"),
    BARGE: _Heard(by_other=True, by_supervised=True, order="3"),
}


def supervised(facilities: Facilities, account_id: str, text: str) -> Snapshot:
    """Return the call that is to be supervised. Raises: Unprocessable, CallEnded, Unavailable."""
    pointer = "/supervise_call_control_id"
    _, snapshot = other_call(facilities, account_id, text, pointer, node=facilities.node)
    if not snapshot.is_answered:
        raise CallNotAnswered(pointer)
    return snapshot


def extension(snapshot: Snapshot) -> str:
    """Return what a supervisor's leg does once it has answered."""
    return f"&eavesdrop({snapshot.uuid})"


def variables_of(role: str, snapshot: Snapshot) -> dict[str, str]:
    """Return what the leg of a supervisor is told; digits are its own, and change no role."""
    told = {variables.SUPERVISES: snapshot.uuid, "eavesdrop_enable_dtmf": "false"}
    return told | _HEARD[role].variables()


def switch(channel: LiveChannel, snapshot: Snapshot, role: str) -> None:
    """Change the role of a supervisor, who may not have answered yet.

    Raises: Unprocessable: the leg supervises none; CallEnded, Unavailable, Unanswered.
    """
    if not snapshot.variable(variables.SUPERVISES):
        raise invalid("", "This call supervises none.", NO_SUCH_ASSOCIATE)
    channel.run(channel.setting(_HEARD[role].variables()), _ordering(snapshot.uuid, _HEARD[role].order))


def _ordering(uuid: str, order: str) -> Command:
    return built(lambda: command.sendevent(SUBCLASS, {"Unique-ID": uuid, "eavesdrop-command": order}))
