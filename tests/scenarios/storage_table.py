"""Scenarios of the storage decision: every row of recording.storage_decision, and every way to a URL."""

from __future__ import annotations

from recording.outcome import EndedBy
from tests.scenarios.scenario import Place, Recorded, Scenario, Tenant
from tests.scenarios.steps import ANSWER, HANGUP, start, wait

ENDED = EndedBy.HANGUP


def _call(**data: object) -> tuple[tuple[str, dict[str, object]], ...]:
    return (ANSWER, start(**data), wait(0.7), HANGUP)  # type: ignore[return-value]


SCENARIOS = (
    Scenario(
        "a URL, by PUT",
        ("row.url", "url", "method"),
        _call(url="{http}"),
        (Recorded(ENDED, place=Place.HTTP, rule="url", name="call_recording_{call_id}.wav"),),
    ),
    Scenario(
        "a URL, by POST",
        ("row.url", "method"),
        _call(url="{http}", method="post"),
        (Recorded(ENDED, place=Place.HTTP, rule="url", sent="POST"),),
    ),
    Scenario(
        "a URL whose query names the file",
        ("row.url", "url"),
        _call(url="{http}?tenant=7&file="),
        (Recorded(ENDED, place=Place.HTTP, rule="url"),),
    ),
    Scenario(
        "two recordings of a call at one URL",
        ("row.url", "url"),
        (ANSWER, start(url="{http}"), start(url="{http}", format="wav"), wait(0.7), HANGUP),
        (Recorded(ENDED, place=Place.HTTP, rule="url"), Recorded(ENDED, place=Place.HTTP, rule="url")),
    ),
    Scenario(
        "a URL, in mp4",
        ("row.url", "format"),
        _call(url="{http}", format="mp4"),
        (Recorded(ENDED, place=Place.HTTP, rule="url", format="mp4"),),
    ),
    Scenario(
        "a URL goes before the store",
        ("row.url",),
        _call(url="{http}"),
        (Recorded(ENDED, place=Place.HTTP, rule="url"),),
        tenant=Tenant.KEEPS_NOTHING,
    ),
    Scenario(
        "a URL of an FTP server",
        ("row.url", "url"),
        _call(url="{ftp}"),
        (Recorded(ENDED, place=Place.FTP, rule="url"),),
    ),
    Scenario(
        "a URL of a scheme that nobody knows",
        ("row.unusable_url", "url"),
        _call(url="gopher://files.example.com/in"),
        (Recorded(ENDED, place=Place.DEAD, rule="unusable_url", why="url"),),
    ),
    Scenario(
        "a URL that is none",
        ("row.unusable_url", "url"),
        _call(url="http://"),
        (Recorded(ENDED, place=Place.DEAD, rule="unusable_url", why="url"),),
    ),
    Scenario(
        "an address that no document may reach",
        ("row.url", "url"),
        _call(url="http://169.254.169.254/latest"),
        (Recorded(ENDED, place=Place.DEAD, rule="url", why="169.254.169.254"),),
    ),
    Scenario(
        "a storage plan with a receiver",
        ("row.plan",),
        _call(),
        (Recorded(ENDED, place=Place.HTTP, rule="plan"),),
        tenant=Tenant.PLAN,
    ),
    Scenario(
        "a storage plan that cannot be used",
        ("row.unusable_plan",),
        _call(),
        (Recorded(ENDED, place=Place.DEAD, rule="unusable_plan", why="plan"),),
        tenant=Tenant.BAD_PLAN,
    ),
    Scenario(
        "a third party's CouchDB",
        ("row.third_party",),
        _call(),
        (Recorded(ENDED, place=Place.THIRD, rule="third_party"),),
        tenant=Tenant.THIRD_PARTY,
    ),
    Scenario(
        "the document store",
        ("row.local",),
        _call(),
        (Recorded(ENDED, place=Place.STORE, rule="local"),),
    ),
    Scenario(
        "nowhere",
        ("row.nowhere",),
        _call(),
        (Recorded(ENDED, place=Place.HERE, rule="nowhere"),),
        tenant=Tenant.KEEPS_NOTHING,
    ),
)

UNREACHABLE = {
    "row.no_account": "who has no account has no callflow either; tests/recording/test_storage_decision.py",
}
"""Rows that no callflow leads to, and where they are tested."""
