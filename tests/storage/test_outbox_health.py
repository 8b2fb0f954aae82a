"""The circuits: the table of storage.outbox_health, walked."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.outbox_backoff import Backoff
from storage.outbox_health import LONGEST_ASKED_S, OPENS_AFTER, Finding, Health

A = "http:a.example"
B = "http:b.example"


def health(per_key: int = 2) -> Health:
    """Circuits whose pauses are 10, 20, 40 ... s exactly."""
    return Health(per_key, pause=Backoff(base_s=10.0, cap_s=300.0), chance=lambda: 1.0)


def attempt(circuits: Health, finding: Finding, now: float, asked_s: float = 0.0, key: str = A) -> bool:
    """One attempt, begun and ended at once."""
    circuits.started(key)
    return circuits.finished(key, finding, now, asked_s)


def fail(circuits: Health, times: int, now: float) -> None:
    """So many failures in a row."""
    for _ in range(times):
        attempt(circuits, Finding.FAILED, now)


def test_a_closed_circuit_lets_as_many_through_as_agreed() -> None:
    """One place never has all attempts."""
    circuits = health(per_key=2)
    circuits.started(A)
    assert circuits.avoid(0.0) == frozenset()
    circuits.started(A)
    assert circuits.avoid(0.0) == {A}
    circuits.finished(A, Finding.ANSWERED, 0.0)
    assert circuits.avoid(0.0) == frozenset()


def test_failures_in_a_row_open_it_and_others_are_not_touched() -> None:
    """The third one does, for the pause; another key goes on."""
    circuits = health()
    fail(circuits, OPENS_AFTER - 1, 0.0)
    assert circuits.avoid(0.0) == frozenset()
    fail(circuits, 1, 0.0)
    assert circuits.avoid(9.9) == {A}
    assert circuits.open_keys() == [A]
    assert circuits.reopens_at(9.9) == 10.0
    attempt(circuits, Finding.ANSWERED, 1.0, key=B)
    assert B not in circuits.avoid(1.0)


def test_an_answer_between_failures_starts_the_count_anew() -> None:
    """Now and then a failure is not an outage."""
    circuits = health()
    fail(circuits, OPENS_AFTER - 1, 0.0)
    assert not attempt(circuits, Finding.ANSWERED, 0.0)
    fail(circuits, OPENS_AFTER - 1, 0.0)
    assert circuits.open_keys() == []


def test_after_the_pause_there_is_one_probe() -> None:
    """Half open: one attempt, not a crowd."""
    circuits = health()
    fail(circuits, OPENS_AFTER, 0.0)
    assert circuits.avoid(10.0) == frozenset()
    circuits.started(A)
    assert circuits.avoid(10.0) == {A}


@pytest.mark.parametrize(("finding", "until"), [(Finding.FAILED, 30.0), (Finding.NOTHING, 10.0)])
def test_a_failed_probe_opens_it_for_longer(finding: Finding, until: float) -> None:
    """Pauses double; a probe that says nothing of the destination changes nothing."""
    circuits = health()
    fail(circuits, OPENS_AFTER, 0.0)
    assert not attempt(circuits, finding, 10.0)
    assert circuits.avoid(until - 0.1) == {A}
    assert circuits.avoid(until) == frozenset()


def test_a_good_probe_closes_it_and_says_so() -> None:
    """Whoever waits can be hastened."""
    circuits = health()
    fail(circuits, OPENS_AFTER, 0.0)
    assert attempt(circuits, Finding.ANSWERED, 10.0)
    assert circuits.open_keys() == []
    assert circuits.avoid(10.0) == frozenset()
    assert not attempt(circuits, Finding.ANSWERED, 10.0)


def test_failures_of_attempts_begun_before_do_not_lengthen_the_pause() -> None:
    """Those under way when the circuit opened fail for the same reason."""
    circuits = health(per_key=5)
    for _ in range(5):
        circuits.started(A)
    for _ in range(5):
        circuits.finished(A, Finding.FAILED, 0.0)
    assert circuits.avoid(10.0) == frozenset()


@pytest.mark.parametrize(("asked_s", "until"), [(100.0, 100.0), (1e9, LONGEST_ASKED_S)])
def test_who_asks_to_be_left_alone_is(asked_s: float, until: float) -> None:
    """A Retry-After holds for the whole destination, up to an hour."""
    circuits = health()
    attempt(circuits, Finding.FAILED, 0.0, asked_s=asked_s)
    assert circuits.avoid(until - 0.1) == {A}
    assert circuits.avoid(until) == frozenset()


@given(st.lists(st.tuples(st.sampled_from(list(Finding)), st.floats(0, 400), st.floats(0, 500)), max_size=40))
def test_no_history_leaves_a_key_closed_for_ever(history: list[tuple[Finding, float, float]]) -> None:
    """After any history an hour's wait allows a probe, and an answer forgets everything."""
    circuits = health()
    now = 0.0
    for finding, passed_s, asked_s in history:
        now += passed_s
        attempt(circuits, finding, now, asked_s)
    now += LONGEST_ASKED_S
    assert circuits.avoid(now) == frozenset()
    attempt(circuits, Finding.ANSWERED, now)
    assert circuits._circuits == {}
