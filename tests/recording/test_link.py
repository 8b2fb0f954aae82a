"""Links: who may make them, what they are good for, and for how long."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import parse_qsl, unquote_plus, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recording.link import Grant, Links, Verdict, read_grant
from recording.link_origin import Origin
from recording.request import AudioFormat
from tests.storage.outbox_parts import Clock

ID = "0123456789abcdef0123456789abcdef"
DAY_S = 86400.0
SECRET = "a secret of this host"
PUBLIC = "https://calls.example.com/phone"


class NoFiles:
    """A shelf that is asked and has nothing."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def playable(self, recording_id: str, timeout_s: float) -> Path | None:
        """Nothing."""
        del timeout_s
        self.asked.append(recording_id)
        return None


def links(
    clock: Clock | None = None, secret: str = SECRET, public_url: str = PUBLIC, files: NoFiles | None = None
) -> Links:
    """Links of a host that listens on loopback."""
    origin = Origin(public_url, lambda: ("127.0.0.1", 8080))
    return Links(secret, origin, files or NoFiles(), lifetime_s=DAY_S, clock=clock or Clock())


def test_a_link_names_its_recording_until_it_expires() -> None:
    """From the moment it is made, and not a second longer than it says."""
    clock = Clock()
    mine = links(clock)
    url = mine.url(ID, "mp3")
    pattern = rf"{re.escape(PUBLIC)}/recordings/{ID}\.mp3\?expires=[0-9]+&signature=[0-9a-f]{{64}}\Z"
    assert re.match(pattern, url)
    assert mine.recording_of(url) == ID
    clock.pass_s(DAY_S - 1)
    assert mine.recording_of(url) == ID
    clock.pass_s(1)
    assert mine.recording_of(url) == ""


def test_a_link_may_have_an_end_of_its_own() -> None:
    """Shorter or longer than usual."""
    clock = Clock()
    mine = links(clock)
    short, long = mine.url(ID, "wav", 600), mine.url(ID, "wav", 10 * DAY_S)
    clock.pass_s(2 * DAY_S)
    assert (mine.recording_of(short), mine.recording_of(long)) == ("", ID)


def test_whoever_has_the_secret_honours_it_and_nobody_else() -> None:
    """Processes of a host, and hosts that share it; another secret makes other links."""
    url = links().url(ID, "wav")
    assert links().recording_of(url) == ID
    assert links(secret="another secret").recording_of(url) == ""


@pytest.mark.parametrize(
    ("old", "new"),
    [(ID, "f" * 32), (".mp3", ".wav"), ("expires=1", "expires=2"), ("signature=", "signature=0")],
)
def test_a_link_that_was_changed_is_none(old: str, new: str) -> None:
    """The recording, the format, the end, the signature."""
    mine = links()
    url = mine.url(ID, "mp3")
    assert old in url
    assert mine.recording_of(url.replace(old, new, 1)) == ""


@pytest.mark.parametrize(
    "spelling",
    [
        "https://CALLS.example.com/phone",
        "https://calls.example.com:443/phone",
        "http://127.0.0.1:8080",
        "http://localhost:8080",
        "http://[::1]:8080",
    ],
)
def test_other_spellings_of_our_address_are_ours(spelling: str) -> None:
    """What a proxy has in front, and what is listened on."""
    mine = links()
    assert mine.recording_of(mine.url(ID, "mp3").replace(PUBLIC, spelling)) == ID


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://calls.example.org/phone",
        "https://calls.example.com",
        "https://calls.example.com/phone/../phone",
        "https://calls.example.com:8443/phone",
        "http://calls.example.com/phone",
        "https://user@calls.example.com/phone",
        "http://127.0.0.1:8081",
        "ftp://127.0.0.1:8080",
        "//127.0.0.1:8080",
        "",
    ],
)
def test_addresses_of_others_are_not_ours(elsewhere: str) -> None:
    """Such a URL is fetched as any other, if at all."""
    mine = links()
    assert mine.recording_of(mine.url(ID, "mp3").replace(PUBLIC, elsewhere)) == ""


@pytest.mark.parametrize("recording_id", ["", "..", ID.upper(), ID + "0", f"../{ID}", f"{ID}\n"])
def test_only_ids_of_ours_have_links_and_files(recording_id: str) -> None:
    """Nothing from outside becomes a part of a path."""
    files = NoFiles()
    with pytest.raises(ValueError, match="32 hex digits"):
        links().url(recording_id, "mp3")
    assert links(files=files).path_of(recording_id, 1.0) is None
    assert files.asked == []


def test_only_formats_we_make_have_links() -> None:
    """Anything else is a bug of whoever asks."""
    with pytest.raises(ValueError, match="exe"):
        links().url(ID, "exe")


def test_a_file_is_asked_for_by_its_id() -> None:
    """Where it is found is the shelf's affair."""
    files = NoFiles()
    links(files=files).path_of(ID, 1.0)
    assert files.asked == [ID]


def test_a_forged_link_is_not_said_to_have_expired() -> None:
    """Only who was given one learns that it was good."""
    clock = Clock()
    mine = links(clock)
    url = urlsplit(mine.url(ID, "mp3"))
    expires, signature = (each.partition("=")[2] for each in url.query.split("&"))
    grant = read_grant(f"{ID}.mp3", {"expires": expires, "signature": signature})
    assert grant is not None
    clock.pass_s(2 * DAY_S)
    assert mine.judge(grant) is Verdict.EXPIRED
    assert mine.judge(Grant(ID, AudioFormat.MP3, 1, "0" * 64)) is Verdict.FORGED


@given(st.text(max_size=300))
def test_no_text_is_taken_for_a_link(url: str) -> None:
    """And none breaks the reading of it."""
    assert links().recording_of(url) == ""


@given(st.data(), st.integers(0, 400), st.characters(), st.sampled_from(["", "account/demo-202611/202611-x"]))
def test_a_link_with_any_one_character_changed_is_none(
    data: st.DataObject, at: int, new: str, place: str
) -> None:
    """Behind the host, every character counts."""
    mine = links()
    url = mine.url(ID, "mp3", place=place, asked_by="token" if place else "")
    start = len(PUBLIC)
    position = start + at % (len(url) - start)
    changed = url[:position] + new + url[position + 1 :]
    if data.draw(st.booleans()):
        changed += new
    if changed != url and not _says_the_same(changed, url):
        assert mine.recording_of(changed) == ""


def _says_the_same(one: str, other: str) -> bool:
    """Whether two URLs differ in how a character is written alone (`%2f` and `%2F`)."""
    return unquote_plus(one) == unquote_plus(other)


def test_a_link_says_where_its_recording_is_kept_and_who_was_given_it() -> None:
    """Signed with the rest: another place, or another's name, makes it none of ours."""
    mine = links()
    place = "account/ab/cd/ef0123456789abcdef0123456789-202611/202611-x y&z"
    url = mine.url(ID, "wav", place=place, asked_by="a1b2")
    arguments = dict(parse_qsl(urlsplit(url).query))
    grant = read_grant(f"{ID}.wav", arguments)
    assert grant is not None
    assert (grant.place, grant.asked_by, mine.judge(grant)) == (place, "a1b2", Verdict.GOOD)
    for name, other in (("of", "account/other-202611/202611-x"), ("for", "b"), ("of", ""), ("for", "")):
        forged = read_grant(f"{ID}.wav", {**arguments, name: other})
        assert forged is not None
        assert mine.judge(forged) is Verdict.FORGED
    assert read_grant(f"{ID}.wav", {**arguments, "of": "a\nb"}) is None
    with pytest.raises(ValueError, match="such a name"):
        mine.url(ID, "wav", place="a\nb")


@given(st.text(max_size=60), st.text(max_size=20), st.text(max_size=80))
def test_no_arguments_break_the_reading(file: str, expires: str, signature: str) -> None:
    """What is read has the form of ours."""
    grant = read_grant(file, {"expires": expires, "signature": signature})
    assert grant is None or f"{grant.recording_id}.{grant.format.value}" == file


@given(
    st.text("0123456789abcdef", min_size=32, max_size=32),
    st.sampled_from([each.value for each in AudioFormat]),
    st.floats(1, 1e9),
)
def test_what_was_made_is_read_back(recording_id: str, extension: str, lifetime_s: float) -> None:
    """Whatever the recording, the format and the end."""
    mine = links()
    assert mine.recording_of(mine.url(recording_id, extension, lifetime_s)) == recording_id
