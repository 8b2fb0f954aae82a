"""What was missed while nothing was heard is told afterwards, as far as it left a trace."""

from __future__ import annotations

from pathlib import Path

from structlog.testing import capture_logs

from tests.callcontrol.controlled import (
    BOB,
    CONNECTION_ID,
    FROM,
    controlled,
    kinds_of,
    prepare,
    told,
    wait_hearing,
    wait_told,
)
from tests.callcontrol.place import Place
from tests.waiting import eventually


def test_an_answer_and_an_end_that_were_missed(place: Place) -> None:
    """The live call is told as answered, the one that is gone as hung up, for a cause nobody knows."""
    prepare(place)
    answered, ended = controlled(place), controlled(place)
    watch = place.api.control.watch
    assert watch is not None
    watch.stop()
    client = place.client()
    client.calls.actions.answer(place.id_of(answered))
    client.calls.actions.hangup(place.id_of(ended))
    assert ended.wait_ended(10)
    with capture_logs() as logs:
        watch.start()
        hangup = wait_told(place, ended.uuid, "call.hangup")
    assert (hangup.payload.hangup_cause, hangup.payload.hangup_source) == ("unspecified", "unknown")
    assert "call_end_missed" in [line["event"] for line in logs]
    wait_told(place, answered.uuid, "call.answered")
    assert kinds_of(told(place, answered.uuid)) == ["call.initiated", "call.answered"]


def test_a_process_that_starts_knows_the_live_calls(place: Place) -> None:
    """It tells what comes, nothing twice, and lists them."""
    prepare(place)
    call = controlled(place)
    client = place.client()
    client.calls.actions.answer(place.id_of(call))
    wait_told(place, call.uuid, "call.answered")
    other = wait_hearing(place.process(own=True))
    eventually(lambda: other.control.teller.roll.is_known(call.uuid))
    assert place.api.control.watch is not None
    place.api.control.watch.stop()
    call.press("9")
    wait_told(place, call.uuid, "call.dtmf.received")
    call.hang_up()
    wait_told(place, call.uuid, "call.hangup")
    assert kinds_of(told(place, call.uuid)) == [
        "call.initiated",
        "call.answered",
        "call.dtmf.received",
        "call.hangup",
    ]


def test_freeswitch_is_killed(place: Place, tmp_path: Path) -> None:
    """Its calls are gone; when another one stands in its place, each is told as hung up."""
    del tmp_path
    prepare(place)
    call = controlled(place)
    place.house.switch.die()
    place.house.switch.start()
    hangup = wait_told(place, call.uuid, "call.hangup")
    assert hangup.payload.hangup_cause == "unspecified"


def test_an_end_that_no_process_was_there_for(place: Place) -> None:
    """The engine is killed, the call ends, and the next engine tells: of this call, and of no other."""
    prepare(place)
    call, over = controlled(place), controlled(place)
    over.hang_up()
    wait_told(place, over.uuid, "call.hangup")
    control = place.api.control
    control.stop()
    call.hang_up()
    assert call.wait_ended(10)
    assert kinds_of(told(place, call.uuid)) == ["call.initiated"]
    wait_hearing(place.process(own=True))
    hangup = wait_told(place, call.uuid, "call.hangup")
    assert hangup.payload.hangup_cause == "unspecified"
    assert (hangup.payload.from_, hangup.payload.to) == ("+15550199", "+15550111")
    assert len(told(place, "", "call.hangup")) == 2


def test_an_end_nobody_was_there_for_goes_where_its_call_said(place: Place) -> None:
    """webhook_url of the command that made the call holds for what a later process tells of it."""
    prepare(place)
    own = "https://own.example.com/hook"
    wait_hearing(place.api)
    client = place.client()
    call = client.calls.dial(connection_id=CONNECTION_ID, to=BOB, from_=FROM, webhook_url=own).data
    assert call is not None
    wait_told(place, call.call_leg_id, "call.answered")
    place.api.control.stop()
    session = place.house.switch.core.sessions[call.call_leg_id]
    session.hangup("NORMAL_CLEARING")
    eventually(lambda: call.call_leg_id not in place.house.switch.core.sessions, what="the end")
    wait_hearing(place.process(own=True))
    wait_told(place, call.call_leg_id, "call.hangup")
    assert {notice.url for notice in place.notices(3)} == {own}
