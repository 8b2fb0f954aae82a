"""Answering, refusing and hanging up."""

from __future__ import annotations

import gevent
import pytest

from calls import signaling
from calls.cause import HangupCause
from tests.calls.scripted_switch import ScriptedSwitch, never


def test_answering_waits_for_the_answer() -> None:
    """When it returns, the call is answered."""
    switch = ScriptedSwitch()
    call = switch.call()
    signaling.answer(call)
    assert call.is_answered


def test_an_answered_call_is_not_answered_again() -> None:
    """Nor pre-answered: it costs a slot of 20 ms, and nobody gains by it."""
    switch = ScriptedSwitch(Answer_State="answered")
    call = switch.call()
    signaling.answer(call)
    signaling.pre_answer(call)
    call.execute("eval")
    assert switch.names == ["eval"]


def test_answering_without_waiting_leaves_at_once() -> None:
    """The next command follows in the same batch."""
    switch = ScriptedSwitch()
    switch.applications["answer"] = never
    call = switch.call()
    signaling.answer(call, wait=False)
    call.execute("eval")
    assert switch.names == ["answer", "eval"]


@pytest.mark.parametrize(
    ("code", "text", "argument", "cause"),
    [
        (486, "", "486", HangupCause.USER_BUSY),
        (404, "Not Found", "404 Not Found", HangupCause.UNALLOCATED_NUMBER),
        (503, "Go\r\nEvil: away", "503 Go Evil: away", HangupCause.NORMAL_TEMPORARY_FAILURE),
    ],
)
def test_an_unanswered_call_is_refused_by_its_status(
    code: int, text: str, argument: str, cause: HangupCause
) -> None:
    """The phrase cannot break out of the status line."""
    switch = ScriptedSwitch()
    call = switch.call()
    signaling.respond(call, code, text)
    assert switch.arguments("respond") == [argument]
    assert call.end is not None
    assert call.end.cause is cause


def test_a_refusal_may_carry_headers() -> None:
    """Of names that are none, nothing is made."""
    switch = ScriptedSwitch()
    call = switch.call()
    signaling.respond(call, 503, "", {"Retry-After": "5", "Bad Name": "x"})
    assert switch.arguments("set") == ["sip_ph_Retry-After=5"]


@pytest.mark.parametrize("code", [486, 200, 42])
def test_what_cannot_be_refused_is_hung_up(code: int) -> None:
    """After the answer a status means its cause; a number that refuses nothing ends the call all the same."""
    switch = ScriptedSwitch(Answer_State="answered" if code == 486 else "ringing")
    call = switch.call()
    signaling.respond(call, code)
    assert switch.names == ["hangup"]
    assert call.is_ended


def test_a_channel_that_knows_no_response_is_hung_up() -> None:
    """A loopback channel takes no notice of `respond`."""
    switch = ScriptedSwitch()
    switch.applications["respond"] = lambda _switch, _arg: {}
    call = switch.call()
    signaling.respond(call, 486)
    assert call.end is not None
    assert call.end.cause is HangupCause.USER_BUSY


def test_hanging_up_sees_the_call_end() -> None:
    """With the cause asked for."""
    switch = ScriptedSwitch()
    call = switch.call()
    signaling.hangup(call, HangupCause.NO_ANSWER)
    assert call.end is not None
    assert call.end.raw_cause == "NO_ANSWER"


def test_hanging_up_what_is_gone_is_nothing() -> None:
    """No error for getting what was wanted."""
    switch = ScriptedSwitch()
    call = switch.call()
    switch.hang_up()
    assert call.wait_ended(5)
    signaling.hangup(call)
    signaling.respond(call, 486)
    assert switch.names == []


def test_a_stuck_channel_is_killed_past_its_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    """A channel that takes no commands up is still reached by the api."""
    monkeypatch.setattr(signaling, "HANGUP_TIMEOUT_S", 0.05)
    switch = ScriptedSwitch()
    switch.applications["hangup"] = never
    call = switch.call()
    signaling.hangup(call, HangupCause.USER_BUSY)
    assert call.end is not None
    assert call.end.raw_cause == "USER_BUSY"
    assert switch.lines[-1] == f"api uuid_kill {call.uuid} USER_BUSY"


def test_a_caller_who_hangs_up_while_it_is_answered_is_no_error_of_hangup() -> None:
    """Both ends may hang up at the same moment."""
    switch = ScriptedSwitch()
    call = switch.call()
    gevent.spawn(switch.hang_up, "ORIGINATOR_CANCEL")
    signaling.hangup(call)
    assert call.is_ended
