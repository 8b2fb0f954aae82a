"""What media of documents and prompts come to (reference section 0.4)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callflows.media import Audience, Speech, language_keys, reference_fault
from callflows.prompt_text import STOCK_PROMPTS
from storage.names import account_db
from tests.callflows.kit import ACCOUNT, House

RESELLER = "b" * 32


def audience(language: str = "fr-ca", *, http_cache: bool = False) -> Audience:
    """Somebody of the account."""
    return Audience(ACCOUNT, language, "en-us", http_cache)


def media_document(doc_id: str, *, prompt: tuple[str, str] | None = None, **fields: Any) -> dict[str, Any]:
    """A media document; its attachment is added by the test."""
    document: dict[str, Any] = {"_id": doc_id, "pvt_type": "media", **fields}
    if prompt is not None:
        document["prompt_id"], document["language"] = prompt
    return document


def add(
    house: House, document: dict[str, Any], database: str = account_db(ACCOUNT), sound: bytes = b"RIFF"
) -> None:
    """Save a media document with one attachment."""
    import io

    house.save(document, database)
    house.store.put_attachment(database, document["_id"], "a.wav", "audio/wav", io.BytesIO(sound), len(sound))


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("", []),
        ("tone_stream://%(500,0,440)", ["tone_stream://%(500,0,440)"]),
        ("silence_stream://500", ["silence_stream://500"]),
        ("local_stream://moh", ["local_stream://moh"]),
        ("https://example.com/a.wav", ["https://example.com/a.wav"]),
        ("HTTP://example.com/a.wav", ["HTTP://example.com/a.wav"]),
        ("/sounds/a.wav", ["/sounds/a.wav"]),
        ("custom/a.wav", ["custom/a.wav"]),
        ("welcome", ["/media/welcome/a.wav"]),
        (f"/{ACCOUNT}/welcome", ["/media/welcome/a.wav"]),
        ("/system_media/en-us/menu-exit", ["/media/en-us/menu-exit/a.wav"]),
        ("system_media/en-us/menu-exit", ["/media/en-us/menu-exit/a.wav"]),
        ("nowhere", []),
        ("spoken", [Speech("Welcome!", "female", "en-us")]),
        ("empty", []),
        (f"/{RESELLER}/theirs", [f"/{RESELLER}/theirs"]),
        ("shell_stream:///bin/sh -c reboot", []),
        ("file_string://a!b", []),
        ("{timeout=1}/a.wav", []),
        ("../../etc/passwd", []),
        ("sounds/../../x", []),
        ("a\nb", []),
        ("x/" * 2000, []),
    ],
)
def test_a_reference_is_what_the_rules_say(house: House, reference: str, expected: list[Any]) -> None:
    """Streams and paths as they are, documents by their attachment, nothing that could run a program."""
    add(house, media_document("welcome"))
    add(house, media_document("en-us/menu-exit"), "system_media")
    add(house, media_document("theirs"), account_db(RESELLER))
    house.save(media_document("spoken", tts={"text": "Welcome!", "voice": "female"}, language="en-us"))
    house.save(media_document("empty", tts={"text": " "}))
    assert house.facilities.media.resolve(reference, audience()) == expected


def test_what_is_fetched_goes_through_the_cache_if_configured(house: House) -> None:
    """FreeSWITCH then fetches it once."""
    resolved = house.facilities.media.resolve("http://example.com/a.wav?v=1.2", audience(http_cache=True))
    assert resolved == ["http_cache://http://example.com/a.wav?v=1.2#.wav"]


@pytest.mark.parametrize(
    ("where", "language", "found"),
    [
        ({"own": "fr-ca"}, "fr-ca", "own"),
        ({"own": "fr"}, "fr-ca", "own"),
        ({"own": "fr", "own2": "fr-ca"}, "FR-CA", "own2"),
        ({"own": "en-us"}, "fr-ca", ""),
        ({"reseller": "fr-ca", "system": "fr-ca"}, "fr-ca", "reseller"),
        ({"reseller": "en-us", "system": "fr"}, "fr-ca", "system"),
        ({"system": "en-us"}, "fr-ca", "system"),
        ({"system": "de-de"}, "fr-ca", ""),
    ],
)
def test_prompts_are_looked_for_near_before_far(
    house: House, where: dict[str, str], language: str, found: str
) -> None:
    """Account, reseller, system; the language, then without its region; the default in the system's only."""
    house.save({"_id": ACCOUNT, "pvt_type": "account", "pvt_reseller_id": RESELLER}, "accounts")
    for doc_id, its_language in where.items():
        database = {"reseller": account_db(RESELLER), "system": "system_media"}.get(
            doc_id, account_db(ACCOUNT)
        )
        add(house, media_document(doc_id, prompt=("menu-exit", its_language)), database)
    candidates = house.facilities.media.prompt("menu-exit", audience(language))
    assert candidates[0] == (f"/media/{found}/a.wav" if found else Speech("You are leaving the menu."))


def test_a_prompt_nobody_recorded_has_stand_ins(house: House) -> None:
    """FreeSWITCH's own sound, then its text spoken."""
    stock = STOCK_PROMPTS["vm-goodbye"]
    assert house.facilities.media.prompt("vm-goodbye", audience()) == [stock.sound, Speech(stock.text)]
    assert house.facilities.media.prompt("never-heard-of", audience()) == []


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("prompt://system_media/menu-exit/en-us", "/media/english/a.wav"),
        ("prompt://system_media/menu-exit", "/media/french/a.wav"),
        ("prompt://menu-exit", None),
        ("prompt://x/", None),
    ],
)
def test_a_prompt_may_be_referred_to(house: House, reference: str, expected: str | None) -> None:
    """With its language, or in the call's."""
    add(house, media_document("english", prompt=("menu-exit", "en-us")), "system_media")
    add(house, media_document("french", prompt=("menu-exit", "fr")), "system_media")
    resolved = house.facilities.media.resolve(reference, audience("fr"))
    assert (resolved[0] if resolved else None) == expected


@pytest.mark.parametrize(
    ("language", "keys"),
    [("en-us", ["en-us", "en"]), ("EN", ["en"]), ("fr_CA", ["fr_ca", "fr"]), ("", [])],
)
def test_a_language_falls_back_to_itself_without_region(language: str, keys: list[str]) -> None:
    """In lower case, as the view has them."""
    assert language_keys(language) == keys


@given(st.text(max_size=60))
def test_any_reference_is_playable_or_faulty(reference: str) -> None:
    """Nothing that passes can break out of a command or run another program."""
    fault = reference_fault(reference)
    if not fault:
        assert "\n" not in reference
        assert not reference.lower().startswith(("shell", "file_string://", "{", "[", "%["))
    else:
        assert fault[0] != " "
