"""What a phone does to a call it is in: send the other party away, or hand it to somebody it has spoken to.

The leg whose phone asks is the transferor. As the bridge's second leg it is hung up; as the first it stays up
by itself until its phone says goodbye.
Source: FreeSWITCH sofia.c (sofia_handle_sip_i_refer: blind and attended), measured on the wire.
"""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import replace as changed

from simulator import lifecycle
from simulator.faults import Faults
from simulator.joining import hold, unhold
from simulator.legs import new_caller_leg
from simulator.loop import spawn
from simulator.session import Session
from simulator.transfer import follow, join, transfer

# A leg that was replaced hangs about that long before FreeSWITCH takes it down.
_REPLACED_S = 1.4
_LOOK_S = 0.02


@dataclass(slots=True)
class Consultation:
    """A second call of a phone that holds the first one. `target`: whom it reached, None while it rings."""

    transferor: Session
    leg: Session

    @property
    def target(self) -> Session | None:
        """Who answered."""
        return self.leg.partner

    def wait_answered(self) -> bool:
        """Wait until somebody answers; False when nobody does."""
        clock = self.leg.clock
        while self.target is None and not self.leg.channel.is_down and not self.transferor.channel.is_down:
            clock.sleep(_LOOK_S)
        return self.target is not None

    def complete(self) -> bool:
        """Hand the held party to whom it is about; False when either is gone."""
        transferor, target, other = self.transferor, self.target, self.transferor.partner
        if target is None or other is None:
            return False
        transferor.note("transfer", f"{other.channel.name} to {target.channel.name}")
        _disposition(self.leg, "ATTENDED_TRANSFER", "replaced")
        self.leg.move(lambda: _linger(self.leg))
        follow(target)
        target.wait_unbridged()
        transferor.channel.set("transfer_to", f"att:{target.channel.uuid}")
        _let_go(transferor)
        return join(other, target)

    def give_up(self) -> None:
        """The phone hangs its second call up and takes the first one back."""
        self.leg.hangup("NORMAL_CLEARING")
        unhold(self.transferor)


def blind_transfer(transferor: Session, extension: str) -> bool:
    """Send the other party to an extension; False when there is none."""
    other = transferor.partner
    if other is None or transferor.channel.is_down:
        return False
    channel = transferor.channel
    _disposition(transferor, "BLIND_TRANSFER", "recv_replace")
    channel.set("transfer_to", f"blind:{other.channel.uuid}")
    channel.set("transfer_destination", f"blind:{extension}")
    unhold(transferor)
    _let_go(transferor)
    return transfer(other, extension)


def consult(transferor: Session, extension: str) -> Consultation:
    """Hold, and call an extension from the same phone; the call is on its way when this returns."""
    hold(transferor)
    who = transferor.channel.profile
    phone = changed(transferor.script, from_number=who.callee_number, to=extension, steps=(), faults=Faults())
    core = transferor.core
    leg = new_caller_leg(core, phone, uuid=core.new_uuid(), context=who.context, variables={})
    leg.journal = transferor.journal
    spawn(lifecycle.run, leg, core.route(phone, extension))
    return Consultation(transferor, leg)


def attended_transfer(transferor: Session, extension: str, talk_s: float = 0.0) -> bool:
    """Hold, call, talk, hand over. False when nobody answers: the held party is taken back."""
    consultation = consult(transferor, extension)
    if consultation.wait_answered():
        transferor.clock.sleep(talk_s)
        if consultation.complete():
            return True
    consultation.give_up()
    return False


def _disposition(leg: Session, endpoint: str, transfer_: str) -> None:
    leg.channel.set("endpoint_disposition", endpoint)
    leg.channel.set("transfer_disposition", transfer_)


def _let_go(transferor: Session) -> None:
    """The transferor's part is over: a second leg is hung up, a first one goes on by itself."""
    unhold(transferor)
    if transferor.bridge is not None and transferor.bridge.party is transferor:
        transferor.hangup("NORMAL_CLEARING")


def _linger(leg: Session) -> None:
    leg.clock.sleep(_REPLACED_S)
    leg.hangup("ATTENDED_TRANSFER")
