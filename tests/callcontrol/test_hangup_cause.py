"""FreeSWITCH's causes in the words of call.hangup, and who hung up."""

from __future__ import annotations

from typing import get_args

import pytest
from telnyx.types import call_hangup

from callcontrol.events import HangupSource
from callcontrol.hangup_cause import sip_code_of, source_of, word_of, word_of_cause
from callcontrol.snapshot import Snapshot
from calls.cause import HangupCause
from esl.event import Event


def over(cause: str, *, answered: bool = False, incoming: bool = False, **variables: str) -> Snapshot:
    """A leg that is over."""
    return Snapshot(
        Event.from_headers(
            {
                "Event-Name": "CHANNEL_HANGUP_COMPLETE",
                "Answer-State": "hangup",
                "Hangup-Cause": cause,
                "Call-Direction": "inbound" if incoming else "outbound",
                "Caller-Channel-Answered-Time": "1795879722000000" if answered else "0",
                **{f"variable_{name}": value for name, value in variables.items()},
            }
        )
    )


@pytest.mark.parametrize(
    ("snapshot", "word"),
    [
        (over("NORMAL_CLEARING", answered=True), "normal_clearing"),
        (over("NORMAL_CLEARING", sip_term_status="487"), "originator_cancel"),
        (over("NORMAL_CLEARING", incoming=True), "normal_clearing"),
        (over("ALLOTTED_TIMEOUT", answered=True), "time_limit"),
        (over("ALLOTTED_TIMEOUT"), "timeout"),
        (over("NO_ANSWER"), "timeout"),
        (over("NO_ANSWER", sip_term_status="480"), "no_answer"),
        (over("NO_ANSWER", incoming=True), "no_answer"),
        (over("NO_USER_RESPONSE"), "no_answer"),
        (over("USER_BUSY", sip_term_status="486"), "user_busy"),
        (over("CALL_REJECTED"), "call_rejected"),
        (over("UNALLOCATED_NUMBER"), "not_found"),
        (over("ORIGINATOR_CANCEL", incoming=True), "originator_cancel"),
        (over("LOSE_RACE"), "originator_cancel"),
        (over("SOMETHING_NEW"), "unspecified"),
        (over(""), "unspecified"),
    ],
)
def test_the_word_for_a_cause(snapshot: Snapshot, word: str) -> None:
    """By the cause, whether it was answered, whose timer it was."""
    assert word_of(snapshot) == word


@pytest.mark.parametrize("cause", list(HangupCause))
def test_every_cause_has_a_word_that_clients_know(cause: HangupCause) -> None:
    """The model's own list of them."""
    field = call_hangup.Payload.model_fields["hangup_cause"].annotation
    words = {word for part in get_args(field) for word in get_args(part)}
    assert word_of_cause(cause) in words


@pytest.mark.parametrize(
    ("disposition", "incoming", "source"),
    [
        ("recv_bye", True, HangupSource.CALLER),
        ("recv_cancel", True, HangupSource.CALLER),
        ("send_bye", True, HangupSource.CALLEE),
        ("send_refuse", True, HangupSource.CALLEE),
        ("recv_refuse", False, HangupSource.CALLEE),
        ("recv_bye", False, HangupSource.CALLEE),
        ("send_cancel", False, HangupSource.CALLER),
        ("", True, HangupSource.UNKNOWN),
        ("sideways", True, HangupSource.UNKNOWN),
    ],
)
def test_who_hung_up(disposition: str, incoming: bool, source: HangupSource) -> None:
    """By the message that ended it, and which side the leg's phone is."""
    snapshot = over("NORMAL_CLEARING", incoming=incoming, sip_hangup_disposition=disposition)
    assert source_of(snapshot) is source


@pytest.mark.parametrize(("status", "code"), [("486", "486"), ("", ""), ("48", ""), ("abc", "")])
def test_a_sip_response(status: str, code: str) -> None:
    """Three digits, or nothing."""
    assert sip_code_of(over("USER_BUSY", sip_term_status=status)) == code
