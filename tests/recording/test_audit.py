"""The audit: each line of its table, and the figure that comes of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recording import audit
from recording.audit import GAPS, GRACE_S, OVERTIME_S, Circumstances, Judged, Standing, judge
from storage import outbox_owner
from storage.destination import Media
from storage.outbox_delivery import Delivery, DeliveryState, StoredRecording
from storage.register_row import Entry, Expected, Fate, Forgotten, RegisterRow

NOW = 1_700_000_000.0
ID = "0123456789abcdef0123456789abcdef"
GONE = "elsewhere[1]:1:x"
ROW = RegisterRow(
    expected=Expected(ID, NOW - 1e5, owner=GONE, limit_s=60),
    noted_at=NOW - 1e5,
    fate=None,
    started_at=None,
    ended_by="",
    verdict="",
    reasons=(),
    duration_ms=0,
    size_bytes=0,
    path="",
    rule="",
    rule_reason="",
    settled_at=None,
)
STORED = StoredRecording(
    ID, f"202311-{ID}", "acc", Media(Path("/r/a.wav"), "audio/wav", 3, "", "a.wav"), {}, NOW, None, None
)
AROUND = Circumstances(frozenset(), NOW)
OWN = outbox_owner.this_process()


def delivery(state: DeliveryState, error: str = "") -> Delivery:
    """One delivery in a state."""
    return Delivery(
        1,
        ID,
        "",
        "acc",
        "a.wav",
        3,
        "/r/a.wav",
        "http",
        {},
        "http:a.test",
        state,
        1,
        NOW,
        None,
        error,
        "",
        "",
        None,
    )


def row(fate: Fate | None = None, **facts: object) -> Entry:
    """A recording the outbox does not have."""
    return Entry(replace(ROW, fate=fate, **facts))  # type: ignore[arg-type]


def taken(*states: DeliveryState, error: str = "") -> Entry:
    """A recording the outbox has."""
    deliveries = tuple(delivery(state, error) for state in states)
    return Entry(replace(ROW, fate=Fate.HANDED_OVER), STORED, deliveries)


def asked(age_s: float, owner: str = GONE, limit_s: int | None = 60) -> Entry:
    """A recording of which nothing but the request is known."""
    return row(expected=Expected(ID, NOW - age_s, owner=owner, limit_s=limit_s))


D, P, W, X = DeliveryState.DELIVERED, DeliveryState.PENDING, DeliveryState.DELIVERING, DeliveryState.DEAD

TABLE: list[tuple[Entry, Standing, str]] = [
    (taken(D), Standing.STORED, ""),
    (taken(D, D), Standing.STORED, ""),
    (taken(D, P), Standing.UNDER_WAY, ""),
    (taken(W), Standing.UNDER_WAY, ""),
    (taken(P, error="503"), Standing.UNDER_WAY, "http:a.test: 503"),
    (taken(D, X, P, error="404"), Standing.DEAD_LETTER, "http:a.test: 404"),
    (row(Fate.KEPT, rule="nowhere", rule_reason="no URL"), Standing.KEPT, "no URL"),
    (row(Fate.DISCARDED, ended_by="too_short"), Standing.DISCARDED, "too short"),
    (row(Fate.DISCARDED, ended_by="not_answered"), Standing.DISCARDED, "not answered"),
    (
        row(Fate.FAILED, ended_by="not_started", reasons=("no media", "hung up")),
        Standing.FAILED,
        "not started: no media; hung up",
    ),
    (row(Fate.FAILED, ended_by="write_error"), Standing.FAILED, "write error"),
    (row(Fate.DELETED, deleted_at=NOW, deleted_by="API token a1"), Standing.DELETED, "by API token a1"),
    (replace(taken(X), row=replace(ROW, fate=Fate.DELETED)), Standing.DELETED, ""),
    (row(Fate.HANDED_OVER), Standing.MISSING, "the outbox had it, and knows it no more"),
    (asked(1.0), Standing.LIVE, "it has only just been asked for"),
    (asked(GRACE_S + 1), Standing.MISSING, "it was asked for, and nobody knows what became of it"),
    (asked(GRACE_S + 1, OWN), Standing.LIVE, "its process lives; it has no manifest"),
    (asked(1e6, OWN, None), Standing.LIVE, "its process lives; it has no manifest"),
    (
        asked(61 + OVERTIME_S, OWN),
        Standing.MISSING,
        "it was asked for, and nobody knows what became of it",
    ),
    (asked(-5.0), Standing.LIVE, "it has only just been asked for"),
    (asked(-1e7), Standing.MISSING, "it was asked for, and nobody knows what became of it"),
]


@pytest.mark.parametrize(("entry", "standing", "cause"), TABLE)
def test_each_line_of_the_table(entry: Entry, standing: Standing, cause: str) -> None:
    """Standing and cause; nothing special around."""
    judged = judge(entry, AROUND)
    assert (judged.standing, judged.cause) == (standing, cause)


def test_every_standing_has_its_line() -> None:
    """But for those that only the world around tells."""
    assert {standing for _, standing, _ in TABLE} == set(Standing) - {Standing.ABSENT, Standing.DAMAGED}


def test_a_manifest_makes_it_live() -> None:
    """However long ago it was asked for; what is settled stays settled."""
    around = replace(AROUND, manifests=frozenset({ID}))
    assert judge(asked(1e7), around).standing is Standing.LIVE
    assert judge(row(Fate.FAILED), around).standing is Standing.FAILED


@pytest.mark.parametrize("state", [P, W, X])
def test_media_that_is_gone_before_delivery_is_a_gap(state: DeliveryState) -> None:
    """Whatever the delivery waits for; what has arrived may be gone here."""
    around = replace(AROUND, media_fault=lambda _: "its file is gone")
    assert judge(taken(state), around) == Judged(taken(state), Standing.DAMAGED, "its file is gone")
    assert judge(taken(D), around).standing is Standing.STORED


def test_a_copy_that_is_no_longer_there_is_a_gap() -> None:
    """When the destination was asked."""
    around = replace(AROUND, absent_from=lambda _: ("http:a.test", "local"))
    judged = judge(taken(D), around)
    assert (judged.standing, judged.cause) == (Standing.ABSENT, "no longer at http:a.test, local")
    assert judge(taken(P), around).standing is Standing.UNDER_WAY


def test_the_figure_is_what_is_stored_of_what_should_be() -> None:
    """Neither discarded nor live count; what was forgotten in good order does."""
    entries = [taken(D), taken(D), taken(P), asked(1e6), row(Fate.DISCARDED), asked(1.0), row(Fate.KEPT)]
    found = audit.run(entries, AROUND, Forgotten(stored=4, discarded=2))
    assert (found.asked_for, found.expected, found.gap_count) == (13, 9, 1)
    assert found.completeness == pytest.approx(6 / 9)
    assert [one.standing for one in found.gaps] == [Standing.MISSING]
    assert found.oldest_under_way_s == 1e5
    data = found.data()
    assert data["counts"]["stored"] == 6
    assert (data["gaps"], data["completeness"]) == (1, found.completeness)


def test_of_nothing_there_is_no_figure() -> None:
    """Neither complete nor incomplete."""
    assert audit.run([], AROUND, Forgotten()).completeness is None
    assert audit.run([row(Fate.DISCARDED)], AROUND, Forgotten()).completeness is None


def test_gaps_are_counted_beyond_those_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The list is bounded, the figure is not."""
    monkeypatch.setattr(audit, "MAX_LISTED", 2)
    found = audit.run([asked(1e6)] * 5, AROUND, Forgotten())
    assert (len(found.gaps), found.gap_count) == (2, 5)
    assert audit.gaps_by_cause(found) == {**dict.fromkeys(GAPS, 0), Standing.MISSING: 5}


def test_an_age_is_never_negative() -> None:
    """Whatever the clocks did."""
    assert judge(asked(-50.0), AROUND).age_s(NOW) == 0.0


@given(entries=st.lists(st.sampled_from([entry for entry, _, _ in TABLE])), stored=st.integers(0, 1000))
def test_the_figure_is_a_share(entries: list[Entry], stored: int) -> None:
    """From 0 to 1; 1 only without gaps; every recording counts once."""
    found = audit.run(entries, AROUND, Forgotten(stored=stored))
    assert found.asked_for == len(entries) + stored
    if found.completeness is not None:
        assert 0.0 <= found.completeness <= 1.0
        assert found.completeness < 1.0 or not found.gap_count
