"""What can be played, as it is written."""

from __future__ import annotations

import json
import re
from importlib import resources

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swml.playable import Quiet, Ringing, Sound, Words, read


@pytest.mark.parametrize(
    ("written", "playable"),
    [
        ("say:Hello", Words("Hello")),
        ("say: Hello ", Words("Hello")),
        ("say:", Words("")),
        ("say:http://x", Words("http://x")),
        ("silence:1.5", Quiet(1500)),
        ("silence: 3.0", Quiet(3000)),
        ("silence:.25", Quiet(250)),
        ("ring:us", Ringing("us")),
        ("ring: IT", Ringing("it")),
        ("ring:10.0:us", Ringing("us", 10_000)),
        ("ring: 3.2: uk", Ringing("uk", 3200)),
        ("ring:us-old", Ringing("us-old")),
        ("https://u:p@host/a.mp3?b=c", Sound("https://u:p@host/a.mp3?b=c")),
    ],
)
def test_what_is_published_is_read(written: str, playable: object) -> None:
    """A blank after colons is nothing."""
    assert read(written) == playable


@given(st.text(max_size=80) | st.from_regex(r"(say|silence|ring|https?): ?[^\n]{0,20}", fullmatch=True))
def test_whatever_is_written_is_playable_or_refused(written: str) -> None:
    """Nothing else is raised, and no length is endless."""
    try:
        playable = read(written)
    except ValueError:
        return
    if isinstance(playable, Quiet | Ringing) and playable.duration_ms is not None:
        assert 0 <= playable.duration_ms <= 86_400_000


def _published_pattern() -> str:
    text = resources.files("signalwire_agents").joinpath("schema.json").read_text()
    return str(json.loads(text)["$defs"]["play_url"]["pattern"])


def test_what_is_read_is_what_the_published_schema_takes() -> None:
    """But for `us-old`, which the schema forgot and the pages have."""
    pytest.importorskip("signalwire_agents")
    pattern = re.compile(_published_pattern())
    for written in (
        "say: x",
        "silence:1",
        "silence: 1.5",
        "ring:us",
        "ring: 2: de",
        "https://h/x",
        "http://h/",
    ):
        assert pattern.search(written)
        read(written)
    for written in ("", "file.wav", "SAY:x", "silence:x", "ring:usa", "ftp://h/x"):
        assert not pattern.search(written)
        with pytest.raises(ValueError, match=r"must|known"):
            read(written)
