"""The tables of hangup causes."""

from __future__ import annotations

import pytest

from calls.cause import FACTS, FROM_SIP, HangupCause, Termination


def test_every_cause_has_its_facts() -> None:
    """The table is complete."""
    assert set(FACTS) == set(HangupCause)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("USER_BUSY", HangupCause.USER_BUSY),
        ("user_busy", HangupCause.UNKNOWN),
        ("NEW_IN_1_11", HangupCause.UNKNOWN),
        ("", HangupCause.NONE),
        (None, HangupCause.NONE),
    ],
)
def test_any_text_is_some_cause(text: str | None, expected: HangupCause) -> None:
    """A later FreeSWITCH may have causes this list does not."""
    assert HangupCause.of(text) is expected


@pytest.mark.parametrize(
    ("cause", "q850", "sip", "verdict"),
    [
        (HangupCause.NORMAL_CLEARING, 16, 480, Termination.SUCCESS),
        (HangupCause.USER_BUSY, 17, 486, Termination.CALLER),
        (HangupCause.NO_ANSWER, 19, 480, Termination.CALLER),
        (HangupCause.CALL_REJECTED, 21, 603, Termination.CALLER),
        (HangupCause.UNALLOCATED_NUMBER, 1, 404, Termination.CALLER),
        (HangupCause.ORIGINATOR_CANCEL, 487, 487, Termination.CALLER),
        (HangupCause.NORMAL_CIRCUIT_CONGESTION, 34, 503, Termination.UPSTREAM),
        (HangupCause.RECOVERY_ON_TIMER_EXPIRE, 102, 504, Termination.UPSTREAM),
        (HangupCause.DESTINATION_OUT_OF_ORDER, 27, 502, Termination.OURS),
        (HangupCause.SYSTEM_SHUTDOWN, 701, 480, Termination.OURS),
        (HangupCause.NORMAL_UNSPECIFIED, 31, 480, Termination.INDETERMINATE),
        (HangupCause.NONE, 0, 480, Termination.INDETERMINATE),
    ],
)
def test_a_cause_knows_its_codes_and_its_verdict(
    cause: HangupCause, q850: int, sip: int, verdict: Termination
) -> None:
    """Numbers as FreeSWITCH has them; the verdict is ours."""
    assert (cause.q850, cause.sip_code, cause.verdict) == (q850, sip, verdict)


@pytest.mark.parametrize(
    ("code", "cause"),
    [
        (486, HangupCause.USER_BUSY),
        (404, HangupCause.UNALLOCATED_NUMBER),
        (603, HangupCause.CALL_REJECTED),
        (503, HangupCause.NORMAL_TEMPORARY_FAILURE),
        (799, HangupCause.NORMAL_UNSPECIFIED),
    ],
)
def test_a_sip_status_becomes_the_cause_freeswitch_gives_it(code: int, cause: HangupCause) -> None:
    """An unknown status is an unspecified cause."""
    assert HangupCause.of_sip(code) is cause


def test_all_causes_of_sip_statuses_are_causes_of_freeswitch() -> None:
    """The way back never ends at our own UNKNOWN."""
    assert HangupCause.UNKNOWN not in FROM_SIP.values()
