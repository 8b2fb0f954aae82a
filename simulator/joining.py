"""Two legs joined: sound crosses over until one goes, is moved, or both are told otherwise.

Law: the first leg's thread carries the bridge and fires its events; the second one only follows. A leg that
is moved ends the bridge and goes on by itself; of those that are not, the second is hung up and the first
returns to what it did before. Whoever holds is not recorded and lets the other hear music.
Source: FreeSWITCH switch_ivr_bridge.c (switch_ivr_multi_threaded_bridge, audio_bridge_thread),
switch_channel.c (switch_channel_mark_hold).
"""

from __future__ import annotations

from simulator import signalling, tones
from simulator.dialstring import separate
from simulator.inline import inline
from simulator.loop import new_signal, spawn
from simulator.park import park_state
from simulator.session import Session
from simulator.slots import SLOT_S
from simulator.source import Source, Tone
from simulator.timeline import Relay, Sound

# Ten frames pass before FreeSWITCH calls a bridge formed (DEFAULT_LEAD_FRAMES).
_LEAD_S = 10 * SLOT_S
HOLD_MUSIC = "%(2000,1000,440,480);loops=-1"


class Bridge:
    """One bridge. `moved`: legs that leave it for something else; `over`: it is to end."""

    def __init__(self, session: Session, party: Session) -> None:
        self.session = session
        self.party = party
        self.over = False
        self.moved: set[Session] = set()
        self._done = new_signal()
        self._sounds: dict[Session, Sound] = {}

    def other(self, leg: Session) -> Session:
        """Whom a leg is joined with."""
        return self.party if leg is self.session else self.session

    def leave(self, leg: Session) -> None:
        """That leg goes elsewhere; returns at once, `wait_over` waits until the bridge has ended."""
        self.moved.add(leg)
        self.end()

    def end(self) -> None:
        """End it; whoever was not moved goes the usual way."""
        self.over = True
        self.session.stir()

    def wait_over(self) -> None:
        """Wait until the first leg's thread has seen to the end."""
        self._done.wait()

    def hear(self, leg: Session, source: Source | None = None) -> None:
        """Let a leg hear something from now on: the other leg unless a source is given."""
        now = leg.slots.nearest(leg.clock.now())
        if leg in self._sounds:
            leg.heard.end(self._sounds[leg], now)
        self._sounds[leg] = leg.heard.begin(source or Relay(self.other(leg).said, now), now)

    def run(self) -> None:
        """Carry it to its end. Called by the first leg's thread."""
        session, party = self.session, self.party
        both = [("Bridge-A-Unique-ID", session.channel.uuid), ("Bridge-B-Unique-ID", party.channel.uuid)]
        self._begin()
        session.note("bridged", f"{session.channel.name} with {party.channel.name}")
        session.fire("CHANNEL_BRIDGE", before=both)
        for leg in (session, party):
            leg.bridges.append((leg.slots.nearest(leg.clock.now()), None))
            self.hear(leg)
            self._describe(leg)
        self._exchange()
        for leg, sound in self._sounds.items():
            now = leg.slots.nearest(leg.clock.now())
            leg.heard.end(sound, now)
            leg.bridges[-1] = (leg.bridges[-1][0], now)
        signalling.execute_on(party, "execute_on_post_bridge")
        signalling.execute_on(session, "execute_on_post_bridge")
        self._report_causes()
        session.fire("CHANNEL_UNBRIDGE", before=both)
        session.note("unbridged", f"{party.channel.name} {party.channel.hangup_cause}".rstrip())
        self._part()
        self._done.set()

    def _begin(self) -> None:
        for leg in (self.session, self.party):
            other = self.other(leg)
            leg.partner, leg.bridge = other, self
            leg.channel.times.bridged = leg.clock.epoch_us()
            leg.channel.set("signal_bond", other.channel.uuid)
            role = "originatee" if leg is self.session else "originator"
            leg.channel.other = [("Other-Type", role), *other.channel.leg_headers()]
        self.party.channel.set("call_uuid", self.session.channel.uuid)

    def _describe(self, leg: Session) -> None:
        other, party = self.other(leg), self.party.channel.profile
        leg.channel.set("bridge_to", other.channel.uuid)
        leg.channel.set("last_bridge_to", other.channel.uuid)
        leg.channel.set("bridge_channel", other.channel.name)
        leg.channel.set("bridge_uuid", other.channel.uuid)
        leg.channel.set("last_sent_callee_id_name", party.callee_name)
        leg.channel.set("last_sent_callee_id_number", party.callee_number)

    def _is_over(self) -> bool:
        return self.over or self.party.channel.is_down

    def _exchange(self) -> None:
        """Carry sound and digits while both are there; `execute_on_pre_bridge` runs once sound has passed."""
        session, party = self.session, self.party
        party.on_down.append(session.stir)
        settles_s: float | None = session.clock.now() + _LEAD_S
        while session.ready and not self._is_over():
            if session.take_interrupt():
                break
            session.run_commands()
            while session.digits:
                session.take_digit()
            if settles_s is not None and session.clock.now() >= settles_s - SLOT_S / 10:
                settles_s = None
                spawn(signalling.execute_on, party, "execute_on_pre_bridge")
                signalling.execute_on(session, "execute_on_pre_bridge")
            session.wait(settles_s, over=self._is_over)

    def _report_causes(self) -> None:
        for leg in (self.session, self.party):
            leg.channel.set("bridge_to", None)
            cause = self.other(leg).channel.hangup_cause or leg.channel.hangup_cause
            if cause:
                leg.channel.set("bridge_hangup_cause", cause)

    def _part(self) -> None:
        """What becomes of each leg. Source: the end of switch_ivr_multi_threaded_bridge."""
        session, party = self.session, self.party
        session.partner = party.partner = None
        session.bridge = party.bridge = None
        if session.ready and session not in self.moved:
            wish = (session.channel.get("hangup_after_bridge") or "").lower()
            if wish == "explicit" or (not _goes_on(session) and session.channel.true("hangup_after_bridge")):
                session.hangup(party.channel.hangup_cause or "NORMAL_CLEARING")
        if not party.channel.is_down and party not in self.moved and not _goes_on(party):
            party.hangup(session.channel.hangup_cause or "NORMAL_CLEARING")


def _goes_on(leg: Session) -> bool:
    """Send a leg where its variables want it to be after a bridge; whether they want anything."""
    after = leg.channel.get("transfer_after_bridge")
    if leg.channel.true("park_after_bridge"):
        leg.move(lambda: park_state(leg))
        return True
    leg.channel.set("transfer_after_bridge", None)
    if after:
        leg.move(inline(separate(after, ":")[0]))
    return bool(after)


def hold(leg: Session) -> bool:
    """A leg's phone holds; False when it does already or is joined with nobody."""
    if leg.bridge is None or leg.channel.is_down or leg.is_held:
        return False
    leg.holds.append((leg.clock.now(), None))
    leg.channel.call_state = "HELD"
    leg.note("hold", leg.channel.name)
    leg.fire("CHANNEL_HOLD")
    music = tones.parse(HOLD_MUSIC)
    leg.bridge.hear(leg.bridge.other(leg), Tone(music) if music else None)
    return True


def unhold(leg: Session) -> bool:
    """It takes the call back."""
    if not leg.is_held:
        return False
    leg.holds[-1] = (leg.holds[-1][0], leg.clock.now())
    leg.channel.call_state = "UNHELD"
    leg.note("unhold", leg.channel.name)
    leg.fire("CHANNEL_UNHOLD")
    leg.channel.call_state = "ACTIVE"
    if leg.bridge is not None:
        leg.bridge.hear(leg.bridge.other(leg))
    return True
