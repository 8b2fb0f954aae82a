"""A recording follows its conversation on a running FreeSWITCH, whoever moves the call and however.

alice is the caller whose leg is recorded, bob is who she talks to, carol whom they turn to. Each speaks a
tone of her or his own, so that the recording itself tells who was heard when.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import gevent
import pytest

from esl.errors import EslError
from recording.outcome import EndedBy, RecordingOutcome, Verdict
from recording.timeline import What
from tests.live.beside import CALL_S, Beside
from tests.live.phone import Dialog, Phone
from tests.live.tones import heard, order, seconds
from tests.service.house import HANGUP, sleep
from tests.waiting import eventually

pytestmark = [pytest.mark.live, pytest.mark.timeout(120)]

TONES = {"A": 400, "B": 800, "C": 1600, "T": 440}
TALK_S = 1.2
MISSED_S = 0.3
"""Of a transfer: re-bridging, and at most two media frames until the next leg is recorded."""

WHERE_TO = {"force_transfer_dialplan": "XML", "force_transfer_context": "peer-test"}
"""Where FreeSWITCH looks for the extension that a telephone sends its call to."""

Houses = Callable[..., Beside]


@dataclass
class Trio:
    """Three telephones, an engine, and the call between them."""

    home: Beside
    alice: Phone = field(default_factory=lambda: Phone("alice", TONES["A"]))
    bob: Phone = field(default_factory=lambda: Phone("bob", TONES["B"]))
    carol: Phone = field(default_factory=lambda: Phone("carol", TONES["C"]))
    legs: dict[str, str] = field(default_factory=dict)
    began_s: float = 0.0

    def begin(self, **record: Any) -> Trio:
        """Alice is handed to the engine, which records her; she is bridged to bob; they talk."""
        return self.begin_with({"should_follow_transfer": True, **record})

    def begin_with(self, *records: dict[str, Any]) -> Trio:
        """The same with several recordings."""
        starts = [("record_call", {"action": "start", "format": "wav", **data}) for data in records]
        self.home.flow("1000", ("answer", {}), *starts, sleep(40), HANGUP)
        host, port = self.home.engine.listener.address[:2]
        self.originate(
            "alice", self.alice, f"'socket:{host}:{port} async full' inline", callflows_number="1000"
        )
        self.home.wait_event("RECORD_START")
        self.began_s = time.monotonic()
        self.legs["bob"] = str(uuid.uuid4())
        dial = f"{{origination_uuid={self.legs['bob']},{_braces(WHERE_TO)}}}{self.address(self.bob)}"
        call = self.home.engine.recorder._roster.call_of(self.legs["alice"])
        assert call is not None
        call.submit("bridge", dial).forget()
        self.bob.wait_call()
        self.talk()
        return self

    def originate(self, name: str, phone: Phone, to: str, **variables: str) -> Dialog:
        """Have FreeSWITCH call a telephone, and connect it to something; answered."""
        self.legs[name] = str(uuid.uuid4())
        chosen = {
            "origination_uuid": self.legs[name],
            "origination_caller_id_number": "15551234567",
            **WHERE_TO,
            **variables,
        }
        count = len(phone.dialogs) + 1
        gevent.spawn(self.api, "bgapi", f"originate {{{_braces(chosen)}}}{self.address(phone)} {to}")
        return phone.wait_call(count)

    def address(self, phone: Phone) -> str:
        """How FreeSWITCH dials it."""
        return f"sofia/internal/{phone.name}@{phone.address}"

    def api(self, command: str, argument: str) -> str:
        """Tell FreeSWITCH something."""
        return self.home.link.api(command, argument)

    def talk(self, for_s: float = TALK_S) -> None:
        """Let them."""
        gevent.sleep(for_s)

    def end(self, *phones: Phone) -> RecordingOutcome:
        """These hang up; return what became of the recording, and compare it with the time it took."""
        for phone in phones:
            for dialog in phone.dialogs:
                dialog.hang_up()
        return self.home.outcome()

    def sides(self) -> list[list[tuple[str, float]]]:
        """Return who is heard on the delivered recording: there is one, and one only."""
        self.home.delivered()
        (copy,) = self.home.copies()
        return heard(copy, TONES)

    def close(self) -> None:
        """Put the receivers down."""
        for leg in self.legs.values():
            with suppress(EslError):  # as a rule it is gone
                self.api("uuid_kill", leg)
        for phone in (self.alice, self.bob, self.carol):
            phone.close()


@pytest.fixture
def trio(beside: Houses) -> Iterator[Trio]:
    """Three telephones beside an engine."""
    found = Trio(beside())
    yield found
    found.close()


def _braces(variables: Mapping[str, str]) -> str:
    return ",".join(f"{key}={value}" for key, value in variables.items())


def consult(trio: Trio, phone: Phone) -> Dialog:
    """A telephone talks to carol on a second line."""
    dialog = trio.originate("consult", phone, f"&bridge({trio.address(trio.carol)})")
    trio.carol.wait_call()
    trio.talk(0.6)
    return dialog


def marks(outcome: RecordingOutcome) -> list[What]:
    """Return what the timeline tells, in order."""
    return [mark.what for mark in outcome.timeline]


def legs(trio: Trio, outcome: RecordingOutcome) -> list[str]:
    """Return whose leg each file was written on."""
    names = {leg: name for name, leg in trio.legs.items()}
    return [names[mark.detail["uuid"]] for mark in outcome.timeline if mark.what is What.STARTED]


def lasted_s(trio: Trio) -> float:
    """Return how long the recording has been running."""
    return time.monotonic() - trio.began_s


# -- alice stays: her file goes on ------------------------------------------------------------------------


def test_bob_transfers_alice_blind(trio: Trio) -> None:
    """The recording of alice goes on with whom bob sends her to."""
    trio.begin()
    trio.bob.dialog.refer("sip:tone@127.0.0.1:5060")
    trio.bob.dialog.wait_over()
    trio.talk()
    lasting_s = lasted_s(trio)
    outcome = trio.end(trio.alice)
    assert (outcome.ended_by, outcome.verdict) == (EndedBy.HANGUP, Verdict.OK), outcome
    assert legs(trio, outcome) == ["alice"]
    assert abs(outcome.duration_ms / 1000 - lasting_s) < MISSED_S
    left, right = trio.sides()
    assert (order(left), order(right)) == ("A", "BT")
    assert What.TRANSFERRED in marks(outcome)


def test_bob_transfers_alice_attended(trio: Trio) -> None:
    """Bob holds alice, talks to carol, and connects the two."""
    trio.begin()
    trio.bob.dialog.hold()
    first, second = trio.bob.dialog, consult(trio, trio.bob)
    first.refer("", second)
    first.wait_over()
    trio.talk()
    outcome = trio.end(trio.alice)
    assert (outcome.ended_by, outcome.verdict) == (EndedBy.HANGUP, Verdict.OK), outcome
    assert legs(trio, outcome) == ["alice"]
    left, right = trio.sides()
    assert (order(left), order(right)) == ("A", "BC")
    told = [what for what in marks(outcome) if what is not What.UNHELD]
    assert told == [
        What.STARTED, What.BRIDGED, What.HELD, What.UNBRIDGED, What.TRANSFERRED, What.BRIDGED, What.ENDED
    ]  # fmt: skip


def test_a_consultation_that_fails_changes_nothing(trio: Trio) -> None:
    """Bob holds alice, reaches nobody, and comes back."""
    trio.begin()
    trio.bob.dialog.hold()
    trio.carol.refuses = 486
    trio.api("uuid_broadcast", f"{trio.legs['bob']} att_xfer::{trio.address(trio.carol)} aleg")
    eventually(lambda: trio.carol.dialogs, what="the call to carol")
    trio.bob.dialog.unhold()
    trio.talk()
    outcome = trio.end(trio.bob, trio.alice)
    assert outcome.verdict is Verdict.OK, outcome
    assert legs(trio, outcome) == ["alice"]
    left, right = trio.sides()
    assert (order(left), order(right)) == ("A", "B")
    assert What.TRANSFERRED not in marks(outcome)


def test_bob_parks_alice_and_carol_fetches_her(trio: Trio) -> None:
    """In a valet parking lot and out of it."""
    trio.begin()
    lot = uuid.uuid4().hex[:8]
    trio.api("uuid_transfer", f"{trio.legs['alice']} 'valet_park:{lot} 701' inline")
    trio.talk(0.6)
    trio.originate("carol", trio.carol, f"'&valet_park({lot} 701)'")
    trio.talk()
    outcome = trio.end(trio.carol, trio.alice)
    assert outcome.verdict is Verdict.OK, outcome
    assert legs(trio, outcome) == ["alice"]
    assert What.PARKED in marks(outcome)
    left, right = trio.sides()
    assert (order(left), order(right)) == ("A", "BC")


def test_carol_takes_alice_over(trio: Trio) -> None:
    """intercept: bob is out, carol is in."""
    trio.begin()
    trio.originate("carol", trio.carol, f"&intercept({trio.legs['alice']})")
    trio.talk()
    outcome = trio.end(trio.alice)
    assert outcome.verdict is Verdict.OK, outcome
    assert legs(trio, outcome) == ["alice"]
    assert order(trio.sides()[1]) == "BC"


def test_bob_holds_alice(trio: Trio) -> None:
    """The recording goes on, with the music she hears, and says who held whom when."""
    trio.begin()
    trio.bob.dialog.hold()
    trio.talk()
    trio.bob.dialog.unhold()
    trio.talk()
    lasting_s = lasted_s(trio)
    outcome = trio.end(trio.alice)
    assert outcome.verdict is Verdict.OK, outcome
    assert abs(outcome.duration_ms / 1000 - lasting_s) < MISSED_S
    held = [mark for mark in outcome.timeline if mark.what in (What.HELD, What.UNHELD)]
    assert [mark.detail["uuid"] for mark in held] == [trio.legs["bob"]] * 2
    assert trio.sides()


def test_alice_holds_bob(trio: Trio) -> None:
    """FreeSWITCH writes nothing meanwhile; the timeline has the gap, and the verdict is no worse for it."""
    trio.begin()
    trio.alice.dialog.hold()
    trio.talk()
    trio.alice.dialog.unhold()
    trio.talk()
    outcome = trio.end(trio.alice)
    assert outcome.verdict is Verdict.OK, outcome
    assert [what for what in marks(outcome) if what in (What.HELD, What.GAP, What.UNHELD)] == [
        What.HELD, What.GAP, What.UNHELD
    ]  # fmt: skip
    assert trio.sides()


# -- alice leaves: the recording goes on with bob ---------------------------------------------------------


def test_alice_transfers_bob_blind(trio: Trio) -> None:
    """The recording goes on on bob's leg, and is one: alice and bob, then bob and whom she sends him to."""
    trio.begin()
    trio.alice.dialog.refer("sip:tone@127.0.0.1:5060")
    eventually(lambda: trio.alice.dialog.notified, what="word of the transfer")
    trio.alice.dialog.hang_up()
    trio.talk()
    lasting_s = lasted_s(trio)
    outcome = trio.end(trio.bob)
    assert (outcome.ended_by, outcome.verdict) == (EndedBy.HANGUP, Verdict.OK), outcome
    assert legs(trio, outcome) == ["alice", "bob"]
    assert abs(outcome.duration_ms / 1000 - lasting_s) < MISSED_S
    left, right = trio.sides()
    assert (order(left), order(right)) == ("AB", "BT")
    assert seconds(left, "B") > TALK_S - MISSED_S


def test_alice_transfers_bob_attended(trio: Trio) -> None:
    """She holds him, talks to carol, and connects the two."""
    trio.begin()
    first = trio.alice.dialog
    first.hold()
    second = consult(trio, trio.alice)
    first.refer("", second)
    eventually(lambda: first.notified, what="word of the transfer")
    first.hang_up()
    trio.talk()
    outcome = trio.end(trio.bob)
    assert (outcome.ended_by, outcome.verdict) == (EndedBy.HANGUP, Verdict.OK), outcome
    assert legs(trio, outcome) == ["alice", "bob"]
    left, right = trio.sides()
    assert (order(left), order(right)) == ("AB", "BC")


def test_alice_transfers_by_application(trio: Trio) -> None:
    """att_xfer: she talks to carol while bob waits, and hangs up."""
    trio.begin()
    trio.api("uuid_broadcast", f"{trio.legs['alice']} att_xfer::{trio.address(trio.carol)} aleg")
    trio.carol.wait_call()
    trio.talk(0.8)
    trio.alice.dialog.hang_up()
    trio.talk()
    outcome = trio.end(trio.bob, trio.carol)
    assert outcome.verdict is Verdict.OK, outcome
    assert legs(trio, outcome) == ["alice", "bob"]
    left, right = trio.sides()
    assert (order(left), order(right)) == ("AB", "BC")


def test_bob_is_taken_from_alice(trio: Trio) -> None:
    """Intercept of her partner: her leg is hung up, his goes on with carol."""
    trio.begin()
    trio.originate("carol", trio.carol, f"&intercept({trio.legs['bob']})")
    trio.alice.dialog.wait_over()
    trio.talk()
    outcome = trio.end(trio.bob)
    assert outcome.verdict is Verdict.OK, outcome
    assert legs(trio, outcome) == ["alice", "bob"]
    assert order(trio.sides()[1]) == "BC"


def test_bob_is_sent_elsewhere(trio: Trio) -> None:
    """uuid_transfer of her partner by a command; she is left in her flow."""
    trio.begin()
    trio.api("uuid_transfer", f"{trio.legs['alice']} -bleg 'bridge:{trio.address(trio.carol)}' inline")
    trio.carol.wait_call()
    trio.talk()
    outcome = trio.end(trio.bob)
    assert outcome.verdict is Verdict.OK, outcome
    assert legs(trio, outcome) == ["alice", "bob"]
    assert order(trio.sides()[1]) == "BC"


# -- and else ---------------------------------------------------------------------------------------------


def test_an_ordinary_hangup_ends_it(trio: Trio) -> None:
    """Bob lives on for a moment, and is not recorded."""
    trio.begin()
    outcome = trio.end(trio.alice)
    assert (outcome.ended_by, outcome.verdict) == (EndedBy.HANGUP, Verdict.OK), outcome
    assert legs(trio, outcome) == ["alice"]
    assert trio.sides()


@pytest.mark.parametrize("transferring", ["alice", "bob"])
def test_without_following_it_ends_at_the_transfer(trio: Trio, transferring: str) -> None:
    """Nothing after the transfer is in it."""
    trio.begin(should_follow_transfer=False)
    phone: Phone = getattr(trio, transferring)
    phone.dialog.refer("sip:tone@127.0.0.1:5060")
    trio.talk()
    outcome = trio.home.outcome()
    assert (outcome.ended_by, outcome.verdict) == (EndedBy.TRANSFER, Verdict.OK), outcome
    assert legs(trio, outcome) == ["alice"]
    left, right = trio.sides()
    assert (order(left), order(right)) == ("A", "B")
    trio.end(trio.alice, trio.bob)


def test_several_recordings_go_their_own_ways(trio: Trio) -> None:
    """One follows the conversation, one does not."""
    trio.begin_with({"should_follow_transfer": True}, {"should_follow_transfer": False})
    trio.alice.dialog.refer("sip:tone@127.0.0.1:5060")
    eventually(lambda: trio.alice.dialog.notified, what="word of the transfer")
    trio.alice.dialog.hang_up()
    trio.talk()
    trio.end(trio.bob)
    eventually(lambda: len(trio.home.outcomes) == 2, CALL_S, "both recordings")
    ends = sorted((len(legs(trio, one)), one.ended_by) for one in trio.home.outcomes.values())
    assert ends == [(1, EndedBy.TRANSFER), (2, EndedBy.HANGUP)]


def test_the_next_engine_goes_on_with_the_second_leg(trio: Trio) -> None:
    """The engine goes after the transfer; the next one takes the recording over and delivers both parts."""
    trio.begin()
    trio.alice.dialog.refer("sip:tone@127.0.0.1:5060")
    trio.home.wait_event("RECORD_START", 2)
    trio.alice.dialog.hang_up()
    trio.talk()
    trio.home.engine.listener.stop_accepting()
    trio.home.engine.stop()
    trio.home.outcomes.clear()
    trio.home.engine = trio.home.start_engine()
    trio.talk(0.5)
    outcome = trio.end(trio.bob)
    assert outcome.verdict is Verdict.OK, outcome
    assert legs(trio, outcome) == ["alice", "bob"]
    left, right = trio.sides()
    assert (order(left), order(right)) == ("AB", "BT")
