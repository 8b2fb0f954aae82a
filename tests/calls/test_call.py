"""What a live call knows, and how waiting on it ends."""

from __future__ import annotations

import time

import gevent
import pytest

from calls.call import EVENTS, Call
from calls.cause import HangupCause, Termination
from calls.ending import CallEnd, How
from calls.errors import CallGone, CallLeft, CommandFailed
from esl.errors import BadCommand, ReplyTimeout
from esl.event import Event
from tests.calls.scripted_switch import UUID, ScriptedSwitch, never


def test_reception_subscribes_in_one_batch_and_waits_for_nothing() -> None:
    """The first commands may leave right behind the subscriptions."""
    switch = ScriptedSwitch()
    call = switch.call()
    call.submit("answer")
    switch.wait_run("answer")
    assert switch.lines == [f"filter Unique-ID {UUID}", f"event plain {' '.join(EVENTS)}", "linger 10"]


def test_identity_and_state_come_from_the_channel_data() -> None:
    """A call knows itself without asking."""
    switch = ScriptedSwitch(
        {"ecallmgr_Account-ID": "abc"},
        Answer_State="answered",
        Caller_Channel_Created_Time="1795203960916482",
    )
    call = switch.call()
    assert (call.uuid, call.account_id, call.is_answered, call.is_ended) == (UUID, "abc", True, False)
    assert call.created_at_us == 1795203960916482


def test_events_keep_the_state_current() -> None:
    """Answer, bridge and unbridge are seen without anybody asking."""
    switch = ScriptedSwitch()
    call = switch.call()
    states = []
    for name in ("CHANNEL_ANSWER", "CHANNEL_BRIDGE", "CHANNEL_UNBRIDGE"):
        seen: list[str] = []
        unsubscribe = call.on(name, lambda event, seen=seen: seen.append(event.name))
        switch.event(name)
        assert call.wait_for(lambda seen=seen: bool(seen), 5)
        unsubscribe()
        states.append((call.is_answered, call.is_bridged))
    assert states == [(True, False), (True, True), (True, False)]


def test_an_unsubscribed_handler_hears_nothing() -> None:
    """Only those who still want events get them."""
    switch = ScriptedSwitch()
    call = switch.call()
    heard: list[str] = []
    unsubscribe = call.on("RECORD_START", lambda _: heard.append("gone"))
    unsubscribe()
    unsubscribe()
    call.on("RECORD_START", lambda _: heard.append("kept"))
    switch.event("RECORD_START")
    assert call.wait_for(lambda: bool(heard), 5)
    assert heard == ["kept"]


def test_other_channels_are_heard_of_as_long_as_they_are_followed() -> None:
    """Their events never count as the call's own, whatever they say; nothing of them is left afterwards."""
    switch = ScriptedSwitch()
    call = switch.call()
    seen: list[str] = []
    mark = ("Unique-ID", "other-leg")
    call.follow([mark], lambda event: seen.append(event.uuid), ["CHANNEL_CREATE"])
    switch.event("CHANNEL_ANSWER", Unique_ID="other-leg")
    switch.event("CHANNEL_ANSWER", Unique_ID="somebody-else")
    switch.event("CHANNEL_BRIDGE")
    assert call.wait_for(lambda: call.is_bridged, 5)
    assert (seen, call.is_answered) == (["other-leg"], False)
    call.unfollow([mark])
    call.unfollow([mark])
    switch.event("CHANNEL_ANSWER", Unique_ID="other-leg")
    switch.event("CHANNEL_UNBRIDGE")
    assert call.wait_for(lambda: not call.is_bridged, 5)
    assert seen == ["other-leg"]
    assert switch.lines[-3:] == [
        "filter Unique-ID other-leg",
        "event plain CHANNEL_CREATE",
        "filter delete Unique-ID other-leg",
    ]


def test_waking_lets_conditions_be_looked_at_that_no_event_brings_about() -> None:
    """What happens elsewhere ends a wait at once, not at the call's next event."""
    call = ScriptedSwitch().call()
    done: list[bool] = []

    def elsewhere() -> None:
        done.append(True)
        call.wake()

    gevent.spawn(elsewhere)
    started_s = time.monotonic()
    assert call.wait_for(lambda: bool(done), 5)
    assert time.monotonic() - started_s < 1


def test_a_variable_is_told_as_last_seen() -> None:
    """Each event of the channel brings the variables as they are then."""
    switch = ScriptedSwitch({"colour": "red"})
    call = switch.call()
    assert call.variable("colour") == "red"
    switch.variables["colour"] = "blue"
    call.execute("answer")
    assert call.variable("colour") == "blue"
    del switch.variables["colour"]
    call.execute("eval")
    assert call.variable("colour") is None


def test_a_variable_set_by_us_is_told_at_once_and_then_by_the_events() -> None:
    """Our own value holds until FreeSWITCH has taken it, then FreeSWITCH's word does."""
    switch = ScriptedSwitch({"colour": "red"})
    call = switch.call()
    (completion,) = call.set({"colour": "blue"})
    assert call.variable("colour") == "blue"
    call.completed(completion, 5)
    switch.variables["colour"] = "green"
    call.execute("eval")
    assert call.variable("colour") == "green"


def test_custom_variables_are_those_of_kazoo() -> None:
    """The prefix is taken off, what we set is among them."""
    switch = ScriptedSwitch({"ecallmgr_Owner-ID": "o1", "sip_h_X-Account": "evil", "other": "x"})
    call = switch.call()
    call.set({"ecallmgr_Call-Priority": "7"})
    assert call.custom_variable("Owner-ID") == "o1"
    assert call.custom_variables() == {"Owner-ID": "o1", "Call-Priority": "7"}


def test_setting_the_language_sets_it_on_the_channel() -> None:
    """FreeSWITCH's own phrases follow the call's language."""
    switch = ScriptedSwitch()
    call = switch.call()
    call.language = "fr-fr"
    switch.wait_run("set")
    assert (call.language, switch.arguments("set")) == ("fr-fr", ["default_language=fr-fr"])


def test_execute_returns_the_applications_own_end() -> None:
    """Ends are matched by the command's uuid, whatever else ends meanwhile."""
    switch = ScriptedSwitch()
    switch.applications["slow"] = lambda switch, _: (gevent.sleep(0.02), {"Marker": "slow"})[1]
    call = switch.call()
    slow = call.submit("slow")
    quick = call.execute("quick")
    assert quick.get("Application") == "quick"
    assert call.completed(slow, 5).get("Marker") == "slow"


def test_a_refused_command_is_an_error_of_the_call() -> None:
    """-ERR is told to whoever waits, at once."""
    switch = ScriptedSwitch()
    switch.refused.add("playback")
    call = switch.call()
    with pytest.raises(CommandFailed) as caught:
        call.execute("playback", "x.wav")
    assert caught.value.reply == "-ERR invalid"


def test_an_application_without_end_meets_its_deadline() -> None:
    """Every wait has one."""
    switch = ScriptedSwitch()
    switch.applications["sleep"] = never
    call = switch.call()
    with pytest.raises(ReplyTimeout):
        call.execute("sleep", "1", timeout_s=0.02)


def test_an_argument_that_would_break_out_is_never_sent() -> None:
    """A raw line break ends a command's header; it is refused."""
    switch = ScriptedSwitch()
    call = switch.call()
    with pytest.raises(BadCommand):
        call.submit("set", "a=b\nEvent-UUID: x")
    assert switch.commands == []


@pytest.mark.parametrize(
    ("cause", "expected", "verdict"),
    [
        ("NORMAL_CLEARING", HangupCause.NORMAL_CLEARING, Termination.SUCCESS),
        ("ORIGINATOR_CANCEL", HangupCause.ORIGINATOR_CANCEL, Termination.CALLER),
        ("SOMETHING_NEW", HangupCause.UNKNOWN, Termination.INDETERMINATE),
    ],
)
def test_a_hangup_ends_every_wait_with_its_cause(
    cause: str, expected: HangupCause, verdict: Termination
) -> None:
    """Whoever waits is told why the call ended and whose doing it was."""
    switch = ScriptedSwitch()
    switch.applications["playback"] = never
    call = switch.call()
    gevent.spawn_later(0.01, switch.hang_up, cause)
    with pytest.raises(CallGone) as caught:
        call.execute("playback", "x.wav", timeout_s=60)
    assert (caught.value.cause, caught.value.verdict) == (expected, verdict)
    assert call.end == CallEnd(How.HANGUP, expected, verdict, cause)
    with pytest.raises(CallGone):
        call.submit("answer")


def test_a_hangup_tells_the_sip_status() -> None:
    """What the other side ended the call with is kept."""
    switch = ScriptedSwitch({"sip_term_status": "487"})
    call = switch.call()
    switch.hang_up("ORIGINATOR_CANCEL")
    assert call.wait_ended(5)
    assert call.end is not None
    assert call.end.sip_code == 487


def test_a_call_transferred_away_has_left() -> None:
    """The end of the `socket` application before a hangup means that others have the channel."""
    switch = ScriptedSwitch()
    call = switch.call()
    gevent.spawn_later(0.01, switch.leave)
    with pytest.raises(CallLeft):
        call.sleep(60)
    assert call.end is not None
    assert call.end.how is How.LEFT


@pytest.mark.parametrize("state", [4, 10])
def test_a_hangup_told_after_the_end_of_socket_is_a_hangup(state: int) -> None:
    """FreeSWITCH may tell of the two in either order; nothing is sent to the channel in between."""
    switch = ScriptedSwitch()
    call = switch.call()
    ends: list[CallEnd] = []
    call.on_end(ends.append)
    switch.leave(state)
    switch.event("CHANNEL_ANSWER")
    assert call.wait_for(lambda: call.is_answered, 5)
    assert call.end is None
    hanging_up = gevent.spawn(switch.hang_up)
    with pytest.raises(CallGone) as caught:
        call.submit("playback", "x.wav")
    assert not isinstance(caught.value, CallLeft)
    assert [(end.how, end.cause) for end in ends] == [(How.HANGUP, HangupCause.NORMAL_CLEARING)]
    assert switch.names == []
    hanging_up.join()


def test_what_a_hangup_cut_short_is_not_taken_for_done() -> None:
    """The end of a sound on a channel that is down waits for the hangup it tells of."""
    switch = ScriptedSwitch()
    switch.applications["playback"] = lambda *_: {"Channel-State-Number": "10"}
    call = switch.call()
    told: list[Event] = []
    call.on("CHANNEL_EXECUTE_COMPLETE", told.append)
    playing = gevent.spawn(call.execute, "playback", "x.wav")
    switch.wait_for(lambda: told)
    switch.hang_up()
    with pytest.raises(CallGone):
        playing.get(timeout=5)


@pytest.mark.parametrize("closes", [False, True])
def test_a_call_whose_dialplan_goes_on_has_left(*, closes: bool) -> None:
    """No hangup follows, whether the connection lingers or not."""
    switch = ScriptedSwitch()
    call = switch.call()
    switch.leave(4)
    if closes:
        switch.close()
    assert call.wait_ended(5)
    assert call.end is not None
    assert call.end.how is How.LEFT


def test_a_lost_link_ends_the_call_without_a_cause() -> None:
    """Nobody knows what became of the channel."""
    switch = ScriptedSwitch()
    call = switch.call()
    gevent.spawn_later(0.01, switch.close)
    call.execute("answer")
    with pytest.raises(CallLeft):
        call.sleep(60)
    assert call.end is not None
    assert (call.end.how, call.end.verdict) == (How.LINK_LOST, Termination.INDETERMINATE)
    assert call.wait_complete(0)


def test_a_link_lost_before_the_call_was_made_is_seen() -> None:
    """A call made of a closed session has ended, and says so to the first who asks."""
    switch = ScriptedSwitch()
    switch.close()
    switch.wait_for(lambda: switch.session.closed)
    call = switch.call()
    assert call.is_ended
    with pytest.raises(CallLeft):
        call.submit("answer")


def test_sleep_lasts_as_long_as_it_says() -> None:
    """Events in between do not shorten it."""
    switch = ScriptedSwitch()
    call = switch.call()
    started_s = time.monotonic()
    gevent.spawn_later(0.01, switch.press, "1")
    call.sleep(0.05)
    assert 0.05 <= time.monotonic() - started_s < 0.5


def test_wait_ended_never_raises() -> None:
    """It is for those who only want to know."""
    switch = ScriptedSwitch()
    call = switch.call()
    assert not call.wait_ended(0.01)
    switch.hang_up()
    assert call.wait_ended(5)
    assert call.wait_complete(5)


def test_end_callbacks_come_once_and_late_ones_at_once() -> None:
    """Whoever cares for the end hears of it exactly once."""
    switch = ScriptedSwitch()
    call = switch.call()
    ends: list[CallEnd] = []
    call.on_end(ends.append)
    switch.hang_up()
    assert call.wait_complete(5)
    call.on_end(ends.append)
    assert [end.how for end in ends] == [How.HANGUP, How.HANGUP]


def test_many_greenlets_wait_on_one_call() -> None:
    """A ring of the bell wakes all of them."""
    switch = ScriptedSwitch()
    call = switch.call()
    woken = [gevent.spawn(call.wait_for, lambda: call.is_answered, 5) for _ in range(5)]
    gevent.sleep(0)
    switch.event("CHANNEL_ANSWER")
    gevent.joinall(woken, timeout=5)
    assert [greenlet.value for greenlet in woken] == [True] * 5


def test_a_call_is_small() -> None:
    """A call has no dictionary of its own and keeps no table it does not need."""
    call = ScriptedSwitch().call()
    assert not hasattr(call, "__dict__")
    assert isinstance(call, Call)
    assert call.custom_variables() == {}
